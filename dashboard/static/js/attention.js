/** Calls for attention while nobody looks: the number that runs in the title, the state in the tab's icon, and notifications. */
import { kept } from "./kept.js";
import { ERROR, isFinal, RUNNING, STATUS_WORDS } from "./status.js";

const PAUSE_MS = 10_000; // between two notifications of failures

export class Attention {
  #icon = document.querySelector('link[rel="icon"]');
  #icons;
  #title = document.title;
  #failures = null; // how many there were when somebody last did something here
  #counts = [0, 0, 0, 0, 0];
  #isStale = false;
  #notifiedAt = -Infinity;
  #watched = new Set();

  /** `icons` is where the page's icons lie. */
  constructor(icons) {
    this.#icons = icons;
    for (const event of ["pointerdown", "keydown", "focus"]) {
      addEventListener(event, () => {
        this.#failures = this.#counts[ERROR];
        this.#show();
      });
    }
  }

  /** Takes a message in; a snapshot tells nothing new. */
  note({ counts, rows = [], type }) {
    const hasFailed = this.#failures !== null && counts[ERROR] > this.#counts[ERROR];
    this.#counts = counts;
    this.#failures = Math.min(this.#failures ?? counts[ERROR], counts[ERROR]); // a purge takes some away
    if (type === "delta" && hasFailed) this.#notifyOfFailures(rows.filter((row) => row.status === ERROR));
    if (type === "delta") this.#notifyOfWatched(rows);
    this.#show();
  }

  setStale(isStale) {
    this.#isStale = isStale;
    this.#show();
  }

  /** Has the end of a task notified, or no longer. */
  watch(id, isWatched) {
    if (isWatched) this.#watched.add(id);
    else this.#watched.delete(id);
  }

  #show() {
    const running = this.#counts[RUNNING];
    const title = running ? `(${running}) ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
    const name = this.#isStale ? "favicon-stale" : this.#counts[ERROR] > this.#failures ? "favicon-failed" : running ? "favicon-running" : "favicon";
    const address = `${this.#icons}${name}.svg`;
    if (this.#icon.getAttribute("href") !== address) this.#icon.setAttribute("href", address);
  }

  #notifyOfFailures([first, ...others]) {
    if (!first || kept("notify") !== "on" || performance.now() - this.#notifiedAt < PAUSE_MS) return;
    this.#notifiedAt = performance.now();
    const more = others.length ? `, and ${others.length} more` : "";
    tell(`Failed: ${first.name}${more}`, first.error ?? "", "failures");
  }

  #notifyOfWatched(rows) {
    for (const row of rows) {
      if (!isFinal(row.status) || !this.#watched.delete(row.id)) continue;
      tell(`${STATUS_WORDS[row.status]}: ${row.name}`, row.error ?? "", row.id);
    }
  }
}

/** Whether the viewer lets this page notify; asks, if that was never answered. */
export async function mayNotify() {
  return "Notification" in globalThis && (await Notification.requestPermission()) === "granted";
}

function tell(title, body, tag) {
  if ("Notification" in globalThis && Notification.permission === "granted") new Notification(title, { body, tag: `task-control-${tag}` });
}
