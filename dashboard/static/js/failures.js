/** The failure inbox: follows the engine and asks for the groups anew as failures come and go. */
import { patchEntries, setAttribute, setHidden, setText } from "./cells.js";
import { addressOf, listAddress } from "./address.js";
import { Fetching } from "./fetching.js";
import { Follower } from "./follower.js";
import { ago, count } from "./format.js";
import { keep, kept } from "./kept.js";
import { PlanDialog } from "./plan.js";
import { ERROR } from "./status.js";

const FETCH_MS = 1_000;

export function startFailures(main, page) {
  new FailuresPage(main, page).start();
}

class FailuresPage {
  #main;
  #page;
  #list;
  #groups = null;
  #failed = null;
  #position;
  #seenUntil = Number(kept("failures-seen")) || null; // what came later is new; null before the first visit
  #follower;
  #fetching;

  constructor(main, page) {
    this.#main = main;
    this.#page = page;
    this.#list = main.querySelector("[data-failures]");
    this.#position = { bootId: page.boot_id, revision: page.revision };
    this.#follower = new Follower(page, { position: () => this.#position, onMessage: (message) => this.#receive(message) });
    this.#fetching = new Fetching(page.failures, FETCH_MS, ({ failures }) => this.#take(failures));
  }

  start() {
    if (this.#page.may.run || this.#page.may.purge) this.#listen(new PlanDialog(this.#page, () => {}));
    this.#follower.start(() => this.#show());
    this.#fetching.again();
  }

  #listen(dialog) {
    this.#list.addEventListener("click", ({ target }) => {
      const action = target.closest("[data-many-action]")?.dataset.manyAction;
      if (action) dialog.open(action, { q: `failure:${target.closest("[data-fingerprint]").dataset.fingerprint}`, status: "" });
    });
  }

  #receive(message) {
    const isNew = message.boot_id !== this.#position.bootId || message.counts[ERROR] !== this.#failed || message.rows?.some((row) => row.status === ERROR);
    this.#failed = message.counts[ERROR];
    this.#position = { bootId: message.boot_id, revision: message.revision };
    if (isNew) this.#fetching.again();
  }

  #take(groups) {
    this.#groups = groups;
    this.#show();
    keep("failures-seen", String(this.#follower.now));
    document.documentElement.dataset.ready = "1";
  }

  #show() {
    if (this.#groups === null) return;
    patchEntries(this.#list, "failure", this.#groups, (entry, cells, group) => this.#patch(cells, group));
    setHidden(this.#main.querySelector("[data-no-failures]"), this.#groups.length > 0);
  }

  #patch(cells, group) {
    const now = this.#follower.now;
    setText(cells.get("type"), group.type);
    setText(cells.get("where"), group.where);
    setText(cells.get("error"), group.error);
    setHidden(cells.get("error"), group.error === group.type);
    setHidden(cells.get("new"), this.#seenUntil === null || group.first_at <= this.#seenUntil);
    setText(cells.get("newest"), group.name);
    setAttribute(cells.get("newest"), "href", addressOf(this.#page.task, group.id));
    setText(cells.get("last"), ago(group.last_at, now));
    setText(cells.get("first"), group.count > 1 ? `; first ${ago(group.first_at, now)}` : "");
    setText(cells.get("count"), count(group.count));
    setText(cells.get("count-word"), group.count === 1 ? "task" : "tasks");
    setAttribute(cells.get("all"), "href", listAddress(this.#page.home, { q: `failure:${group.fingerprint}` }));
    if (!cells.has("actions")) return;
    setAttribute(cells.get("actions"), "data-fingerprint", group.fingerprint);
    const label = (button, verb) => button && setAttribute(button, "aria-label", `${verb} all with ${group.type}`);
    label(cells.get("rerun"), "Run again");
    label(cells.get("purge"), "Purge");
  }
}
