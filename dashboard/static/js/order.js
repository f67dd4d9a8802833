/** What each column sorts by; the server's order.py says the same. */
import { runSeconds, waitedSeconds } from "./format.js";
import { STATUS_ORDER } from "./status.js";

const KEYS = {
  id: (entry) => entry.row.id,
  name: (entry) => entry.row.name.toLowerCase(),
  status: (entry) => STATUS_ORDER.indexOf(entry.row.status),
  waited: (entry, now) => waitedSeconds(entry.row, now) ?? 0,
  run: (entry, now) => runSeconds(entry.row, now) ?? 0,
  progress: ({ row: { progress } }) => (progress === null ? -1 : progress.total ? progress.done / progress.total : 0),
  error: (entry) => (entry.row.error ?? "").toLowerCase(),
  thread: (entry) => entry.row.thread || -1,
};

export const SORTS = ["added", ...Object.keys(KEYS)];

/** The entries sorted by a column other than "added"; each key is made once. */
export function sorted(entries, { sort, dir }, now) {
  const key = KEYS[sort];
  const sign = dir === "asc" ? 1 : -1;
  const keyed = entries.map((entry) => ({ key: key(entry, now), seq: entry.seq, entry }));
  return keyed.sort((a, b) => compared(a, b, sign)).map(({ entry }) => entry);
}

/** How two entries stand to each other in that column: negative if the first comes first. */
export function compare(a, b, { sort, dir }, now) {
  const [keyA, keyB] = [KEYS[sort](a, now), KEYS[sort](b, now)];
  return compared({ key: keyA, seq: a.seq }, { key: keyB, seq: b.seq }, dir === "asc" ? 1 : -1);
}

function compared(a, b, sign) {
  if (a.key === b.key) return sign * (a.seq - b.seq);
  return a.key < b.key ? -sign : sign;
}
