/** What is listed, in its order: tasks that the page holds, and before or after them those of the history. */

export class Listing {
  #history;
  #isHistoryFirst;
  #places = null;
  held;

  /** `held` are entries in their order; the history comes after them, or first where the oldest do. */
  constructor(held = [], history = { length: 0, loaded: () => [] }, isHistoryFirst = false) {
    this.held = held;
    this.#history = history;
    this.#isHistoryFirst = isHistoryFirst;
  }

  get length() {
    return this.held.length + this.#history.length;
  }

  at(index) {
    if (index < 0 || index >= this.length) return undefined;
    const place = index - this.#offset;
    if (place >= 0 && place < this.held.length) return this.held[place];
    return this.#history.at(this.#isHistoryFirst ? index : index - this.held.length);
  }

  slice(first, last) {
    const entries = [];
    for (let index = Math.max(0, first); index < Math.min(last, this.length); index++) entries.push(this.at(index));
    return entries;
  }

  /** The place of a task, or undefined. */
  indexOf(id) {
    if (this.#places === null) {
      this.#places = new Map(this.held.map((entry, place) => [entry.row.id, place + this.#offset]));
      const offset = this.#isHistoryFirst ? 0 : this.held.length;
      for (const [place, entry] of this.#history.loaded()) this.#places.set(entry.row.id, place + offset);
    }
    return this.#places.get(id);
  }

  /** Where the held ones begin. */
  get #offset() {
    return this.#isHistoryFirst ? this.#history.length : 0;
  }
}
