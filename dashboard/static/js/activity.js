/** The page of what happened over time: charts and the timeline, from the tasks that the page holds. */
import { summed } from "./buckets.js";
import { patchEntries, setAttribute, setHidden, setText } from "./cells.js";
import { drawChart } from "./charts.js";
import { Follower } from "./follower.js";
import { count, counted, duration } from "./format.js";
import { Model } from "./model.js";
import { ERROR } from "./status.js";
import { colourOf, kindOf, Timeline } from "./timeline.js";

const DRAW_MS = 1_000;

export function startActivity(main, page) {
  new ActivityPage(main, page).start();
}

class ActivityPage {
  #main;
  #model;
  #range;
  #timeline;
  #follower;
  #drawnAt = 0;

  constructor(main, page) {
    this.#main = main;
    this.#model = new Model(page.max_rows);
    this.#range = main.querySelector("[data-range]");
    this.#timeline = new Timeline(main.querySelector("[data-timeline]"), page.task);
    this.#follower = new Follower(page, { position: () => this.#model, onMessage: (message) => this.#receive(message) });
  }

  start() {
    const asked = new URLSearchParams(location.search).get("range");
    if ([...this.#range.options].some((option) => option.value === asked)) this.#range.value = asked;
    this.#range.addEventListener("change", () => {
      history.replaceState(null, "", `?range=${this.#range.value}`);
      this.#draw();
    });
    addEventListener("resize", () => this.#draw());
    this.#follower.start(() => performance.now() - this.#drawnAt > DRAW_MS && this.#draw());
  }

  #receive(message) {
    const { snapshot } = this.#model.apply(message);
    if (snapshot) this.#draw();
  }

  #draw() {
    if (this.#model.bootId === null || document.hidden) return;
    this.#drawnAt = performance.now();
    const rows = [...this.#model.entries()].map((entry) => entry.row);
    const now = this.#follower.now;
    const rangeS = Number(this.#range.value);
    this.#drawCharts(summed(rows, now, rangeS, ERROR));
    this.#drawLegend(rows, now - rangeS); // first: the kinds of which there are most get colours of their own
    this.#say(this.#timeline.draw(rows, now - rangeS, now), rows.length);
    document.documentElement.dataset.ready = "1";
  }

  #drawCharts({ bucketS, ended, failed, waits, runs, oldest }) {
    const perMinute = (values) => values.map((value) => (value * 60) / bucketS);
    const rate = (value) => `${count(Math.round(value))}/min`;
    const part = (name) => this.#main.querySelector(`[data-chart="${name}"]`);
    drawChart(part("ended"), { ended: perMinute(ended) }, rate);
    drawChart(part("failed"), { failed: perMinute(failed) }, rate);
    drawChart(part("waits"), waits, duration);
    drawChart(part("runs"), runs, duration);
    drawChart(part("oldest"), { oldest }, duration);
  }

  #say({ runs, threads, hidden }, held) {
    const part = (selector) => this.#main.querySelector(selector);
    const parts = [`${counted(runs, "run")} on ${counted(threads, "thread")}`];
    if (hidden) parts.push(`${count(hidden)} of them aren't drawn`);
    if (this.#model.isPartial) parts.push(`from the newest ${counted(held, "task")}`);
    setText(part("[data-timeline-note]"), `${parts.join("; ")}.`);
    setHidden(part("[data-no-runs]"), runs > 0);
  }

  #drawLegend(rows, start) {
    const kinds = new Map();
    for (const row of rows) {
      if (row.started_at === null || (row.finished_at ?? Infinity) < start) continue;
      kinds.set(kindOf(row.name), (kinds.get(kindOf(row.name)) ?? 0) + 1);
    }
    const byNumber = [...kinds].sort((a, b) => b[1] - a[1]).map(([kind, number]) => ({ kind, number, colour: colourOf(kind) }));
    const named = byNumber.filter(({ colour }) => colour !== "other");
    const others = byNumber.filter(({ colour }) => colour === "other");
    if (others.length) named.push({ kind: "others", number: others.reduce((sum, { number }) => sum + number, 0), colour: "other" });
    patchEntries(this.#main.querySelector("[data-legend]"), "kind", named, (entry, cells, { kind, number, colour }) => {
      setAttribute(entry, "data-colour", colour);
      setText(cells.get("kind"), kind || "without a word");
      setText(cells.get("kind-count"), count(number));
    });
  }
}
