/** What a search says: words and qualifiers such as `status:error after:1h`; the server's search.py reads them the same. */
import { STATUS_WORDS } from "./status.js";

const TERM = /(-?)([a-z]+):("[^"]*"?|[^ ]*)|"([^"]*)"?|[^ ]+/g;
const AGE = /^([0-9]{1,6})([smhd])$/;
const UNITS_S = { s: 1, m: 60, h: 3600, d: 86400 };

/** What stands before the colon, and what it means. */
export const QUALIFIERS = {
  status: "its state",
  name: "in its name, * for anything",
  error: "in its error, * for anything",
  after: "added within, such as 1h",
  before: "added longer ago than, such as 1d",
  is: "stuck, which is what hasn’t moved for a while",
  depends: "the id of a task it waits for",
  id: "in its id",
  thread: "the number of its thread",
  failure: "the mark of failures of one kind",
};

const TESTS = { status, name: text, error: text, after: age, before: age, is, depends, id: text, thread, failure };

/** The conditions of a search in lower case, all of which must hold; what is neither qualifier nor quoted makes one phrase. */
function readTerms(search) {
  const terms = [];
  const words = [];
  for (const [all, sign, key, value, quoted] of search.toLowerCase().matchAll(TERM)) {
    const isKnown = Object.hasOwn(TESTS, key ?? "");
    if (isKnown) terms.push({ key, value: value.replace(/^"+|"+$/g, ""), isNegated: sign === "-", all });
    else if (quoted === undefined) words.push(all);
    else terms.push({ key: "", value: quoted, all });
  }
  terms.push({ key: "", value: words.join(" "), all: words.join(" ") });
  return terms.filter((term) => term.value);
}

/**
 * Answers `matches(entry, now)`; `isTimed`, whether time alone may change its answer; `problem`, the first term that can't be
 * read and is left out; and `readable`, the search without such terms.
 */
export function readSearch(search) {
  const read = readTerms(search).map((term) => ({ term, test: testOf(term) }));
  const tests = read.filter(({ test }) => test).map(({ term, test }) => (term.isNegated ? (entry, now) => !test(entry, now) : test));
  return {
    matches: (entry, now) => tests.every((test) => test(entry, now)),
    isTimed: read.some(({ term }) => term.key === "after" || term.key === "before"),
    problem: read.find(({ test }) => !test)?.term ?? null,
    readable: read.filter(({ test }) => test).map(({ term }) => term.all).join(" "),
  };
}

function testOf(term) {
  return term.key === "" ? words(term) : TESTS[term.key](term);
}

function words({ value }) {
  return (entry) => {
    entry.text ??= `${entry.row.id}\n${entry.row.name}\n${entry.row.error ?? ""}`.toLowerCase();
    return entry.text.includes(value);
  };
}

/** A field's text holds the value; with `*` the value is a pattern for all of it. */
function text({ key, value }) {
  const parts = value.split("*");
  return ({ row }) => fits((row[key] ?? "").toLowerCase(), parts);
}

function fits(whole, parts) {
  if (parts.length === 1) return whole.includes(parts[0]);
  const [first, last] = [parts[0], parts.at(-1)];
  if (whole.length < first.length + last.length || !whole.startsWith(first) || !whole.endsWith(last)) return false;
  let rest = whole.slice(first.length, whole.length - last.length);
  for (const part of parts.slice(1, -1)) {
    const place = rest.indexOf(part);
    if (place === -1) return false;
    rest = rest.slice(place + part.length);
  }
  return true;
}

function status({ value }) {
  const codes = value.split(",").map((part) => STATUS_WORDS.findIndex((word, code) => word.toLowerCase() === part || String(code) === part));
  return codes.includes(-1) ? null : ({ row }) => codes.includes(row.status);
}

function age({ key, value }) {
  const [, number, unit] = value.match(AGE) ?? [];
  if (!unit) return null;
  const seconds = Number(number) * UNITS_S[unit];
  return ({ row }, now) => row.added_at !== null && (key === "after" ? row.added_at >= now - seconds : row.added_at <= now - seconds);
}

function is({ value }) {
  return value === "stuck" ? ({ row }) => row.stuck !== null : null;
}

function depends({ value }) {
  return ({ row }) => row.depend_on.some((id) => id.toLowerCase() === value);
}

function thread({ value }) {
  return ({ row }) => String(row.thread) === value;
}

function failure({ value }) {
  return ({ row }) => row.failure === value;
}
