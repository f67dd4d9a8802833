/** Draws a row's part of the dependency arrows as SVG. */

const SVG = "http://www.w3.org/2000/svg";
const LANE = 7;
const MARGIN = 13; // room for the bend and the arrow's head, beside the row's own cells
const BEND = 5;
const HEAD = "h-5.5l0 -3l5.5 3l-5.5 3l0 -3";

let pen = null;

/** How wide the column of arrows is with so many lanes, in pixels. */
export function gutterWidth(lanes) {
  return lanes ? MARGIN + lanes * LANE + 3 : MARGIN;
}

/**
 * Draws `segments` into the `gutter` of a row; does nothing where they stand there already. A segment is what one bus does
 * in this row: it comes from or goes `up` and `down`, `begins` here, or ends here in an arrow `to` this row.
 */
export function drawSegments(gutter, segments, lanes, height) {
  const signature = JSON.stringify([segments, lanes, height]);
  if (gutter.drawn === signature) return;
  gutter.drawn = signature;
  if (segments.length === 0) return gutter.replaceChildren();
  const width = gutterWidth(lanes);
  const drawing = shape("svg", { width, height, viewBox: `0 0 ${width} ${height}` });
  for (const segment of segments) drawing.append(...shapes(segment, width, height));
  gutter.replaceChildren(drawing);
}

function shapes(segment, width, height) {
  const x = width - MARGIN - segment.lane * LANE - 0.5;
  const look = { "data-from": segment.from, "data-status": segment.status, class: segment.isActive ? "bus is-active" : "bus" };
  if (segment.to !== null) look["data-to"] = segment.to;
  const parts = [shape("path", { ...look, d: line(segment, x, width, height) })];
  const middle = height / 2;
  if (segment.to !== null) parts.push(shape("path", { ...look, class: `${look.class} head`, d: `M${width} ${middle}${HEAD}z` }));
  if (segment.begins) parts.push(shape("circle", { ...look, class: `${look.class} head`, cx: width - 3, cy: middle, r: 2.5 }));
  return parts;
}

/** The line of a bus through a row: straight on, and bent or branched off where it begins or ends here. */
function line({ begins, to, up, down }, x, width, height) {
  const middle = height / 2;
  const right = to === null ? width - 3 : width - 5;
  const through = `M${x} 0V${height}`;
  const above = `M${x} 0V${middle - BEND}Q${x} ${middle} ${x + BEND} ${middle}H${right}`;
  const below = `M${x} ${height}V${middle + BEND}Q${x} ${middle} ${x + BEND} ${middle}H${right}`;
  if (!begins && to === null) return through;
  if (up && down) return `${through}M${x} ${middle}H${right}`;
  return up ? above : below;
}

/** A text, cut short where it would be wider than `width` pixels in the page's font at `size` rem. */
export function cutTo(width, text, size) {
  pen ??= document.createElement("canvas").getContext("2d");
  const { fontSize } = getComputedStyle(document.documentElement);
  pen.font = `${size * parseFloat(fontSize)}px ${getComputedStyle(document.body).fontFamily}`;
  if (pen.measureText(text).width <= width) return text;
  let length = Math.min(text.length, Math.ceil(width / 2));
  while (length > 1 && pen.measureText(`${text.slice(0, length)}…`).width > width) length -= 1;
  return `${text.slice(0, length).trimEnd()}…`;
}

/** An element of a drawing. */
export function shape(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}
