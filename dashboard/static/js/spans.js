/** Puts runs of tasks on lanes, one for each thread, along a time axis without the stretches in which nothing ran; pure. */

const GAP_PX = 28;
const TICK_PX = 160;
const SHORTEST_GAP_SHARE = 0.06; // of the whole: shorter stretches of idleness are left as they are

/**
 * The runs of `rows` that touch the time from `start` to `end`: `{ row, thread, from, to }`, by their begin. The newest `most` only.
 */
export function runsWithin(rows, start, end, most) {
  const runs = [];
  for (const row of rows) {
    if (row.started_at === null || row.thread === null) continue;
    const [from, to] = [Math.max(start, row.started_at), Math.min(end, row.finished_at ?? end)];
    if (to >= start && from <= end) runs.push({ row, thread: row.thread, from, to: Math.max(from, to) });
  }
  runs.sort((a, b) => a.from - b.from);
  return runs.slice(-most);
}

/** The threads in the order of their first run. */
export function lanesOf(runs) {
  return [...new Set(runs.map((run) => run.thread))];
}

/**
 * A scale from time to pixels in which idle stretches are as narrow as GAP_PX: `x(time)`, `gaps` (pixels of their middles, with
 * the `seconds` left out), and `ticks` (pixels and times: where something begins again, and from there on at even distances).
 */
export function scaleOf(runs, start, end, width) {
  const busy = busyStretches(runs, start, end);
  const total = busy.reduce((sum, [from, to]) => sum + to - from, 0) || 1;
  const perSecond = (width - GAP_PX * (busy.length - 1)) / total;
  const places = [];
  let x = 0;
  for (const [from, to] of busy) {
    places.push({ from, to, x });
    x += (to - from) * perSecond + GAP_PX;
  }
  return {
    x: (time) => {
      const stretch = places.findLast(({ from }) => from <= time) ?? places[0];
      return stretch.x + (Math.min(stretch.to, Math.max(stretch.from, time)) - stretch.from) * perSecond;
    },
    gaps: places.slice(1).map((after, index) => ({ x: after.x - GAP_PX / 2, seconds: after.from - places[index].to })),
    ticks: places.flatMap((stretch) => ticksOf(stretch, perSecond)),
  };
}

function ticksOf({ from, to, x }, perSecond) {
  const more = Math.floor(((to - from) * perSecond) / TICK_PX);
  return Array.from({ length: more + 1 }, (_, index) => ({ time: from + (index * TICK_PX) / perSecond, x: x + index * TICK_PX }));
}

/** Stretches of time in which something ran, those that are close together joined; all of it where nothing did. */
function busyStretches(runs, start, end) {
  const shortest = (end - start) * SHORTEST_GAP_SHARE;
  const busy = [];
  for (const { from, to } of runs) {
    const last = busy.at(-1);
    if (last && from - last[1] < shortest) last[1] = Math.max(last[1], to);
    else busy.push([from, to]);
  }
  if (busy.length === 0) return [[start, end]];
  const margin = shortest / 6; // so that a lone short run isn't as wide as the page
  return busy.map(([from, to]) => [from - margin, to + margin]);
}
