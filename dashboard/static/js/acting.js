/** What a person does in the list: selects, cancels, moves by keys, acts on many. */
import { Cancels } from "./actions.js";
import { startKeys } from "./keys.js";
import { Many } from "./many.js";
import { PlanDialog } from "./plan.js";
import { PurgeDialog } from "./purge.js";
import { Selection } from "./selection.js";

export class Acting {
  #page;
  #model;
  #table;
  #dialog;
  #selection;
  #cancels;
  #many;
  #draw;

  /**
   * `hold(reason, isHeld)` has the rows stand still, `query()` answers the list's filter and order with what of its search is
   * `readable`, `startSearch()` moves into the search, `onChange()` is called when rows have to be drawn anew, `draw()` does
   * so at once.
   */
  constructor(page, body, { model, table, announcer, hold, query, startSearch, onChange, draw }) {
    this.#page = page;
    this.#draw = draw;
    this.#model = model;
    this.#table = table;
    const onToggle = (isOpen) => hold("dialog", isOpen);
    const acts = page.may.cancel || page.may.run || page.may.purge;
    const dialog = (this.#dialog = acts ? new PlanDialog(page, onToggle) : null);
    if (page.may.purge) new PurgeDialog(page.purges, onToggle);
    this.#cancels = new Cancels(page.cancellation, dialog, announcer, onChange);
    this.#selection = new Selection((size) => hold("selection", size > 0));
    this.#many = new Many(page, this.#selection, dialog, query);
    body.addEventListener("click", (event) => this.#clicked(event));
    startKeys({ "/": startSearch, j: () => this.#step(1), k: () => this.#step(-1), ...(acts ? this.#keysThatAct : {}) });
  }

  isSelected(id) {
    return this.#selection.has(id);
  }

  isPending(id) {
    return this.#cancels.isPending(id);
  }

  /** Shows what the menu acts on where so many tasks are listed. */
  show(listed) {
    this.#many.show(listed);
  }

  get #keysThatAct() {
    return {
      x: () => this.#focused && this.#selection.toggle(this.#focused),
      ...(this.#page.may.cancel ? { c: () => this.#cancelChosen() } : {}),
      ...(this.#page.may.run ? { r: () => this.#runChosen() } : {}),
      Escape: () => this.#selection.clear(),
    };
  }

  /** The task whose row has the focus. */
  get #focused() {
    return document.activeElement.closest("[data-rows] [data-id]")?.dataset.id ?? null;
  }

  /** Moves the focus to the next row or the one before; from outside to the first in sight. */
  #step(way) {
    const { order } = this.#table;
    const index = this.#focused === null ? this.#table.firstInSight : order.indexOf(this.#focused) + way;
    const entry = order.at(index);
    if (!entry) return;
    if (!this.#table.rowOf(entry.row.id)) this.#draw(); // keys may be faster than the screen
    this.#table.rowOf(entry.row.id)?.cells.get("name").focus();
  }

  #cancelChosen() {
    if (this.#selection.size) this.#many.act("cancel");
    else if (this.#focused) this.#cancel(this.#focused);
  }

  #runChosen() {
    if (this.#selection.size) this.#many.act("run");
    else if (this.#focused) this.#dialog.open("run", { ids: [this.#focused] });
  }

  #cancel(id) {
    this.#cancels.cancel(id, this.#model.row(id)?.name ?? id);
  }

  #clicked({ target, shiftKey }) {
    const id = target.closest("[data-id]")?.dataset.id;
    if (target.closest('[data-action="cancel"]')) this.#cancel(id);
    if (!target.matches(".cell-select input")) return;
    if (shiftKey) this.#selection.extend(id, this.#table.order);
    else this.#selection.toggle(id);
  }
}
