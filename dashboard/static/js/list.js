/** The list page: brings model, view, table, arrows and the controls together. */
import { Acting } from "./acting.js";
import { Arrows } from "./arrows.js";
import { setAttribute } from "./cells.js";
import { startColumns } from "./columns.js";
import { Controls } from "./controls.js";
import { Follower } from "./follower.js";
import { oncePerFrame } from "./frame.js";
import { Freeze } from "./freeze.js";
import { History } from "./history.js";
import { Listing } from "./listing.js";
import { Model } from "./model.js";
import { notify } from "./notices.js";
import { patchRow } from "./row.js";
import { Table } from "./table.js";
import { View } from "./view.js";

const NARROW = matchMedia("(max-width: 640px)");
const LANES_WIDE = 8;
const LANES_NARROW = 2;
const TIMED_S = 2; // a search for an age is made anew this often
const ORDER_COST_SHARE = 8; // ordering takes one part in so many of the time at most

/** Takes the list over from the server; `page` holds the addresses and the revision it was rendered at. */
export function startList(main, page) {
  new ListPage(main, page).start();
}

class ListPage {
  #page;
  #body;
  #model;
  #view;
  #table;
  #arrows;
  #freeze;
  #acting;
  #history;
  #controls;
  #follower;
  #request = oncePerFrame(() => this.#render());
  #held = []; // the entries that the page holds of what is listed
  #isOrderOld = true;
  #orderedAfter = 0; // not before then is the order made anew
  #waiting = new Set(); // entries that don't stand where they belong, while the order is frozen
  #timedAt = 0;

  constructor(main, page) {
    const table = main.querySelector("[data-tasks]");
    this.#page = page;
    this.#model = new Model(page.max_rows);
    this.#body = table.querySelector("[data-rows]");
    this.#table = new Table(table);
    this.#arrows = new Arrows(this.#model, table);
    this.#freeze = new Freeze(this.#body, this.#request);
    this.#follower = new Follower(page, { position: () => this.#model, onMessage: (message) => this.#receive(message) });
    this.#controls = new Controls(main, page, this.#model, {
      onQuery: (query) => this.#setQuery(query),
      onApply: () => this.#order(),
    });
    this.#acting = new Acting(page, this.#body, {
      model: this.#model,
      table: this.#table,
      announcer: this.#follower.announcer,
      hold: (reason, isHeld) => this.#hold(reason, isHeld),
      query: () => ({ ...this.#controls.query, readable: this.#view.search.readable }),
      startSearch: () => this.#controls.startSearch(),
      onChange: this.#request,
      draw: () => this.#render(),
    });
    this.#history = new History(page.tasks, () => this.#list());
    this.#view = new View(this.#model, this.#controls.query);
  }

  start() {
    this.#listen();
    startColumns();
    this.#follower.start(() => this.#tick());
  }

  #listen() {
    for (const event of ["pointerover", "focusin"]) this.#body.addEventListener(event, ({ target }) => this.#pointAt(target));
    for (const event of ["pointerleave", "focusout"]) this.#body.addEventListener(event, () => this.#pointAt(null));
    addEventListener("scroll", this.#request, { passive: true });
    addEventListener("resize", () => {
      this.#table.remeasure();
      this.#request();
    });
  }

  #hold(reason, isHeld) {
    if (isHeld) this.#freeze.hold(reason);
    else this.#freeze.release(reason);
    this.#request();
  }

  #pointAt(target) {
    if (this.#model.bootId === null) return;
    if (this.#arrows.setActive(target?.closest("[data-id]")?.dataset.id ?? null)) this.#request();
  }

  #tick() {
    if (this.#history.isDue(this.#follower.now)) this.#isOrderOld = true;
    if (this.#view.search.isTimed && this.#follower.now - this.#timedAt > TIMED_S) this.#isOrderOld = true;
    this.#request();
  }

  #receive(message) {
    const effect = this.#model.apply(message);
    if (effect.snapshot) this.#noteSnapshot();
    if (effect.restarted) {
      this.#waiting.clear();
      this.#order();
      notify("The engine was restarted: its tasks of before are gone.");
    }
    if (effect.outside || (effect.changed.length && !this.#view.isInAddedOrder)) this.#history.outdate();
    this.#follower.announcer.note(effect.moves);
    for (const entry of effect.changed) this.#noteChanged(entry);
    this.#request();
  }

  #noteSnapshot() {
    this.#isOrderOld = true;
    for (const entry of new Set([...this.#model.entries(), ...this.#table.order.held])) this.#noteChanged(entry);
  }

  #noteChanged(entry) {
    this.#view.recount(entry, this.#follower.now);
    const index = this.#table.order.indexOf(entry.row.id);
    const isMisplaced = this.#view.isMisplaced(entry, this.#table.order, index, this.#follower.now);
    if (isMisplaced) this.#waiting.add(entry);
    else this.#waiting.delete(entry);
    if (isMisplaced) this.#isOrderOld = true;
  }

  #setQuery(query) {
    this.#view.setQuery(query);
    if (this.#model.bootId === null) return;
    this.#order();
    this.#table.scrollToTop();
  }

  /** Makes the order anew, now. */
  #order() {
    const began = performance.now();
    this.#timedAt = this.#follower.now;
    this.#held = this.#view.order(this.#timedAt);
    this.#history.aim(this.#view.beyond, (row) => this.#model.get(row.id) ?? { row, gone: false }, this.#timedAt);
    this.#list();
    this.#waiting.clear();
    this.#isOrderOld = false;
    this.#orderedAfter = began + (performance.now() - began) * ORDER_COST_SHARE;
    this.#request();
  }

  /** Lists what the page holds and, where there is more, what came of the history. */
  #list() {
    const { sort, dir } = this.#view.query;
    const listing = new Listing(this.#held, this.#history, sort === "added" && dir === "asc");
    this.#table.setOrder(listing);
    this.#arrows.setOrder(listing, this.#view.query);
    this.#request();
  }

  #render() {
    if (this.#model.bootId === null) return;
    if (this.#isOrderOld && (!this.#freeze.isFrozen || this.#table.order.length === 0)) {
      if (performance.now() < this.#orderedAfter) this.#request();
      else this.#order();
    }
    this.#controls.show(this.#model, this.#counts, this.#view.search.problem, this.#table.order.length, this.#freeze.isLasting ? this.#waiting.size : 0);
    this.#acting.show(this.#table.order.length);
    this.#renderRows();
    document.documentElement.dataset.ready = "1";
  }

  /** How many of each status the search alone finds, held and not. */
  get #counts() {
    if (this.#view.query.q === "") return this.#model.counts;
    return this.#view.counts.map((held, status) => held + this.#history.counts[status]);
  }

  #renderRows() {
    const height = this.#table.rowHeight;
    const context = {
      now: this.#follower.now,
      known: (id) => this.#model.row(id),
      pattern: this.#page.task,
      isSelected: (id) => this.#acting.isSelected(id),
      isPending: (id) => this.#acting.isPending(id),
    };
    this.#arrows.setRoom(NARROW.matches ? LANES_NARROW : LANES_WIDE, !NARROW.matches);
    this.#table.render(
      (first, last) => {
        if (this.#arrows.prepare(first, last)) this.#request();
      },
      (slot, entry, index) => {
        setAttribute(slot.element, "data-blank", entry.isBlank ? "" : null);
        if (entry.isBlank) return;
        patchRow(slot, entry, context);
        this.#arrows.draw(slot.cells.get("arrows"), entry, index, height);
      },
    );
  }
}
