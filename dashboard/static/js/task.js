/** The page of one task: follows its changes and fetches it anew at each. */
import { Cancels } from "./actions.js";
import { addressOf } from "./address.js";
import { mayNotify } from "./attention.js";
import { collect, setAttribute, setHidden, setText } from "./cells.js";
import { patchCancel, patchDetail, patchTimes } from "./detail.js";
import { Fetching } from "./fetching.js";
import { Follower } from "./follower.js";
import { notify } from "./notices.js";
import { PlanDialog } from "./plan.js";
import { Runs } from "./runs.js";
import { Stack } from "./stack.js";
import { isFinal, STATUS_WORDS } from "./status.js";

const GRAPH_MS = 1_000;
const FETCH_MS = 250; // however often it changes, it isn't fetched more often than this

/** Takes the page over from the server; `page` holds the addresses and the revision it was rendered at. */
export function startTask(main, page) {
  new TaskPage(main, page).start();
}

class TaskPage {
  #main;
  #page;
  #id;
  #cells;
  #follower;
  #fetching;
  #graph = null; // a promise, once there is something to draw
  #cancels;
  #runs;
  #stack;
  #position;
  #detail = null;
  #related = new Set(); // tasks whose status this page shows beside its own
  #isGone = false;
  #isRestarted = false;

  constructor(main, page) {
    this.#main = main;
    this.#page = page;
    this.#id = main.dataset.id;
    this.#cells = collect(main, "[data-entries]");
    this.#stack = new Stack(main, this.#cells, page, this.#id);
    this.#position = { bootId: page.boot_id, revision: page.revision };
    this.#follower = new Follower(page, { position: () => this.#position, onMessage: (message) => this.#receive(message) });
    const dialog = page.may.cancel || page.may.run ? new PlanDialog(page, () => {}) : null;
    this.#runs = new Runs(this.#cells, page, this.#id, dialog);
    this.#cancels = new Cancels(page.cancellation, dialog, this.#follower.announcer, () => this.#patchCancel());
    this.#fetching = new Fetching(addressOf(page.detail, this.#id), FETCH_MS, (detail) => this.#take(detail), () => this.#lose());
  }

  start() {
    this.#cells.get("cancel")?.addEventListener("click", () => this.#cancels.cancel(this.#id, this.#detail?.name ?? this.#id));
    this.#main.querySelector("[data-watch]").addEventListener("change", (event) => this.#watch(event.target));
    this.#follower.start(() => this.#tick());
    this.#fetching.again();
  }

  #receive(message) {
    if (message.type === "heartbeat") return;
    this.#graph?.then((graph) => graph.note(message));
    const isSameEngine = message.boot_id === this.#position.bootId;
    if (isSameEngine && message.revision < this.#position.revision) return;
    if (!isSameEngine) this.#isRestarted = true;
    this.#position = { bootId: message.boot_id, revision: message.revision };
    if (message.type === "snapshot" || this.#concerns(message)) this.#fetching.again();
  }

  /** Whether a delta is of this task, of one that it is shown with, or of one that depends on it. */
  #concerns({ rows, removed }) {
    const isShown = (id) => id === this.#id || this.#related.has(id);
    return removed.some(isShown) || rows.some((row) => isShown(row.id) || row.depend_on.includes(this.#id));
  }

  #take(detail) {
    const before = this.#detail?.status;
    if (before !== undefined && before !== detail.status) this.#follower.announcer.say(`Now ${STATUS_WORDS[detail.status]}.`);
    this.#detail = detail;
    this.#isGone = false;
    this.#related = new Set([...detail.waits_for, ...detail.needed_by, ...detail.reruns].map((task) => task.id));
    setHidden(this.#main.querySelector("[data-gone]"), true);
    setAttribute(this.#main, "data-removed", null);
    patchDetail(this.#main, this.#cells, detail, this.#page, this.#follower.now);
    this.#patchCancel();
    this.#runs.patch(detail, false);
    this.#stack.patch(detail, false);
    setHidden(this.#main.querySelector("[data-watch]").parentElement, isFinal(detail.status));
    if (detail.waits_for_count + detail.needed_by_count) this.#graph ??= this.#startGraph();
    document.documentElement.dataset.ready = "1";
  }

  async #watch(box) {
    if (box.checked && !(await mayNotify())) {
      box.checked = false;
      notify("This browser doesn’t let the page notify: allow it in the site’s settings.");
    }
    this.#follower.attention.watch(this.#id, box.checked);
  }

  async #startGraph() {
    const { Graph } = await import("./graph.js");
    const section = this.#main.querySelector('[data-section="graph"]');
    return new Graph(section, this.#page, {
      id: this.#id,
      address: addressOf(this.#page.neighbourhood, this.#id),
      pauseMs: GRAPH_MS,
      isNews: (row, knows) => row.depend_on.some(knows),
      onAnswer: ({ nodes, is_cut: isCut }) => {
        setHidden(section, nodes.length < 2);
        return isCut ? `The nearest ${nodes.length} tasks; there are more.` : "";
      },
    });
  }

  #lose() {
    this.#isGone = true;
    document.documentElement.dataset.ready = "1";
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
    if (!this.#detail) return;
    this.#runs.patch(this.#detail, true);
    this.#stack.patch(this.#detail, true);
  }

  #patchCancel() {
    if (this.#detail) patchCancel(this.#main, this.#cells, this.#detail, this.#isGone, this.#cancels.isPending(this.#id));
    else if (this.#isGone && this.#cells.has("cancel")) setHidden(this.#cells.get("cancel"), true);
  }

  #tick() {
    if (this.#detail && !this.#isGone) patchTimes(this.#cells, this.#detail, this.#follower.now);
  }
}
