/** The tasks that the page doesn't hold, asked of the server page by page as they come into sight. */
import { getJson } from "./http.js";

const PAGE = 100;
const MOST_PAGES = 30; // kept at once: the ones asked for last
const RENEW_S = 3; // what has changed is asked again this often at most

export class History {
  #address;
  #onChange;
  #params = null; // what is asked; null while the page holds everything
  #pages = new Map(); // number -> entries, or null while they are asked for
  #adopt = (row) => ({ row, gone: false });
  #isOldestFirst = false;
  #isOutdated = false;
  #aimedAt = 0;
  length = 0;
  counts = [0, 0, 0, 0, 0];

  /** `address` is that of the API's list; `onChange()` is called when an answer has come. */
  constructor(address, onChange) {
    this.#address = address;
    this.#onChange = onChange;
  }

  /** What is known may not be so any more. */
  outdate() {
    this.#isOutdated = true;
  }

  isDue(now) {
    return this.#params !== null && this.#isOutdated && now - this.#aimedAt > RENEW_S;
  }

  /**
   * Aims at a list: `params` of its address, or null for none; `adopt(row)` answers the entry of a row. What is there of the
   * same list stays until the answer has come.
   */
  aim(params, adopt, now) {
    const isSame = JSON.stringify(params) === JSON.stringify(this.#params);
    if (isSame && !this.isDue(now)) return;
    if (params === null || !isSame) this.#forget();
    this.#params = params;
    this.#adopt = adopt;
    this.#isOldestFirst = params?.dir === "asc";
    this.#isOutdated = false;
    this.#aimedAt = now;
    if (params !== null) this.#ask(0, params);
  }

  #forget() {
    this.#pages.clear();
    this.length = 0;
    this.counts = [0, 0, 0, 0, 0];
  }

  /** The entry at a place of the list, or a blank one until its page has come. */
  at(index) {
    const number = Math.floor(index / PAGE);
    if (!this.#pages.has(number)) this.#ask(number, this.#params);
    const entry = this.#pages.get(number)?.[index % PAGE];
    return entry ?? { isBlank: true, gone: false, seq: this.#seqOf(index), row: { id: `blank ${index}`, depend_on: [] } };
  }

  /** The entries that are there, each with its place. */
  *loaded() {
    for (const [number, entries] of this.#pages) {
      for (const [place, entry] of (entries ?? []).entries()) yield [number * PAGE + place, entry];
    }
  }

  /** Older than everything that the page holds, whose numbers begin at 0. */
  #seqOf(index) {
    return this.#isOldestFirst ? index - this.length : -1 - index;
  }

  async #ask(number, params) {
    if (!this.#pages.has(number)) this.#pages.set(number, null);
    const query = new URLSearchParams({ ...params, limit: PAGE, offset: number * PAGE });
    const answer = await getJson(`${this.#address}?${query}`).catch(() => null);
    if (params !== this.#params) return; // another list is wanted by now
    if (answer === null) {
      this.#pages.delete(number);
      this.#isOutdated = true; // asked again, with a task that is still there to begin from
      return;
    }
    if (number === 0) {
      this.#pages.clear(); // after a change places may have shifted
      this.length = answer.matching;
      this.counts = answer.matching_counts;
    }
    this.#pages.delete(number);
    this.#pages.set(number, answer.tasks.map((row, place) => this.#entryOf(row, number * PAGE + place)));
    for (const old of this.#pages.keys()) if (this.#pages.size > MOST_PAGES) this.#pages.delete(old);
    this.#onChange();
  }

  #entryOf(row, index) {
    const entry = this.#adopt(row);
    entry.seq ??= this.#seqOf(index);
    return entry;
  }
}
