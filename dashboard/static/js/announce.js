/** Tells screen readers what happens: at once what matters, the rest as a digest now and then. */
import { count } from "./format.js";
import { STATUS_WORDS } from "./status.js";

const DIGEST_MS = 10_000;

export class Announcer {
  #region = document.querySelector("[data-announce]");
  #arrived = new Map();
  #timer = null;

  /** Says something at the next pause in the reader's speech. */
  say(text) {
    this.#region.textContent = text;
  }

  /** Takes in pairs of the status before and now, to be told as sums. */
  note(moves) {
    for (const [before, now] of moves) {
      if (before !== now) this.#arrived.set(now, (this.#arrived.get(now) ?? 0) + 1);
    }
    if (this.#arrived.size && this.#timer === null) this.#timer = setTimeout(() => this.#tell(), DIGEST_MS);
  }

  #tell() {
    this.#timer = null;
    const parts = [...this.#arrived].map(([status, tasks]) => `${count(tasks)} now ${STATUS_WORDS[status]}`);
    this.#arrived.clear();
    this.say(`Tasks: ${parts.join(", ")}.`);
  }
}
