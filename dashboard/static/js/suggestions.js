/** The list of suggestions below the search: chosen by arrows and Enter or Tab, or by a click; Escape closes it. */
import { cloneTemplate, collect, patchEntries, setAttribute, setHidden, setText } from "./cells.js";

const KEYS = { ArrowDown: 1, ArrowUp: -1 };

export class Suggestions {
  #input;
  #list = document.querySelector("[data-suggestions]");
  #complete;
  #start = 0;
  #texts = [];
  #chosen = -1;

  /** `complete(typed)` answers `{ start, suggestions }`, see completion.js. */
  constructor(input, complete) {
    this.#input = input;
    this.#complete = complete;
    input.addEventListener("focus", () => this.#open());
    input.addEventListener("click", () => this.#open());
    input.addEventListener("input", () => this.#open());
    input.addEventListener("blur", () => this.close());
    this.#list.addEventListener("pointerdown", (event) => event.preventDefault()); // the focus stays in the search
    this.#list.addEventListener("click", ({ target }) => {
      const item = target.closest("[role=option]");
      if (item) this.#accept([...this.#list.children].indexOf(item));
    });
  }

  get isOpen() {
    return !this.#list.hidden;
  }

  close() {
    setHidden(this.#list, true);
    this.#choose(-1);
  }

  /** Takes a key of the search, and answers whether it was for the list. */
  press(event) {
    if (!this.isOpen) return false;
    if (event.key in KEYS) this.#choose((this.#chosen + KEYS[event.key] + this.#texts.length) % this.#texts.length);
    else if (event.key === "Escape") this.close();
    else if ((event.key === "Enter" || event.key === "Tab") && this.#chosen >= 0 && !event.shiftKey) this.#accept(this.#chosen);
    else return false;
    event.preventDefault();
    return true;
  }

  #open() {
    const { value, selectionStart } = this.#input;
    if (selectionStart !== value.length) return this.close();
    const { start, suggestions } = this.#complete(value);
    this.#start = start;
    this.#texts = suggestions.map((one) => one.text);
    patchEntries(this.#list, "suggestion", suggestions, patch);
    setHidden(this.#list, suggestions.length === 0);
    this.#choose(-1);
  }

  #choose(index) {
    this.#chosen = index;
    for (const [place, item] of [...this.#list.children].entries()) {
      setAttribute(item, "id", `suggestion-${place}`);
      setAttribute(item, "aria-selected", String(place === index));
    }
    setAttribute(this.#input, "aria-activedescendant", index < 0 ? null : `suggestion-${index}`);
  }

  #accept(index) {
    this.#input.value = this.#input.value.slice(0, this.#start) + this.#texts[index];
    this.#input.dispatchEvent(new Event("input", { bubbles: true }));
  }
}

function patch(_item, cells, { text, hint }) {
  setText(cells.get("suggestion"), text.trimEnd());
  setText(cells.get("suggestion-hint"), hint);
}
