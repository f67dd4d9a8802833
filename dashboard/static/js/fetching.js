/** Fetches the same thing anew as it changes: at once, but not more often than it should, and again after a refusal. */
import { getJson, Refusal } from "./http.js";

const RETRY_MS = 2_000;

export class Fetching {
  #address;
  #pauseMs;
  #onAnswer;
  #onMissing;
  #isOld = false;
  #isRunning = false;

  /** `onAnswer(json)` is called with each answer, `onMissing()` when there is no such thing any more. */
  constructor(address, pauseMs, onAnswer, onMissing = () => {}) {
    this.#address = address;
    this.#pauseMs = pauseMs;
    this.#onAnswer = onAnswer;
    this.#onMissing = onMissing;
  }

  /** Fetches now, or when the fetch under way and its pause are over. */
  async again() {
    this.#isOld = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    while (this.#isOld) {
      this.#isOld = false;
      const pause = await this.#once();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.#isRunning = false;
  }

  /** Answers how many milliseconds to wait before the next fetch. */
  async #once() {
    try {
      this.#onAnswer(await getJson(this.#address));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status !== 404) {
        this.#isOld = true;
        return RETRY_MS;
      }
      this.#onMissing();
    }
    return this.#pauseMs;
  }
}
