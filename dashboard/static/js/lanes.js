/** Gives each bus of dependency arrows a lane; pure. */

/**
 * A bus runs from a task past those that depend on it: `from`, `targets` (ids), the places `lo` and `hi` of its ends,
 * and its `lane`; lane `most` means that no lane was free. The shortest arrows come first, since they are read at a
 * glance: each has its task's bus reach farther, until no lane is free for that. All that are longer make a second bus,
 * without a lane.
 *
 * @param entries the listed ones, in ascending order of their `seq`, which is their place
 * @returns {{ buses: object[], lanes: number, isCrowded: boolean }}
 */
export function layBuses(entries, most) {
  const lanes = Array.from({ length: most }, () => []); // each the buses in it, in their order
  const laid = new Map();
  const rest = new Map();
  for (const { from, start, to, end } of collectArrows(entries)) {
    if (!rest.has(from)) {
      const bus = laid.get(from) ?? busFrom(from, start, most);
      if (findRoom(bus, end, lanes)) laid.set(from, bus);
      else rest.set(from, busFrom(from, start, most));
    }
    extend(rest.get(from) ?? laid.get(from), to, end);
  }
  const used = lanes.findLastIndex((lane) => lane.length > 0) + 1;
  return { buses: [...laid.values(), ...rest.values()], lanes: used, isCrowded: rest.size > 0 };
}

function collectArrows(entries) {
  const places = new Map(entries.map((entry) => [entry.row.id, entry.seq]));
  const arrows = [];
  for (const { row, seq } of entries) {
    for (const from of row.depend_on) {
      const start = places.get(from);
      if (start !== undefined) arrows.push({ from, start, to: row.id, end: seq, span: Math.abs(seq - start) });
    }
  }
  return arrows.sort((a, b) => a.span - b.span);
}

/** Puts the bus into the first lane where it meets no other on its way to `place`; answers false if there is none. */
function findRoom(bus, place, lanes) {
  const lo = Math.min(bus.lo, place);
  const hi = Math.max(bus.hi, place);
  const lane = lanes.findIndex((taken) => isFree(taken, bus, lo, hi));
  if (lane === -1) return false;
  if (lane !== bus.lane) {
    lanes[bus.lane]?.splice(countUpTo(lanes[bus.lane], bus.lo) - 1, 1);
    lanes[lane].splice(countUpTo(lanes[lane], lo), 0, bus);
    bus.lane = lane;
  }
  return true;
}

/** Two buses that meet in one row would look like one: hence "<". */
function isFree(taken, bus, lo, hi) {
  let last = countUpTo(taken, hi) - 1;
  if (taken[last] === bus) last -= 1;
  return last < 0 || taken[last].hi < lo;
}

/** How many buses of a lane begin at a place or before it. */
function countUpTo(taken, place) {
  let count = 0;
  let end = taken.length;
  while (count < end) {
    const middle = (count + end) >> 1;
    if (taken[middle].lo <= place) count = middle + 1;
    else end = middle;
  }
  return count;
}

/**
 * The buses of one task among the listed ones, whatever their order: on lane 0 to those that depend on it, on lane 1
 * from those it depends on. Places are indexes in `order`.
 */
export function busesOf(id, order) {
  const places = new Map(order.map((entry, index) => [entry.row.id, index]));
  if (!places.has(id)) return [];
  const at = places.get(id);
  const outward = busFrom(id, at);
  order.forEach(({ row }, index) => {
    if (row.depend_on.includes(id)) extend(outward, row.id, index);
  });
  const buses = outward.targets.size ? [outward] : [];
  for (const from of order[at].row.depend_on) {
    if (places.has(from)) buses.push(extend(busFrom(from, places.get(from), 1), id, at));
  }
  return buses;
}

function busFrom(from, place, lane = 0) {
  return { from, targets: new Set(), lo: place, hi: place, lane };
}

function extend(bus, id, place) {
  bus.targets.add(id);
  bus.lo = Math.min(bus.lo, place);
  bus.hi = Math.max(bus.hi, place);
  return bus;
}
