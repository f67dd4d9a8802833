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
    this.#say(this.#timeline.draw(rows, now - rangeS, now), rows.length);
    this.#drawLegend(rows, now - rangeS);
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
      const kind = kindOf(row.name);
      const word = colourOf(kind) === "other" ? "others" : kind || "without a word";
      const { number } = kinds.get(word) ?? { number: 0 };
      kinds.set(word, { colour: colourOf(kind), number: number + 1 });
    }
    const most = [...kinds].sort(([, a], [, b]) => b.number - a.number);
    patchEntries(this.#main.querySelector("[data-legend]"), "kind", most, (entry, cells, [word, { colour, number }]) => {
      setAttribute(entry, "data-colour", colour);
      setText(cells.get("kind"), word);
      setText(cells.get("kind-count"), count(number));
    });
  }
}
