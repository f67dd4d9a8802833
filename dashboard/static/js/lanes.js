/** Gives each bus of dependency arrows a lane; pure. */

/**
 * A bus runs from a task past all that depend on it: `from`, `targets` (ids), the places `lo` and `hi` of its ends, and
 * its `lane`; lane `most` means that no lane was free.
 *
 * @param entries the listed ones, in ascending order of their `seq`, which is their place
 * @returns {{ buses: object[], lanes: number, isCrowded: boolean }}
 */
export function layBuses(entries, most) {
  const buses = collectBuses(entries);
  const ends = new Array(most).fill(-Infinity);
  let lanes = 0;
  let isCrowded = false;
  for (const bus of buses) {
    // Colouring of intervals, left edge first. Two buses that meet in one row would look like one: hence "<".
    const lane = ends.findIndex((end) => end < bus.lo);
    bus.lane = lane === -1 ? most : lane;
    if (lane === -1) isCrowded = true;
    else ends[lane] = bus.hi;
    lanes = Math.max(lanes, Math.min(bus.lane + 1, most));
  }
  return { buses, lanes, isCrowded };
}

function collectBuses(entries) {
  const places = new Map(entries.map((entry) => [entry.row.id, entry.seq]));
  const buses = new Map();
  for (const { row, seq } of entries) {
    for (const from of row.depend_on) {
      if (!places.has(from)) continue;
      if (!buses.has(from)) buses.set(from, busFrom(from, places.get(from)));
      extend(buses.get(from), row.id, seq);
    }
  }
  return [...buses.values()].sort((a, b) => a.lo - b.lo || b.hi - a.hi);
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
    if (places.has(from)) buses.push(extend({ ...busFrom(from, places.get(from)), lane: 1 }, id, at));
  }
  return buses;
}

function busFrom(from, place) {
  return { from, targets: new Set(), lo: place, hi: place, lane: 0 };
}

function extend(bus, id, place) {
  bus.targets.add(id);
  bus.lo = Math.min(bus.lo, place);
  bus.hi = Math.max(bus.hi, place);
  return bus;
}
