/** How figures and reasons read; templates/_format.html says the same for the first rows. */
import { CANCELED, COMPLETED, isFinal } from "./status.js";

const two = (number) => String(number).padStart(2, "0");

/** A length of time that is over. */
export function duration(seconds) {
  if (seconds <= 0) return "0 s";
  if (seconds < 0.001) return "<1 ms";
  if (seconds < 1) return `${Math.floor(seconds * 1000)} ms`;
  if (seconds < 10) return `${seconds.toFixed(2)} s`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return elapsed(seconds);
}

/** A length of time that goes on, in whole seconds. */
export function elapsed(seconds) {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} m ${two(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} m`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

/** A moment as how long ago it was. */
export function ago(at, now) {
  return now - at < 1 ? "just now" : `${elapsed(now - at)} ago`;
}

/** How long a task waited, or has waited until now, in seconds; null if that isn't known. */
export function waitedSeconds(task, now) {
  const until = task.started_at ?? task.finished_at ?? (isFinal(task.status) ? null : now);
  return until === null || task.added_at === null ? null : until - task.added_at;
}

/** How long a task ran, or has run until now, in seconds; null if it never did. */
export function runSeconds(task, now) {
  if (task.started_at === null) return null;
  if (task.finished_at === null) return isFinal(task.status) ? null : now - task.started_at;
  return task.perf || task.finished_at - task.started_at;
}

export function waited(task, now) {
  const isOver = task.started_at !== null || task.finished_at !== null;
  return inWords(waitedSeconds(task, now), isOver);
}

export function run(task, now) {
  return inWords(runSeconds(task, now), task.finished_at !== null);
}

/** How long a task has run, with the attempts before. */
export function runs(detail, now) {
  const [last, { earlier }] = [run(detail, now), detail];
  if (!earlier) return last || "has not run";
  const before = `${counted(earlier.attempts, "attempt")}${last ? " that" : ""} ran ${duration(earlier.run_s)}`;
  return last ? `${last}, after ${before}` : before;
}

function inWords(seconds, isOver) {
  if (seconds === null) return "";
  return isOver ? duration(seconds) : elapsed(seconds);
}

/** Progress in figures: "12/40", "37 %" of a fraction, or just how many. */
export function figure(progress) {
  if (!progress) return "";
  const { done, total } = progress;
  if (total) return Number.isInteger(done) && Number.isInteger(total) ? `${done}/${total}` : `${Math.floor((done / total) * 100)} %`;
  return Number.isInteger(done) ? String(done) : done.toFixed(1);
}

const STOPPING = { "still blocked": "still blocked in a call" };

/**
 * What else there is to say of a task's state: how its stop goes, where it is stuck, what it waits for, what it said last if it
 * isn't done.
 * `known(id)` is the row of that task, or undefined; `now` the server's time.
 */
export function note(task, known, now) {
  if (task.stopping) {
    const since = task.finished_at === null ? "" : ` for ${elapsed(now - task.finished_at)}`;
    return (STOPPING[task.stopping] ?? task.stopping) + (task.stopping === "still blocked" ? since : "");
  }
  if (task.stuck) return `stuck at ${task.stuck.at} for ${elapsed(now - task.stuck.since)}`;
  if (task.waiting_for === "seat") return "waits for a free thread";
  if (task.waiting_for === "process") return "waits for a free process";
  if (task.waiting_for === "retry") return "waits for its next attempt";
  if (task.waiting_for === "dependencies") {
    const open = task.depend_on.filter((id) => known(id)?.status !== COMPLETED);
    return `waits for ${names(open.length ? open : task.depend_on, known)}`;
  }
  return (task.status !== COMPLETED && task.progress?.message) || "";
}

/** Why a task doesn't run or end, as a sentence in which the time goes on. */
export function why(task, now) {
  if (task.why === null) return "";
  if (task.why_since === null) return `${task.why}.`;
  const seconds = now - task.why_since;
  return seconds >= 0 ? `${task.why} for ${elapsed(seconds)}.` : `${task.why} in ${elapsed(-seconds)}.`;
}

/** A task's error for beside its state, in few words: which task it was canceled for, by its name where that is known. */
export function reason(task, known) {
  if (task.status !== CANCELED) return task.error ?? "";
  const words = (task.error ?? "").replace(/^Canceled: /, "");
  const id = words.startsWith("task ") ? words.split(" ")[1] : null;
  return known(id) ? known(id).name + words.slice("task ".length + id.length) : words;
}

/** A task's dependencies in words, for those who can't see the arrows. */
export function after(task, known) {
  return task.depend_on.length ? `after ${names(task.depend_on, known)}` : "";
}

function names(ids, known) {
  return ids.map((id) => known(id)?.name ?? id).join(", ");
}

/** Epoch seconds as a time of day where this browser is. */
export function timeOfDay(seconds) {
  const date = new Date(seconds * 1000);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** When a task was added, as day and time where this browser is; as its record has it where that's all there is. */
export function added(task) {
  if (task.added_at === null) return [task.timestamp.slice(0, 10), task.timestamp.slice(11)];
  return [day(task.added_at), timeOfDay(task.added_at)];
}

/** Epoch seconds as a day in the records' way of writing, where this browser is. */
export function day(seconds) {
  const date = new Date(seconds * 1000);
  return `${two(date.getDate())}.${two(date.getMonth() + 1)}.${date.getFullYear()}`;
}

const grouped = new Intl.NumberFormat(); // as the viewer's language has it

export function count(number) {
  return grouped.format(number);
}

/** "1 task", "3 tasks". */
export function counted(number, noun) {
  return `${count(number)} ${noun}${number === 1 ? "" : "s"}`;
}
