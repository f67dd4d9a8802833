/** Which tasks are listed and in which order: filter, search and sort over the model. */
import { runSeconds, waitedSeconds } from "./format.js";
import { STATUS_ORDER } from "./status.js";

const KEYS = {
  name: (entry) => entry.row.name.toLowerCase(),
  status: (entry) => STATUS_ORDER.indexOf(entry.row.status),
  waited: (entry, now) => waitedSeconds(entry.row, now) ?? 0,
  run: (entry, now) => runSeconds(entry.row, now) ?? 0,
};

export class View {
  #model;
  #words = "";
  #statuses = []; // none: all
  query;

  constructor(model, query) {
    this.#model = model;
    this.setQuery(query);
  }

  setQuery(query) {
    this.query = query;
    this.#words = query.q.trim().toLowerCase();
    this.#statuses = query.status === "" ? [] : query.status.split(",").map(Number);
  }

  /** The order of adding, from top to bottom or the other way round, is where the arrows fit. */
  get isInAddedOrder() {
    return this.query.sort === "added";
  }

  matches(entry) {
    if (entry.gone) return false;
    if (this.#statuses.length && !this.#statuses.includes(entry.row.status)) return false;
    if (!this.#words) return true;
    entry.text ??= `${entry.row.id}\n${entry.row.name}\n${entry.row.error ?? ""}`.toLowerCase();
    return entry.text.includes(this.#words);
  }

  /** The entries that match, in their order. */
  order(now) {
    const listed = [];
    for (const entry of this.#model.entries()) if (this.matches(entry)) listed.push(entry);
    if (!this.isInAddedOrder) return this.#sorted(listed, now);
    return this.query.dir === "asc" ? listed : listed.reverse();
  }

  /** Whether an entry that changed no longer stands where it belongs in `order`. */
  isMisplaced(entry, order, index, now) {
    if (index === undefined) return this.matches(entry);
    if (!this.matches(entry)) return true;
    if (this.isInAddedOrder) return false;
    const compare = this.#comparison(now);
    const [before, after] = [order[index - 1], order[index + 1]];
    return Boolean((before && compare(before, entry) > 0) || (after && compare(entry, after) > 0));
  }

  #sorted(entries, now) {
    const key = KEYS[this.query.sort];
    const keyed = entries.map((entry) => ({ entry, key: key(entry, now) }));
    const sign = this.query.dir === "asc" ? 1 : -1;
    keyed.sort((a, b) => (a.key < b.key ? -sign : a.key > b.key ? sign : sign * (a.entry.seq - b.entry.seq)));
    return keyed.map(({ entry }) => entry);
  }

  #comparison(now) {
    const key = KEYS[this.query.sort];
    const sign = this.query.dir === "asc" ? 1 : -1;
    return (a, b) => {
      const [keyA, keyB] = [key(a, now), key(b, now)];
      return keyA < keyB ? -sign : keyA > keyB ? sign : sign * (a.seq - b.seq);
    };
  }
}
