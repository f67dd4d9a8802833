/** Which tasks are listed and in which order: filter, search and sort over the model. */
import { compare, sorted } from "./order.js";
import { readSearch } from "./search.js";

export class View {
  #model;
  #statuses = []; // none: all
  search;
  query;
  /** How many of each status the search alone finds, as of the last `order`. */
  counts = [0, 0, 0, 0, 0];

  constructor(model, query) {
    this.#model = model;
    this.setQuery(query);
  }

  setQuery(query) {
    if (query.q !== this.query?.q) this.search = readSearch(query.q);
    this.query = query;
    this.#statuses = query.status === "" ? [] : query.status.split(",").map(Number);
  }

  /** The order of adding, from top to bottom or the other way round, is where the arrows fit. */
  get isInAddedOrder() {
    return this.query.sort === "added";
  }

  matches(entry, now) {
    return !entry.gone && this.#isOfStatus(entry) && this.search.matches(entry, now);
  }

  #isOfStatus({ row }) {
    return this.#statuses.length === 0 || this.#statuses.includes(row.status);
  }

  /** Those parameters of the server's list that ask for what the page doesn't hold; null where it holds everything. */
  get beyond() {
    if (!this.#model.isPartial) return null;
    const params = { ...this.query, q: this.search.readable };
    return this.isInAddedOrder ? { ...params, before: this.#model.oldest?.row.id ?? "" } : params;
  }

  /** The entries that the page holds and that match, in their order; none where only the server knows the order. */
  order(now) {
    const listed = [];
    this.counts = [0, 0, 0, 0, 0];
    for (const entry of this.#model.entries()) {
      entry.counted = null;
      if (!this.search.matches(entry, now)) continue;
      this.counts[(entry.counted = entry.row.status)] += 1;
      if (this.#isOfStatus(entry)) listed.push(entry);
    }
    if (!this.isInAddedOrder && this.#model.isPartial) {
      this.counts = [0, 0, 0, 0, 0];
      return [];
    }
    if (!this.isInAddedOrder) return sorted(listed, this.query, now);
    return this.query.dir === "asc" ? listed : listed.reverse();
  }

  /** Has `counts` follow an entry that changed. */
  recount(entry, now) {
    if (this.#model.isPartial && !this.isInAddedOrder) return;
    if (entry.counted !== null && entry.counted !== undefined) this.counts[entry.counted] -= 1;
    entry.counted = !entry.gone && this.search.matches(entry, now) ? entry.row.status : null;
    if (entry.counted !== null) this.counts[entry.counted] += 1;
  }

  /** Whether an entry that changed no longer stands where it belongs in `order`. */
  isMisplaced(entry, order, index, now) {
    if (this.#model.isPartial && !this.isInAddedOrder) return false; // the history is asked anew
    if (index === undefined) return this.matches(entry, now);
    if (!this.matches(entry, now)) return true;
    if (this.isInAddedOrder) return false;
    const [before, after] = [order.at(index - 1), order.at(index + 1)];
    return Boolean((before && compare(before, entry, this.query, now) > 0) || (after && compare(entry, after, this.query, now) > 0));
  }
}
