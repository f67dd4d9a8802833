/** The purge dialog: asks the server what would go, shows exactly that, and has exactly that removed. */
import { patchEntries, setAttribute, setHidden, setText } from "./cells.js";
import { count, counted } from "./format.js";
import { postJson } from "./http.js";
import { notify } from "./notices.js";
import { STATUS_WORDS } from "./status.js";

const TYPING_MS = 200;

export class PurgeDialog {
  #address;
  #dialog = document.querySelector("[data-purge]");
  #form = document.querySelector("[data-purge-form]");
  #button = this.#dialog.querySelector('[data-action="purge"]');
  #preview = null; // the token of what is shown
  #question = 0; // the number of the newest request: answers to older ones are out of date
  #timer = null;

  /** `onToggle(isOpen)` is called as the dialog opens and closes. */
  constructor(address, onToggle) {
    this.#address = address;
    this.#form.addEventListener("input", () => this.#askSoon());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#purge();
    });
    this.#button.addEventListener("click", () => this.#purge());
    this.#dialog.querySelector('[data-action="close-purge"]').addEventListener("click", () => this.#dialog.close());
    this.#dialog.addEventListener("close", () => onToggle(false));
    const opener = document.querySelector('[data-action="open-purge"]');
    opener.addEventListener("click", () => {
      onToggle(true);
      this.#dialog.showModal();
      this.#ask();
    });
    opener.hidden = false;
  }

  #askSoon() {
    this.#forget();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#ask(), TYPING_MS);
  }

  #forget() {
    this.#question += 1;
    this.#preview = null;
    this.#button.disabled = true;
  }

  /** Asks what would go, and shows it. */
  async #ask() {
    this.#forget();
    this.#complain("");
    const wish = this.#wish();
    if (wish === null) return;
    const question = this.#question;
    try {
      const answer = await postJson(this.#address, { ...wish, dry_run: true });
      if (question === this.#question) this.#show(answer);
    } catch (refusal) {
      if (question === this.#question) this.#complain(refusal.message);
    }
  }

  /** What the form says, or null where that can't be asked. */
  #wish() {
    const statuses = [...this.#form.elements.statuses].filter((box) => box.checked).map((box) => Number(box.value));
    const age = this.#form.elements.age;
    if (statuses.length === 0) this.#showNothing("Choose at least one state.");
    else if (!age.validity.valid) this.#showNothing("The age must be a number, 0 or more.");
    else return { statuses, older_than_s: Number(age.value) * Number(this.#form.elements.unit.value) };
    return null;
  }

  #show({ count: number, tasks, preview }) {
    if (number === 0) return this.#showNothing("No record is like that: nothing would go.");
    this.#preview = preview;
    this.#button.disabled = false;
    setText(this.#part("count"), `${counted(number, "record")} will go:`);
    setText(this.#part("button"), `Remove ${counted(number, "record")}`);
    this.#list(tasks);
    const rest = number - tasks.length;
    setText(this.#part("more"), rest > 0 ? `… and ${count(rest)} more.` : "");
    setHidden(this.#part("more"), rest <= 0);
  }

  #showNothing(words) {
    setText(this.#part("count"), words);
    setText(this.#part("button"), "Remove");
    this.#list([]);
    setHidden(this.#part("more"), true);
  }

  #list(tasks) {
    const list = this.#part("list");
    patchEntries(list, "preview", tasks, patchPreview);
    setHidden(list, tasks.length === 0);
  }

  /** Has removed what is shown, and no other. */
  async #purge() {
    if (this.#preview === null) return;
    const preview = this.#preview;
    this.#forget();
    try {
      const { removed } = await postJson(this.#address, { preview });
      this.#dialog.close();
      notify(`${counted(removed, "record")} removed.`);
    } catch (refusal) {
      await this.#ask();
      this.#complain(`Nothing was removed. ${refusal.message}`);
    }
  }

  #complain(words) {
    setText(this.#part("problem"), words);
    setHidden(this.#part("problem"), words === "");
  }

  #part(name) {
    return this.#dialog.querySelector(`[data-purge-${name}]`);
  }
}

/** An entry of what will be touched; `behind` says why, if it wasn't chosen itself. */
export function patchPreview(entry, cells, { id, name, status, behind = "" }) {
  setAttribute(entry, "data-status", status);
  setAttribute(cells.get("glyph"), "href", `#status-${status}`);
  setText(cells.get("word"), `${STATUS_WORDS[status]}: `);
  setText(cells.get("name"), name);
  setText(cells.get("behind"), behind);
  setText(cells.get("id"), id);
}
