/** The one timer of the page, and the server's time. */
const TICK_MS = 500;

export class Clock {
  #offset = null;
  #timer = null;

  /** Learns the server's time from a message; small deviations are smoothed, for messages take their time. */
  sync(serverTime) {
    const offset = serverTime - Date.now() / 1000;
    const far = this.#offset === null || Math.abs(offset - this.#offset) > 1;
    this.#offset = far ? offset : this.#offset + (offset - this.#offset) * 0.2;
  }

  /** The server's time now, in epoch seconds. */
  now() {
    return Date.now() / 1000 + (this.#offset ?? 0);
  }

  start(onTick) {
    this.#timer = setInterval(onTick, TICK_MS);
  }

  stop() {
    clearInterval(this.#timer);
  }
}
