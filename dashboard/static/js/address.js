/** Where things are: addresses of tasks, and the list's filters and order as an address. */
import { SORTS } from "./order.js";

const DEFAULTS = { status: "", q: "", sort: "added", dir: "desc" };
const LONGEST_SEARCH = 200;

/** Puts a task's id into one of the patterns that the server gave. */
export function addressOf(pattern, id) {
  return pattern.replace("TASK_ID", () => encodeURIComponent(id));
}

/** Reads filters and order from the part of an address after "?"; what makes no sense is the default. */
export function readQuery(search) {
  const params = new URLSearchParams(search);
  const query = { ...DEFAULTS };
  for (const key of Object.keys(DEFAULTS)) query[key] = params.get(key) ?? DEFAULTS[key];
  query.q = query.q.slice(0, LONGEST_SEARCH);
  if (!/^[0-4](,[0-4])*$/.test(query.status)) query.status = DEFAULTS.status;
  if (!SORTS.includes(query.sort)) query.sort = DEFAULTS.sort;
  if (query.dir !== "asc") query.dir = DEFAULTS.dir;
  return query;
}

/** The list's address for these filters and this order; what is the default isn't said. */
export function listAddress(home, query) {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) if (value !== DEFAULTS[key]) params.set(key, value);
  return params.size ? `${home}?${params}` : home;
}

/** The address of what is new since a position; of everything, where `bootId` is null. */
export function changesAddress(path, { bootId, revision }) {
  const address = new URL(path, location.href);
  if (bootId !== null) address.search = new URLSearchParams({ boot_id: bootId, since: revision });
  return address;
}

/** The same as a websocket's. */
export function socketAddress(path, position) {
  const address = changesAddress(path, position);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address;
}
