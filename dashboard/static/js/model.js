/** What the page knows of the engine: the newest version of each task, kept by snapshots and deltas. */

const SPARE = 1.1;

/**
 * An entry is a task's place in the page for as long as its record lives:
 * `row` its newest version, `seq` its number in the order of adding, `gone` whether its record was removed.
 */
export class Model {
  #entries = new Map();
  #nextSeq = 0;
  #mostRows;
  #isPartial = false;
  bootId = null;
  revision = null;
  counts = [0, 0, 0, 0, 0];
  total = 0;

  /** Not many more than `mostRows` tasks are kept, however long the page stays open: the oldest go. */
  constructor(mostRows) {
    this.#mostRows = mostRows;
  }

  get size() {
    return this.#entries.size;
  }

  /** Whether the engine has tasks that the page doesn't hold, all older than `oldest`. */
  get isPartial() {
    return this.#isPartial;
  }

  get oldest() {
    return this.#entries.values().next().value;
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
   * Takes a message in. Answers what it did: `restarted` (another engine), `snapshot`, `changed` (entries),
   * `moves` (pairs of the status before, null if new, and now), and `outside`, whether tasks changed that aren't held.
   */
  apply(message) {
    const effect = { restarted: false, snapshot: false, changed: [], moves: [], outside: false };
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
    this.#isPartial = message.total > message.rows.length;
    for (const [id, entry] of before) if (this.#entries.get(id) !== entry) entry.gone = true;
    this.bootId = message.boot_id;
    this.revision = message.revision;
  }

  #merge(message, effect) {
    for (const row of message.rows) {
      let entry = this.#entries.get(row.id);
      if (!entry && this.#isPartial && row.added_at < this.oldest?.row.added_at) {
        effect.outside = true;
        continue;
      }
      effect.moves.push([entry ? entry.row.status : null, row.status]);
      if (entry) Object.assign(entry, { row, text: null });
      else this.#entries.set(row.id, (entry = { row, seq: this.#nextSeq++, text: null, gone: false }));
      effect.changed.push(entry);
    }
    for (const id of message.removed) if (!this.#remove(id, effect)) effect.outside = true;
    if (this.#entries.size > this.#mostRows * SPARE) this.#shed(effect);
    this.revision = message.revision;
  }

  /** Lets the oldest go, many at a time: each time the history has to be asked anew. */
  #shed(effect) {
    for (const id of this.#entries.keys()) {
      if (this.#entries.size <= this.#mostRows) break;
      this.#remove(id, effect);
    }
    this.#isPartial = true;
    effect.outside = true;
  }

  #remove(id, effect) {
    const entry = this.#entries.get(id);
    if (!entry) return false;
    entry.gone = true;
    this.#entries.delete(id);
    effect.changed.push(entry);
    return true;
  }
}
