/** The list page: brings model, view, table, arrows and the controls together. */
import { Cancels } from "./actions.js";
import { Announcer } from "./announce.js";
import { Arrows } from "./arrows.js";
import { Clock } from "./clock.js";
import { showConnection, spokenChange } from "./connection.js";
import { Controls } from "./controls.js";
import { oncePerFrame } from "./frame.js";
import { Freeze } from "./freeze.js";
import { Live } from "./live.js";
import { Model } from "./model.js";
import { notify } from "./notices.js";
import { PurgeDialog } from "./purge.js";
import { patchRow } from "./row.js";
import { Table } from "./table.js";
import { View } from "./view.js";

const NARROW = matchMedia("(max-width: 640px)");
const LANES_WIDE = 8;
const LANES_NARROW = 2;
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
  #clock = new Clock();
  #announcer = new Announcer();
  #cancels;
  #controls;
  #live;
  #request = oncePerFrame(() => this.#render());
  #isOrderOld = true;
  #orderedAfter = 0; // not before then is the order made anew
  #waiting = new Set(); // entries that don't stand where they belong, while the order is frozen
  #state = null;

  constructor(main, page) {
    const table = main.querySelector("[data-tasks]");
    this.#page = page;
    this.#model = new Model(page.max_rows);
    this.#body = table.querySelector("[data-rows]");
    this.#table = new Table(table);
    this.#arrows = new Arrows(this.#model, table);
    this.#freeze = new Freeze(this.#body, this.#request);
    this.#cancels = new Cancels(page.cancellation, this.#announcer, this.#request);
    this.#controls = new Controls(main, page.home, {
      onQuery: (query) => this.#setQuery(query),
      onApply: () => this.#order(),
    });
    this.#view = new View(this.#model, this.#controls.query);
    this.#live = new Live({
      socket: page.live,
      polling: page.changes,
      position: () => this.#model,
      onMessage: (message) => this.#receive(message),
      onState: (state, lastMessageAt) => this.#show(state, lastMessageAt),
      onRefused: (words) => notify(words, { problem: true }),
    });
  }

  start() {
    this.#listen();
    if (this.#page.can_act) {
      new PurgeDialog(this.#page.purges, (isOpen) => (isOpen ? this.#freeze.hold("dialog") : this.#freeze.release("dialog")));
    }
    this.#clock.start(this.#request);
    this.#live.start();
  }

  #listen() {
    this.#body.addEventListener("click", (event) => this.#clicked(event));
    for (const event of ["pointerover", "focusin"]) this.#body.addEventListener(event, ({ target }) => this.#pointAt(target));
    for (const event of ["pointerleave", "focusout"]) this.#body.addEventListener(event, () => this.#pointAt(null));
    addEventListener("scroll", this.#request, { passive: true });
    addEventListener("resize", () => {
      this.#table.remeasure();
      this.#request();
    });
  }

  #clicked({ target }) {
    if (!target.closest('[data-action="cancel"]')) return;
    const id = target.closest("[data-id]").dataset.id;
    this.#cancels.cancel(id, this.#model.row(id)?.name ?? id);
  }

  #pointAt(target) {
    if (this.#model.bootId === null) return;
    if (this.#arrows.setActive(target?.closest("[data-id]")?.dataset.id ?? null)) this.#request();
  }

  #receive(message) {
    this.#clock.sync(message.server_time);
    const effect = this.#model.apply(message);
    if (effect.snapshot) this.#noteSnapshot();
    if (effect.restarted) {
      this.#waiting.clear();
      this.#order();
      notify("The engine was restarted: its tasks of before are gone.");
    }
    this.#announcer.note(effect.moves);
    for (const entry of effect.changed) this.#noteChanged(entry);
    this.#request();
  }

  #noteSnapshot() {
    this.#isOrderOld = true;
    for (const entry of new Set([...this.#model.entries(), ...this.#table.order])) this.#noteChanged(entry);
  }

  #noteChanged(entry) {
    const index = this.#table.indexOf(entry.row.id);
    const isMisplaced = this.#view.isMisplaced(entry, this.#table.order, index, this.#clock.now());
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
    const order = this.#view.order(this.#clock.now());
    this.#table.setOrder(order);
    this.#arrows.setOrder(order, this.#view.query);
    this.#waiting.clear();
    this.#isOrderOld = false;
    this.#orderedAfter = began + (performance.now() - began) * ORDER_COST_SHARE;
    this.#request();
  }

  #render() {
    if (this.#model.bootId === null) return;
    if (this.#isOrderOld && (!this.#freeze.isFrozen || this.#table.order.length === 0)) {
      if (performance.now() < this.#orderedAfter) this.#request();
      else this.#order();
    }
    this.#controls.show(this.#model, this.#table.order.length, this.#freeze.isLasting ? this.#waiting.size : 0);
    this.#renderRows();
    document.documentElement.dataset.ready = "1";
  }

  #renderRows() {
    const height = this.#table.rowHeight;
    const context = {
      now: this.#now(),
      known: (id) => this.#model.row(id),
      pattern: this.#page.task,
      isPending: (id) => this.#cancels.isPending(id),
    };
    this.#arrows.setRoom(NARROW.matches ? LANES_NARROW : LANES_WIDE, !NARROW.matches);
    this.#table.render(
      (first, last) => {
        if (this.#arrows.prepare(first, last)) this.#request();
      },
      (slot, entry, index) => {
        patchRow(slot, entry, context);
        this.#arrows.draw(slot.cells.get("arrows"), entry, index, height);
      },
    );
  }

  /** Nothing ticks on where nothing is known. */
  #now() {
    if (this.#state !== "stale" || this.#live.lastMessageAt === null) return this.#clock.now();
    return this.#clock.now() - (Date.now() - this.#live.lastMessageAt) / 1000;
  }

  #show(state, lastMessageAt) {
    showConnection(state, lastMessageAt);
    const words = spokenChange(this.#state, state);
    if (words) this.#announcer.say(words);
    this.#state = state;
  }
}
