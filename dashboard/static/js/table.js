/** The windowed table: of all rows only those near the screen exist, each keyed by its task and never replaced. */
import { cloneTemplate, collect, setAttribute, setHidden } from "./cells.js";
import { Listing } from "./listing.js";

const MARGIN_ROWS = 10; // beyond the screen on each side, so that Tab always finds a next row
const STEP_ROWS = 8; // the window moves in steps, not with each row that scrolls by
const ANCHOR_SEARCH_ROWS = 100;

export class Table {
  #table;
  #head;
  #body;
  #before;
  #after;
  #order = new Listing();
  #slots = new Map(); // id -> { element, cells }
  #rowHeight = null;

  constructor(table) {
    this.#table = table;
    this.#head = table.tHead;
    this.#body = table.querySelector("[data-rows]");
    this.#before = table.querySelector('[data-spacer="before"]');
    this.#after = table.querySelector('[data-spacer="after"]');
    for (const element of this.#body.rows) this.#slots.set(element.dataset.id, { element, cells: collect(element) });
  }

  get order() {
    return this.#order;
  }

  get rowHeight() {
    if (this.#rowHeight === null && this.#body.rows.length) {
      this.#rowHeight = this.#body.getBoundingClientRect().height / this.#body.rows.length;
    }
    return this.#rowHeight || 40;
  }

  /** Forgets the height of the rows, which another width of the page may have changed. */
  remeasure() {
    this.#rowHeight = null;
  }

  /** Lists what a Listing says. What is on screen stays where it is, if the top of the list isn't in sight. */
  setOrder(order) {
    const anchor = this.#findAnchor();
    this.#order = order;
    setAttribute(this.#table, "aria-rowcount", order.length + 1);
    if (!anchor) return;
    const moved = this.#movedBy(anchor);
    if (moved === 0) return;
    this.#setSpacers(0, order.length - this.#slots.size); // room to scroll to, before the rows are there
    scrollBy({ top: moved * this.rowHeight, behavior: "instant" });
  }

  /** The row of a task, if it exists now. */
  rowOf(id) {
    return this.#slots.get(id);
  }

  /** The first task whose row is wholly in sight. */
  get firstInSight() {
    return Math.max(0, Math.ceil((this.#covered() - this.#top()) / this.rowHeight));
  }

  /** Scrolls so that the list begins at the top of the screen, if it began above. */
  scrollToTop() {
    const above = this.#covered() - this.#top();
    if (above > 0) scrollBy({ top: -above, behavior: "instant" });
  }

  /** Where the first row begins, in pixels from the top of the screen. */
  #top() {
    return this.#table.getBoundingClientRect().top + this.#head.offsetHeight;
  }

  /** How much of the top of the screen the head of the table covers. */
  #covered() {
    const cell = this.#head.rows[0].cells[1];
    return getComputedStyle(cell).position === "sticky" ? parseFloat(getComputedStyle(cell).top) + cell.offsetHeight : 0;
  }

  #findAnchor() {
    const above = this.#covered() - this.#top();
    if (above <= 1) return null;
    const index = Math.ceil(above / this.rowHeight);
    return { index, entries: this.#order.slice(index, index + ANCHOR_SEARCH_ROWS) };
  }

  #movedBy({ index, entries }) {
    for (const [offset, entry] of entries.entries()) {
      const now = this.#order.indexOf(entry.row.id);
      if (now !== undefined) return now - (index + offset);
    }
    return 0;
  }

  /** Makes the rows near the screen be there: `prepare(first, last)` learns which, `patch(slot, entry, index)` fills each. */
  render(prepare, patch) {
    const { first, last } = this.#range();
    prepare(first, last);
    const wanted = this.#order.slice(first, last);
    this.#place(wanted);
    wanted.forEach((entry, offset) => {
      const slot = this.#slots.get(entry.row.id);
      setAttribute(slot.element, "aria-rowindex", first + offset + 2);
      patch(slot, entry, first + offset);
    });
    this.#setSpacers(first, this.#order.length - last);
  }

  /** The range of rows that should exist. */
  #range() {
    const height = this.rowHeight;
    const top = this.#top();
    const step = (index) => Math.floor(index / STEP_ROWS) * STEP_ROWS;
    const first = step(-top / height - MARGIN_ROWS);
    const last = step((innerHeight - top) / height + MARGIN_ROWS + STEP_ROWS);
    const length = this.#order.length;
    return { first: Math.min(Math.max(0, first), length), last: Math.min(Math.max(0, last), length) };
  }

  #place(wanted) {
    const ids = new Set(wanted.map((entry) => entry.row.id));
    for (const [id, { element }] of this.#slots) {
      if (ids.has(id)) continue;
      element.remove();
      this.#slots.delete(id);
    }
    let next = this.#body.firstElementChild;
    for (const { row } of wanted) {
      const element = this.#slotOf(row.id).element;
      if (element === next) next = next.nextElementSibling;
      else this.#body.insertBefore(element, next);
    }
  }

  #slotOf(id) {
    if (!this.#slots.has(id)) {
      const element = cloneTemplate("row");
      this.#slots.set(id, { element, cells: collect(element) });
    }
    return this.#slots.get(id);
  }

  #setSpacers(before, after) {
    for (const [spacer, rows] of [[this.#before, before], [this.#after, after]]) {
      setHidden(spacer, rows === 0);
      spacer.rows[0].cells[0].style.height = `${rows * this.rowHeight}px`;
    }
  }
}
