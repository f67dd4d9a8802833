/** The dialog before an action on tasks: asks the server what would be touched, shows exactly that, and has that done. */
import { patchEntries, setHidden, setText } from "./cells.js";
import { count, counted } from "./format.js";
import { postJson } from "./http.js";
import { notify } from "./notices.js";
import { patchPreview } from "./purge.js";

const WORDS = {
  cancel: { title: "Cancel tasks", button: "Cancel", done: "canceled", nothing: "Nothing to cancel: all of them have ended." },
  purge: { title: "Purge records", button: "Remove", done: "removed", nothing: "Nothing to remove: none of them has ended." },
};

export class PlanDialog {
  #page;
  #dialog = document.querySelector("[data-plan]");
  #action;
  #preview;
  #onToggle;
  #onDone = () => {};

  /** `onToggle(isOpen)` is called as the dialog opens and closes. */
  constructor(page, onToggle) {
    this.#page = page;
    this.#onToggle = onToggle;
    this.#dialog.addEventListener("close", () => onToggle(false));
    this.#dialog.querySelector('[data-action="close-plan"]').addEventListener("click", () => this.#dialog.close());
    this.#dialog.querySelector('[data-action="do-plan"]').addEventListener("click", () => this.#do());
  }

  /** Asks what an action would touch: `wish` is `{ ids }` or `{ q, status }`. */
  ask(action, wish) {
    return postJson(this.#page.plans, { action, ...wish });
  }

  /** Shows what an action would touch; `onDone()` is called once it is done. */
  async open(action, wish, onDone = () => {}) {
    try {
      this.show(action, await this.ask(action, wish), onDone);
    } catch (refusal) {
      notify(refusal.message, { problem: true });
    }
  }

  show(action, plan, onDone = () => {}) {
    if (this.#dialog.open) return;
    const words = WORDS[action];
    [this.#action, this.#preview, this.#onDone] = [action, plan.preview, onDone];
    const touched = plan.count + plan.dependants;
    setText(this.#part("title"), words.title);
    setText(this.#part("count"), plan.count === 0 ? words.nothing : sentence(action, plan));
    setText(this.#part("button"), `${words.button} ${counted(touched, action === "cancel" ? "task" : "record")}`);
    const button = this.#dialog.querySelector('[data-action="do-plan"]');
    button.disabled = false;
    setHidden(button, plan.count === 0);
    setText(this.#part("close"), plan.count === 0 ? "Close" : "Keep them");
    const tasks = plan.tasks.map((task, index) => ({ ...task, isBehind: index >= plan.count }));
    patchEntries(this.#part("list"), "preview", tasks, patchPreview);
    setHidden(this.#part("list"), touched === 0);
    setText(this.#part("more"), touched > tasks.length ? `… and ${count(touched - tasks.length)} more.` : "");
    this.#complain("");
    this.#onToggle(true);
    this.#dialog.showModal();
  }

  async #do() {
    const address = this.#action === "cancel" ? this.#page.cancellations : this.#page.purges;
    const button = this.#dialog.querySelector('[data-action="do-plan"]');
    button.disabled = true;
    try {
      const { canceled, removed } = await postJson(address, { preview: this.#preview });
      this.#dialog.close();
      const what = counted(canceled ?? removed, this.#action === "cancel" ? "task" : "record");
      notify(`${what} ${WORDS[this.#action].done}.`);
      this.#onDone();
    } catch (refusal) {
      this.#complain(refusal.message);
    }
  }

  #complain(words) {
    setText(this.#part("problem"), words);
    setHidden(this.#part("problem"), words === "");
  }

  #part(name) {
    return this.#dialog.querySelector(`[data-plan-${name}]`);
  }
}

/** "Cancels 1, and 14 that wait for it. 2 have ended and stay as they are." */
function sentence(action, { count: number, dependants, left }) {
  const verb = action === "cancel" ? "Cancels" : "Removes the records of";
  const behind = dependants ? `, and ${count(dependants)} that ${dependants === 1 ? "waits" : "wait"} for ${number === 1 ? "it" : "them"}` : "";
  const state = action === "cancel" ? "already ended" : "not ended";
  const rest = left ? ` ${count(left)} ${left === 1 ? "has" : "have"} ${state} and ${left === 1 ? "stays" : "stay"} as ${left === 1 ? "it is" : "they are"}.` : "";
  return `${verb} ${count(number)}${behind}.${rest}`;
}
