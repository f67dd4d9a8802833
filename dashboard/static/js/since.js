/** How long ago something was. */

/** The clock on the wall may be set, and the other one stands still while the machine sleeps: what is longer has passed. */
export class Since {
  #wall = Date.now();
  #steady = performance.now();
  #before;

  /** Counts from now, or from so many milliseconds before. */
  constructor(before = 0) {
    this.#before = before;
  }

  get ms() {
    return this.#before + Math.max(Date.now() - this.#wall, performance.now() - this.#steady);
  }
}
