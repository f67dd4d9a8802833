/** Draws the timeline: a lane for each thread, a bar for each run in the colour of its name, idle stretches cut out. */
import { addressOf } from "./address.js";
import { setAttribute, setText } from "./cells.js";
import { shape } from "./drawing.js";
import { duration, elapsed, timeOfDay } from "./format.js";
import { lanesOf, runsWithin, scaleOf } from "./spans.js";
import { STATUS_WORDS } from "./status.js";

const MOST_RUNS = 1500;
const MOST_LANES = 40;
const [LANE, BAR, LABEL, AXIS] = [20, 14, 64, 22];
const COLOURS = 8;
const TICK_PX = 72;

export class Timeline {
  #svg;
  #pattern;
  #bars = new Map(); // id -> element
  #marks = shape("g", { class: "timeline-marks", "aria-hidden": "true" });
  #group = shape("g", {});

  constructor(svg, pattern) {
    this.#svg = svg;
    this.#pattern = pattern;
    svg.append(this.#marks, this.#group);
    svg.addEventListener("keydown", (event) => this.#walk(event));
  }

  /** Draws the runs from `start` to `end`; answers how many there are, on how many threads, and those left out. */
  draw(rows, start, end) {
    const runs = runsWithin(rows, start, end, MOST_RUNS);
    const lanes = lanesOf(runs);
    const shown = new Map(lanes.slice(0, MOST_LANES).map((thread, lane) => [thread, lane]));
    const width = this.#svg.getBoundingClientRect().width - LABEL;
    const scale = scaleOf(runs, start, end, width);
    this.#svg.style.height = `${AXIS + Math.max(1, shown.size) * LANE}px`;
    this.#mark(scale, [...shown.keys()], width);
    const there = new Set();
    for (const run of runs) {
      if (!shown.has(run.thread)) continue;
      there.add(run.row.id);
      this.#patch(run, shown.get(run.thread), scale, end);
    }
    for (const [id, bar] of this.#bars) {
      if (there.has(id)) continue;
      bar.remove();
      this.#bars.delete(id);
    }
    if (!this.#group.querySelector('[tabindex="0"]')) this.#group.lastElementChild?.setAttribute("tabindex", 0);
    return { runs: runs.length, threads: lanes.length, hidden: lanes.length - shown.size };
  }

  #patch({ row, from, to }, lane, scale, end) {
    let bar = this.#bars.get(row.id);
    if (!bar) {
      bar = shape("a", { class: "run", tabindex: -1, href: addressOf(this.#pattern, row.id), "data-colour": colourOf(kindOf(row.name)) });
      bar.append(shape("title", {}), shape("rect", { height: BAR, rx: 2 }));
      this.#group.append(bar);
      this.#bars.set(row.id, bar);
    }
    const [x, right] = [LABEL + scale.x(from), LABEL + scale.x(to)];
    const [title, rect] = bar.children;
    setAttribute(bar, "data-status", row.status);
    setAttribute(rect, "x", x.toFixed(1));
    setAttribute(rect, "y", AXIS + lane * LANE);
    setAttribute(rect, "width", Math.max(2, right - x - 0.5).toFixed(1));
    const words = `${row.name}, ${STATUS_WORDS[row.status]}, ${row.finished_at === null ? elapsed(end - row.started_at) : duration(row.finished_at - row.started_at)}`;
    setText(title, words);
    setAttribute(bar, "aria-label", words);
  }

  /** Names the threads, the times and the stretches that are left out. */
  #mark(scale, threads, width) {
    const labels = threads.map((thread, lane) => written(0, AXIS + lane * LANE + BAR - 3, `…${String(thread).slice(-6)}`));
    const gaps = scale.gaps.flatMap(({ x, seconds }) => {
      const height = AXIS + threads.length * LANE;
      return [shape("path", { class: "gap", d: `M${LABEL + x} ${AXIS - 4}V${height}` }), written(LABEL + x, AXIS - 10, elapsed(seconds), "gap-label")];
    });
    let free = 0;
    const times = scale.ticks.flatMap(({ x, time }) => {
      if (x < free || x > width - TICK_PX) return [];
      free = x + TICK_PX;
      return [written(LABEL + x, AXIS - 10, timeOfDay(time))];
    });
    this.#marks.replaceChildren(...labels, ...gaps, ...times);
  }

  /** Arrows lead from run to run, in the order of their begins. */
  #walk(event) {
    const way = { ArrowRight: "nextElementSibling", ArrowLeft: "previousElementSibling" }[event.key];
    const next = way && event.target[way];
    if (!next) return;
    event.preventDefault();
    event.target.setAttribute("tabindex", -1);
    next.setAttribute("tabindex", 0);
    next.focus();
  }
}

/** The first word of a name: what the task does, more often than not. */
export function kindOf(name) {
  return name.match(/\p{L}+/u)?.[0] ?? "";
}

const colours = new Map();

/** The colour of a kind: its own for the first ones seen, for as long as the page is open; "other" for the rest. */
export function colourOf(kind) {
  if (!colours.has(kind)) colours.set(kind, colours.size < COLOURS ? colours.size : "other");
  return colours.get(kind);
}

function written(x, y, text, name = "") {
  const element = shape("text", { x, y, class: name });
  element.textContent = text;
  return element;
}
