/** Draws small line charts: one scale each from zero, the bucket that isn't over yet dashed. */
import { setAttribute, setText } from "./cells.js";
import { BUCKETS } from "./buckets.js";
import { shape } from "./drawing.js";

const [WIDTH, HEIGHT, TOP] = [240, 56, 4];

/**
 * Draws `series` (arrays of values, null for none) into a figure of the page. `figure(value)` says a value; the caption says
 * the newest of each, the label that and the highest.
 */
export function drawChart(element, series, figure) {
  const svg = element.querySelector("svg");
  const values = Object.values(series);
  const most = Math.max(...values.flat().filter((value) => value !== null), 0);
  const y = (value) => HEIGHT - (most ? (value / most) * (HEIGHT - TOP) : 0) - 1;
  while (svg.childElementCount < values.length * 2) svg.append(shape("path", {}));
  Object.entries(series).forEach(([name, points], index) => {
    patchLine(svg.children[index * 2], `line-${name}`, path(points.slice(0, -1), y, 0));
    patchLine(svg.children[index * 2 + 1], `line-${name} is-partial`, path(points.slice(-2), y, BUCKETS - 2));
  });
  const newest = Object.entries(series).map(([name, points]) => [name, points.findLast((value) => value !== null) ?? null]);
  const said = newest.map(([name, value]) => `${values.length > 1 ? `${name} ` : ""}${value === null ? "none" : figure(value)}`).join(", ");
  setText(element.querySelector("[data-chart-now]"), said);
  setText(element.querySelector("[data-chart-most]"), most ? `up to ${figure(most)}` : "");
  setAttribute(svg, "aria-label", `${element.querySelector("[data-chart-title]").textContent}: ${said}; at most ${figure(most)}`);
}

function patchLine(line, name, d) {
  setAttribute(line, "class", name);
  setAttribute(line, "d", d);
}

/** A line through the points; a lone one between gaps is a dash of its own. */
function path(points, y, first) {
  const step = WIDTH / (BUCKETS - 1);
  let d = "";
  let isDrawing = false;
  points.forEach((value, index) => {
    const x = ((index + first) * step).toFixed(1);
    if (value !== null) d += isDrawing ? `L${x} ${y(value).toFixed(1)}` : `M${x} ${y(value).toFixed(1)}h0.1`;
    isDrawing = value !== null;
  });
  return d;
}
