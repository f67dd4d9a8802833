/** The dialog before an action on tasks: asks the server what would be touched, shows exactly that, and has that done. */
import { patchEntries, setHidden, setText } from "./cells.js";
import { count, counted } from "./format.js";
import { postJson } from "./http.js";
import { notify } from "./notices.js";
import { patchPreview } from "./purge.js";

/** `at`: where in `page` the address is that it is done at; `answer`: how many it was done to. */
const WORDS = {
  cancel: {
    title: "Cancel tasks",
    button: (many) => `Cancel ${counted(many, "task")}`,
    keep: "Keep them",
    behind: "waits for it",
    nothing: "Nothing to cancel.",
    at: "cancellations",
    said: ({ canceled }) => `${counted(canceled, "task")} canceled.`,
  },
  purge: {
    title: "Purge records",
    button: (many) => `Remove ${counted(many, "record")}`,
    keep: "Keep them",
    nothing: "Nothing to remove.",
    at: "purges",
    said: ({ removed }) => `${counted(removed, "record")} removed.`,
  },
  run: {
    title: "Run tasks again",
    button: (many) => `Run ${counted(many, "task")} again`,
    keep: "Leave them",
    behind: "comes along",
    nothing: "Nothing to run again.",
    at: "reruns",
    said: ({ ids }) => `${counted(ids.length, "task")} added to run again.`,
  },
};

export class PlanDialog {
  #page;
  #dialog = document.querySelector("[data-plan]");
  #button = this.#dialog.querySelector('[data-action="do-plan"]');
  #withBehind = this.#part("behind").control;
  #action;
  #wish;
  #preview;
  #onToggle;
  #onDone;

  /** `onToggle(isOpen)` is called as the dialog opens and closes. */
  constructor(page, onToggle) {
    this.#page = page;
    this.#onToggle = onToggle;
    this.#dialog.addEventListener("close", () => onToggle(false));
    this.#dialog.querySelector('[data-action="close-plan"]').addEventListener("click", () => this.#dialog.close());
    this.#button.addEventListener("click", () => this.#do());
    this.#withBehind.addEventListener("change", () => this.#askAnew());
  }

  /** Asks what an action would touch: `wish` is `{ ids }` or `{ q, status }`, and for running again `failed_dependants`. */
  ask(action, wish) {
    return postJson(this.#page.plans, { action, ...(action === "run" && { failed_dependants: true }), ...wish });
  }

  /** Shows what an action would touch; `onDone(answer)` is called once it is done. */
  async open(action, wish, onDone = () => {}) {
    try {
      this.show(action, wish, await this.ask(action, wish), onDone);
    } catch (refusal) {
      notify(refusal.message, { problem: true });
    }
  }

  show(action, wish, plan, onDone = () => {}) {
    if (this.#dialog.open) return;
    [this.#action, this.#wish, this.#onDone] = [action, wish, onDone];
    setText(this.#part("title"), WORDS[action].title);
    this.#button.classList.toggle("danger", action !== "run");
    this.#withBehind.checked = true;
    setHidden(this.#part("behind"), action !== "run" || plan.dependants === 0);
    this.#put(plan);
    this.#onToggle(true);
    this.#dialog.showModal();
  }

  #put(plan) {
    const words = WORDS[this.#action];
    const touched = plan.count + plan.dependants;
    this.#preview = plan.preview;
    setText(this.#part("count"), sentence(this.#action, plan));
    setText(this.#part("button"), words.button(touched));
    this.#button.disabled = false;
    setHidden(this.#button, plan.count === 0);
    setText(this.#part("close"), plan.count === 0 ? "Close" : words.keep);
    const tasks = plan.tasks.map((task, index) => ({ ...task, behind: index < plan.count ? "" : words.behind }));
    patchEntries(this.#part("list"), "preview", tasks, patchPreview);
    setHidden(this.#part("list"), touched === 0);
    setText(this.#part("more"), touched > tasks.length ? `… and ${count(touched - tasks.length)} more.` : "");
    this.#complain("");
  }

  /** After a change of what goes along; while it is asked, nothing can be done. */
  async #askAnew() {
    const isWith = this.#withBehind.checked;
    this.#button.disabled = true;
    try {
      const plan = await this.ask(this.#action, { ...this.#wish, failed_dependants: isWith });
      if (this.#withBehind.checked === isWith) this.#put(plan);
    } catch (refusal) {
      this.#complain(refusal.message);
    }
  }

  async #do() {
    const { at, said } = WORDS[this.#action];
    this.#button.disabled = true;
    try {
      const answer = await postJson(this.#page[at], { preview: this.#preview });
      this.#dialog.close();
      notify(said(answer));
      this.#onDone(answer);
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

/** "Cancels 1, and 14 that wait for it. Left as they are: 2 already ended." */
function sentence(action, { count: number, dependants, left, left_because: because }) {
  const reasons = Object.entries(because).map(([why, many]) => `${count(many)} ${why}`);
  const rest = left ? ` Left as ${left === 1 ? "it is" : "they are"}: ${reasons.join(", ")}.` : "";
  return (number ? `${does(action, number)}${goesAlong(action, number, dependants)}.` : WORDS[action].nothing) + rest;
}

function does(action, number) {
  return { cancel: `Cancels ${count(number)}`, purge: `Removes the records of ${count(number)}`, run: `Runs ${count(number)} again` }[action];
}

function goesAlong(action, number, dependants) {
  if (!dependants) return "";
  const [it, isOne] = [number === 1 ? "it" : "them", dependants === 1];
  const how = action === "run" ? `${isOne ? "was" : "were"} canceled because of` : `${isOne ? "waits" : "wait"} for`;
  return `, and ${count(dependants)} that ${how} ${it}`;
}
