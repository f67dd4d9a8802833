/** Lays a graph of dependencies out in layers, from left to right; pure. */

const SWEEPS = 8;

/**
 * Each node (`id`, `depend_on`) gets its `layer`, one after the last of those it depends on, and its `place` in it, chosen by
 * the middle of its neighbours' places (barycentre heuristic of Sugiyama's method), so that few edges cross.
 *
 * @returns {{ places: Map<string, {layer: number, place: number}>, layers: string[][], edges: {from: string, to: string}[] }}
 */
export function layOut(nodes) {
  const edges = nodes.flatMap(({ id, depend_on }) => depend_on.map((from) => ({ from, to: id })));
  const before = new Map(nodes.map(({ id, depend_on }) => [id, depend_on]));
  const behind = new Map(nodes.map(({ id }) => [id, []]));
  for (const { from, to } of edges) behind.get(from).push(to);
  const layers = layersOf(nodes, before, behind);
  for (let sweep = 0; sweep < SWEEPS; sweep++) arrange(layers, sweep % 2 ? behind : before, sweep % 2 === 1);
  const places = new Map();
  layers.forEach((ids, layer) => ids.forEach((id, index) => places.set(id, { layer, place: index - (ids.length - 1) / 2 })));
  return { places, layers, edges };
}

function layersOf(nodes, before, behind) {
  const layer = new Map(nodes.map(({ id }) => [id, 0]));
  const open = new Map(nodes.map(({ id }) => [id, before.get(id).length]));
  const ready = nodes.filter(({ id }) => open.get(id) === 0).map(({ id }) => id);
  for (const id of ready) {
    for (const next of behind.get(id)) {
      layer.set(next, Math.max(layer.get(next), layer.get(id) + 1));
      open.set(next, open.get(next) - 1);
      if (open.get(next) === 0) ready.push(next);
    }
  }
  for (const { id } of nodes) {
    const next = behind.get(id).map((one) => layer.get(one));
    if (before.get(id).length === 0 && next.length) layer.set(id, Math.min(...next) - 1); // close to where it is needed
  }
  const layers = [];
  for (const { id } of nodes) (layers[layer.get(id)] ??= []).push(id);
  return layers.filter(Boolean);
}

/** Orders each layer by the middle of its neighbours, from the first layer to the last or back. */
function arrange(layers, neighbours, isBackwards) {
  const index = new Map();
  const remember = (ids) => ids.forEach((id, place) => index.set(id, place / ids.length));
  layers.forEach(remember);
  for (const ids of isBackwards ? layers.toReversed() : layers) {
    const middle = new Map(ids.map((id) => [id, mean(neighbours.get(id).map((one) => index.get(one))) ?? index.get(id)]));
    ids.sort((a, b) => middle.get(a) - middle.get(b));
    remember(ids);
  }
}

function mean(numbers) {
  return numbers.length ? numbers.reduce((sum, number) => sum + number, 0) / numbers.length : null;
}
