/** Knows which dependency arrows pass which row: all of them in the order of adding, else those of one row. */
import { drawSegments, gutterWidth } from "./drawing.js";
import { busesOf, layBuses } from "./lanes.js";
import { Listing } from "./listing.js";

const RELAY_MS = 150; // a burst of new tasks lays the lanes anew this often at most

export class Arrows {
  #model;
  #table;
  #order = new Listing();
  #query = { sort: "added", dir: "desc" }; // until the first order is set
  #buses = [];
  #seen = [];
  #lanes = 0;
  #mostLanes = 8;
  #hasSpare = true;
  #laidAt = -Infinity;
  #isOutdated = true;
  #active = null;

  constructor(model, table) {
    this.#model = model;
    this.#table = table;
  }

  /** Learns what is listed, a Listing, and by which query; arrows run between the tasks that the page holds. */
  setOrder(order, query) {
    if (query !== this.#query) this.#laidAt = -Infinity;
    this.#order = order;
    this.#query = query;
    this.#isOutdated = true;
  }

  /** How many lanes there is room for; `hasSpare`: and for one more, where what found none shows when it is pointed at. */
  setRoom(mostLanes, hasSpare) {
    if (mostLanes === this.#mostLanes) return;
    this.#mostLanes = mostLanes;
    this.#hasSpare = hasSpare;
    this.#outdate();
  }

  /** The row that is pointed at or has the focus: its arrows stand out. */
  setActive(id) {
    if (id === this.#active) return false;
    this.#active = id;
    if (!this.#isFull) this.#outdate();
    return true;
  }

  #outdate() {
    this.#isOutdated = true;
    this.#laidAt = -Infinity;
  }

  /** In the order of adding, either way round, buses run along; in another they would criss-cross. */
  get #isFull() {
    return this.#query.sort === "added";
  }

  /** Prepares for drawing the rows from `first` to `last` of the order; answers whether lanes still have to be laid later. */
  prepare(first, last) {
    const isLate = this.#isOutdated && performance.now() - this.#laidAt < RELAY_MS;
    if (this.#isOutdated && !isLate) this.#lay();
    const ends = [this.#place(first), this.#place(last - 1)];
    const [lo, hi] = [Math.min(...ends), Math.max(...ends)];
    this.#seen = this.#buses.filter((bus) => bus.hi >= lo && bus.lo <= hi && this.#isDrawn(bus));
    return isLate;
  }

  #place(index) {
    return this.#isFull ? (this.#order.at(index)?.seq ?? 0) : index;
  }

  #lay() {
    this.#isOutdated = false;
    this.#laidAt = performance.now();
    if (this.#isFull) {
      const ascending = this.#query.dir === "asc" ? this.#order.held : [...this.#order.held].reverse();
      const { buses, lanes, isCrowded } = layBuses(ascending, this.#mostLanes);
      this.#buses = buses;
      this.#lanes = lanes + (isCrowded && this.#hasSpare ? 1 : 0);
    } else {
      this.#buses = this.#active === null ? [] : busesOf(this.#active, this.#order.held);
      this.#lanes = 2;
    }
    this.#table.style.setProperty("--gutter", `${gutterWidth(this.#lanes)}px`);
  }

  /** A bus that found no lane is drawn on the spare one, and only while it is pointed at. */
  #isDrawn(bus) {
    return bus.lane < this.#mostLanes || (this.#hasSpare && this.#isActive(bus));
  }

  #isActive(bus) {
    return bus.from === this.#active || bus.targets.has(this.#active);
  }

  /** Draws what passes the row of `entry`, the one at `index` of the order. */
  draw(gutter, entry, index, height) {
    const place = this.#place(index);
    const falls = !this.#isFull || this.#query.dir === "asc"; // places grow from top to bottom
    const segments = [];
    for (const bus of this.#seen) {
      if (place < bus.lo || place > bus.hi) continue;
      const [before, beyond] = [place > bus.lo, place < bus.hi];
      segments.push({
        from: bus.from,
        to: bus.targets.has(entry.row.id) ? entry.row.id : null,
        begins: bus.from === entry.row.id,
        up: falls ? before : beyond,
        down: falls ? beyond : before,
        lane: bus.lane,
        status: this.#model.row(bus.from)?.status ?? 0,
        isActive: this.#isActive(bus),
      });
    }
    drawSegments(gutter, segments, this.#lanes, height);
  }
}
