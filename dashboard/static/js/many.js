/** The menu that acts on many: on what is selected, or else on all that the filter lists. */
import { setAttribute, setHidden, setText } from "./cells.js";
import { count } from "./format.js";

export class Many {
  #menu = document.querySelector("[data-many]");
  #page;
  #selection;
  #query;
  #dialog;

  /** `query()` answers the list's filter and order. */
  constructor(page, selection, dialog, query) {
    this.#page = page;
    this.#selection = selection;
    this.#dialog = dialog;
    this.#query = query;
    for (const choice of this.#menu.querySelectorAll("[data-many-action]")) {
      choice.addEventListener("click", () => this.act(choice.dataset.manyAction));
    }
    this.#menu.querySelector('[data-action="unselect"]')?.addEventListener("click", () => {
      this.#menu.open = false;
      selection.clear();
    });
  }

  act(action) {
    this.#menu.open = false;
    const { q, status } = this.#query();
    const wish = this.#selection.size ? { ids: this.#selection.ids } : { q, status };
    this.#dialog.open(action, wish, () => this.#selection.clear());
  }

  /** Says what the menu acts on, and where the exports lie. */
  show(listed) {
    const { size } = this.#selection;
    setText(this.#menu.querySelector("[data-many-of]"), size ? `${count(size)} selected` : `All ${count(listed)}`);
    setAttribute(this.#menu, "data-selected", size ? "" : null);
    const unselect = this.#menu.querySelector('[data-action="unselect"]');
    if (unselect) setHidden(unselect, size === 0);
    const { readable } = this.#query();
    const params = new URLSearchParams({ ...this.#query(), q: readable });
    params.delete("readable");
    for (const link of this.#menu.querySelectorAll("[data-export]")) {
      setAttribute(link, "href", `${this.#page.exports.replace("KIND", link.dataset.export)}?${params}`);
    }
  }
}
