/** What the page knows of the engine: the newest version of each task, kept by snapshots and deltas. */

/**
 * An entry is a task's place in the page for as long as its record lives:
 * `row` its newest version, `seq` its number in the order of adding, `gone` whether its record was removed.
 */
export class Model {
  #entries = new Map();
  #nextSeq = 0;
  #mostRows;
  bootId = null;
  revision = null;
  counts = [0, 0, 0, 0, 0];
  total = 0;

  /** More than `mostRows` tasks aren't kept, however long the page stays open: the oldest go. */
  constructor(mostRows) {
    this.#mostRows = mostRows;
  }

  get size() {
    return this.#entries.size;
  }

  /** The entries in the order in which they were added. */
  entries() {
    return this.#entries.values();
  }

  get(id) {
    return this.#entries.get(id);
  }

  /** The newest version of a task, or undefined where it isn't known. */
  row(id) {
    return this.#entries.get(id)?.row;
  }

  /**
   * Takes a message in. Answers what it did: `restarted` (another engine), `snapshot`, `changed` (entries), and
   * `moves` (pairs of the status before, null if new, and now).
   */
  apply(message) {
    const effect = { restarted: false, snapshot: false, changed: [], moves: [] };
    const sameEngine = message.boot_id === this.bootId;
    // While a socket takes over from polling, an older answer may come late: it has nothing new.
    if (sameEngine && message.revision < this.revision) return effect;
    if (message.type === "snapshot") {
      effect.snapshot = true;
      effect.restarted = this.bootId !== null && !sameEngine;
      this.#replace(message, sameEngine);
    } else if (message.type === "delta" && sameEngine) {
      this.#merge(message, effect);
    } else if (!sameEngine) {
      return effect;
    }
    this.counts = message.counts;
    this.total = message.total;
    return effect;
  }

  #replace(message, sameEngine) {
    const before = this.#entries;
    this.#entries = new Map();
    this.#nextSeq = 0;
    for (const row of message.rows) {
      const entry = (sameEngine && before.get(row.id)) || { gone: false };
      Object.assign(entry, { row, seq: this.#nextSeq++, text: null });
      this.#entries.set(row.id, entry);
    }
    for (const [id, entry] of before) if (this.#entries.get(id) !== entry) entry.gone = true;
    this.bootId = message.boot_id;
    this.revision = message.revision;
  }

  #merge(message, effect) {
    for (const row of message.rows) {
      let entry = this.#entries.get(row.id);
      effect.moves.push([entry ? entry.row.status : null, row.status]);
      if (entry) Object.assign(entry, { row, text: null });
      else this.#entries.set(row.id, (entry = { row, seq: this.#nextSeq++, text: null, gone: false }));
      effect.changed.push(entry);
    }
    for (const id of message.removed) this.#remove(id, effect);
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#mostRows) break;
      this.#remove(id, effect);
    }
    this.revision = message.revision;
  }

  #remove(id, effect) {
    const entry = this.#entries.get(id);
    if (!entry) return;
    entry.gone = true;
    this.#entries.delete(id);
    effect.changed.push(entry);
  }
}
