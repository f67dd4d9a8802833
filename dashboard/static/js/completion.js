/** What a search that is being typed may go on with. */
import { counted, duration } from "./format.js";
import { QUALIFIERS } from "./search.js";
import { STATUS_ORDER, STATUS_WORDS } from "./status.js";

const MOST = 8;
const MOST_LOOKED_AT = 5_000; // of the newest tasks: it is asked at each key
const AGES_S = { "5m": 300, "1h": 3600, "1d": 86400 };

/**
 * The suggestions for the word before the caret, as `text` to put in its place and `hint`: qualifiers first, and after
 * a colon its values with how many tasks have them.
 */
export function complete(typed, model) {
  const start = wordStart(typed);
  const [, sign, key, value] = typed.slice(start).toLowerCase().match(/^(-?)(?:([a-z]+):)?(.*)$/);
  const found = key ? values(key, value.replaceAll('"', ""), model).map((one) => ({ ...one, text: `${sign}${key}:${one.text} ` })) : qualifiers(sign, value);
  return { start, suggestions: found.slice(0, MOST) };
}

/** Where the last word begins: after the last space that no quotes enclose. */
function wordStart(typed) {
  let isQuoted = false;
  let start = 0;
  for (let place = 0; place < typed.length; place++) {
    if (typed[place] === '"') isQuoted = !isQuoted;
    if (typed[place] === " " && !isQuoted) start = place + 1;
  }
  return start;
}

function qualifiers(sign, begun) {
  const fitting = Object.entries(QUALIFIERS).filter(([key]) => key.startsWith(begun));
  return fitting.map(([key, hint]) => ({ text: `${sign}${key}:`, hint }));
}

function values(key, begun, model) {
  if (key === "status") return states(begun, model);
  if (key === "name") return frequent(begun, newest(model).map((row) => row.name));
  if (key === "error") return frequent(begun, newest(model).filter((row) => row.error).map((row) => row.error.split(":")[0]));
  if (key === "depends") return frequent(begun, newest(model).flatMap((row) => row.depend_on), (id) => model.row(id)?.name);
  if (key === "failure") return frequent(begun, newest(model).flatMap((row) => row.failure ?? []));
  if (key === "after" || key === "before") return ages(begun);
  if (key === "is") return frequent(begun, newest(model).flatMap((row) => (row.stuck ? "stuck" : [])));
  return [];
}

function states(begun, model) {
  const fitting = STATUS_ORDER.filter((code) => STATUS_WORDS[code].toLowerCase().startsWith(begun));
  return fitting.map((code) => ({ text: STATUS_WORDS[code].toLowerCase(), hint: counted(model.counts[code], "task") }));
}

function ages(begun) {
  const fitting = Object.entries(AGES_S).filter(([age]) => age.startsWith(begun));
  return fitting.map(([age, seconds]) => ({ text: age, hint: duration(seconds) }));
}

function newest(model) {
  const entries = [...model.entries()].slice(-MOST_LOOKED_AT);
  return entries.map((entry) => entry.row);
}

/** The most frequent of these texts that hold what was begun; `named` says more of one. */
function frequent(begun, texts, named = () => "") {
  const times = new Map();
  for (const text of texts) if (text.toLowerCase().includes(begun)) times.set(text, (times.get(text) ?? 0) + 1);
  const ranked = [...times].sort((a, b) => b[1] - a[1]).slice(0, MOST);
  return ranked.map(([text, number]) => ({ text: quoted(text), hint: [named(text), counted(number, "task")].filter(Boolean).join(", ") }));
}

function quoted(text) {
  const plain = text.replaceAll('"', "*"); // nothing stands for a quote itself
  return / |^$/.test(plain) ? `"${plain}"` : plain;
}
