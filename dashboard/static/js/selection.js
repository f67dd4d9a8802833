/** The tasks that are selected, by their ids. */

export class Selection {
  #ids = new Set();
  #last = null; // where a range begins
  #onChange;

  /** `onChange(size)` is called after each change. */
  constructor(onChange) {
    this.#onChange = onChange;
  }

  get ids() {
    return [...this.#ids];
  }

  get size() {
    return this.#ids.size;
  }

  has(id) {
    return this.#ids.has(id);
  }

  /** Selects a task, or takes it out again. */
  toggle(id) {
    if (!this.#ids.delete(id)) this.#ids.add(id);
    this.#last = id;
    this.#onChange(this.size);
  }

  /** Selects what stands between the task that was toggled last and this one, both included. */
  extend(id, order) {
    const ends = [order.indexOf(this.#last ?? id), order.indexOf(id)];
    if (ends.includes(undefined)) return this.toggle(id);
    const range = order.slice(Math.min(...ends), Math.max(...ends) + 1);
    for (const { row, isBlank } of range) if (!isBlank) this.#ids.add(row.id);
    this.#onChange(this.size);
  }

  clear() {
    this.#ids.clear();
    this.#last = null;
    this.#onChange(0);
  }
}
