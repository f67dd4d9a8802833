/** The page of one task: follows its changes and fetches it anew at each. */
import { Cancels } from "./actions.js";
import { addressOf } from "./address.js";
import { Announcer } from "./announce.js";
import { collect, setAttribute, setHidden, setText } from "./cells.js";
import { Clock } from "./clock.js";
import { showConnection, spokenChange } from "./connection.js";
import { patchCancel, patchDetail, patchTimes } from "./detail.js";
import { getJson, Refusal } from "./http.js";
import { Live } from "./live.js";
import { notify } from "./notices.js";
import { STATUS_WORDS } from "./status.js";

const FETCH_MS = 250; // however often it changes, it isn't fetched more often than this
const RETRY_MS = 2_000;

/** Takes the page over from the server; `page` holds the addresses and the revision it was rendered at. */
export function startTask(main, page) {
  new TaskPage(main, page).start();
}

class TaskPage {
  #main;
  #page;
  #id;
  #cells;
  #clock = new Clock();
  #announcer = new Announcer();
  #cancels;
  #live;
  #state = null;
  #position;
  #detail = null;
  #related = new Set(); // tasks whose status this page shows beside its own
  #isGone = false;
  #isRestarted = false;
  #isFetching = false;
  #isOld = false;

  constructor(main, page) {
    this.#main = main;
    this.#page = page;
    this.#id = main.dataset.id;
    this.#cells = collect(main, "[data-entries]");
    this.#position = { bootId: page.boot_id, revision: page.revision };
    this.#cancels = new Cancels(page.cancellation, this.#announcer, () => this.#patchCancel());
    this.#live = new Live({
      socket: page.live,
      polling: page.changes,
      position: () => this.#position,
      onMessage: (message) => this.#receive(message),
      onState: (state, lastMessageAt) => this.#show(state, lastMessageAt),
      onRefused: (words) => notify(words, { problem: true }),
    });
  }

  start() {
    this.#cells.get("cancel")?.addEventListener("click", () => this.#cancels.cancel(this.#id, this.#detail?.name ?? this.#id));
    this.#clock.start(() => this.#tick());
    this.#live.start();
    this.#fetch();
  }

  #receive(message) {
    this.#clock.sync(message.server_time);
    if (message.type === "heartbeat") return;
    const isSameEngine = message.boot_id === this.#position.bootId;
    if (isSameEngine && message.revision < this.#position.revision) return;
    if (!isSameEngine) this.#isRestarted = true;
    this.#position = { bootId: message.boot_id, revision: message.revision };
    if (message.type === "snapshot" || this.#concerns(message)) this.#fetch();
  }

  /** Whether a delta is of this task, of one that it is shown with, or of one that depends on it. */
  #concerns({ rows, removed }) {
    const isShown = (id) => id === this.#id || this.#related.has(id);
    return removed.some(isShown) || rows.some((row) => isShown(row.id) || row.depend_on.includes(this.#id));
  }

  /** Fetches the task: at once, or when the fetch under way and its pause are over. */
  async #fetch() {
    this.#isOld = true;
    if (this.#isFetching) return;
    this.#isFetching = true;
    while (this.#isOld) {
      this.#isOld = false;
      const pause = await this.#fetchOnce();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
    this.#isFetching = false;
  }

  /** Answers how many milliseconds to wait before the next fetch. */
  async #fetchOnce() {
    try {
      this.#take(await getJson(addressOf(this.#page.detail, this.#id)));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      if (refusal.status === 404) this.#lose();
      else {
        this.#isOld = true;
        return RETRY_MS;
      }
    }
    document.documentElement.dataset.ready = "1";
    return FETCH_MS;
  }

  #take(detail) {
    const before = this.#detail?.status;
    if (before !== undefined && before !== detail.status) this.#announcer.say(`Now ${STATUS_WORDS[detail.status]}.`);
    this.#detail = detail;
    this.#isGone = false;
    this.#related = new Set([...detail.waits_for, ...detail.needed_by].map((task) => task.id));
    setHidden(this.#main.querySelector("[data-gone]"), true);
    setAttribute(this.#main, "data-removed", null);
    patchDetail(this.#main, this.#cells, detail, this.#page, this.#clock.now());
    this.#patchCancel();
  }

  #lose() {
    this.#isGone = true;
    const notice = this.#main.querySelector("[data-gone]");
    setText(
      notice,
      this.#isRestarted
        ? "The engine was restarted and doesn’t know this task. What follows is what was known last."
        : "The record of this task was removed. What follows is what was known last.",
    );
    setHidden(notice, false);
    setAttribute(this.#main, "data-removed", "");
    this.#patchCancel();
  }

  #patchCancel() {
    if (this.#detail) patchCancel(this.#main, this.#cells, this.#detail, this.#isGone, this.#cancels.isPending(this.#id));
    else if (this.#isGone && this.#cells.has("cancel")) setHidden(this.#cells.get("cancel"), true);
  }

  #tick() {
    if (this.#detail && !this.#isGone && this.#state !== "stale") patchTimes(this.#cells, this.#detail, this.#clock.now());
  }

  #show(state, lastMessageAt) {
    showConnection(state, lastMessageAt);
    const words = spokenChange(this.#state, state);
    if (words) this.#announcer.say(words);
    this.#state = state;
  }
}
