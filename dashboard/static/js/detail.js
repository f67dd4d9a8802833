/** Puts what the server tells of one task into its page. */
import { addressOf } from "./address.js";
import { patchEntries, setAttribute, setHidden, setMeter, setText } from "./cells.js";
import { added, count, duration, figure, runs, timeOfDay, waited, why } from "./format.js";
import { COMPLETED, isFinal, STATUS_WORDS } from "./status.js";

/** Patches the whole page. `page` holds the addresses. */
export function patchDetail(main, cells, detail, page, now) {
  setAttribute(main, "data-status", detail.status);
  setText(cells.get("name"), detail.name);
  setText(cells.get("word"), STATUS_WORDS[detail.status]);
  setText(cells.get("code"), String(detail.status));
  setAttribute(cells.get("glyph"), "href", `#status-${detail.status}`);
  const progress = detail.progress;
  setMeter(cells, progress, detail.name, figure(progress), progress !== null && detail.status !== COMPLETED);
  setText(cells.get("note"), progress?.message ?? "");
  setHidden(cells.get("why"), detail.why === null);
  setAttribute(cells.get("why"), "data-stuck", detail.stuck ? "" : null);
  patchTexts(main, cells, detail);
  patchTimes(cells, detail, now);
  patchLists(main, detail, page);
}

/** Patches what ticks while the task waits or runs. */
export function patchTimes(cells, detail, now) {
  setText(cells.get("why"), why(detail, now));
  setText(cells.get("waited"), waited({ ...detail, ...(detail.earlier && { started_at: detail.earlier.started_at }) }, now));
  setText(cells.get("run"), runs(detail, now));
}

function patchTexts(main, cells, detail) {
  setText(cells.get("timestamp"), added(detail).join(" "));
  setText(cells.get("limit"), detail.thread_timeout === null ? "none" : duration(detail.thread_timeout));
  setText(cells.get("thread"), detail.thread === null ? "none yet" : String(detail.thread));
  setText(cells.get("process"), detail.process === null ? "none of its own" : String(detail.process));
  setText(cells.get("keeps"), detail.get_result ? "kept" : "not kept");
  setText(cells.get("error"), detail.error ?? "");
  setText(cells.get("traceback"), detail.traceback ?? "");
  setHidden(cells.get("traceback"), !detail.traceback);
  setHidden(main.querySelector('[data-section="error"]'), !detail.error && !detail.traceback);
  setText(cells.get("result"), detail.result ?? "");
  setHidden(main.querySelector('[data-section="result"]'), detail.result === null);
}

/** Shows the Cancel button while there is something to cancel. */
export function patchCancel(main, cells, detail, isGone, isPending) {
  const button = cells.get("cancel");
  if (!button) return;
  const hidden = isGone || isFinal(detail.status);
  if (hidden && button === document.activeElement) main.querySelector(".back").focus();
  setHidden(button, hidden);
  setAttribute(button, "aria-label", `Cancel ${detail.name}`);
  setAttribute(button, "aria-disabled", isPending ? "true" : null);
}

function patchLists(main, detail, page) {
  patchEntries(main.querySelector('[data-entries="transition"]'), "transition", detail.transitions, patchTransition);
  patchEntries(main.querySelector('[data-entries="attempt"]'), "attempt", detail.attempts, patchAttempt);
  setHidden(main.querySelector('[data-section="attempts"]'), detail.attempts.length === 0);
  const reruns = main.querySelector('[data-entries="rerun"]');
  patchEntries(reruns, "rerun", detail.reruns, (element, cells, item) => patchRerun(cells, item, page));
  setHidden(reruns, detail.reruns.length === 0);
  for (const key of ["waits_for", "needed_by"]) {
    const list = main.querySelector(`[data-of="${key}"]`);
    patchEntries(list, "neighbour", detail[key], (element, cells, item) => patchNeighbour(element, cells, item, page));
    setHidden(main.querySelector(`[data-none="${key}"]`), detail[key].length > 0);
    const more = detail[`${key}_count`] - detail[key].length;
    setText(main.querySelector(`[data-more="${key}"]`), more > 0 ? `… and ${count(more)} more` : "");
  }
  const log = main.querySelector('[data-of="log"]');
  const isAtEnd = log.scrollTop + log.clientHeight >= log.scrollHeight - 4;
  patchEntries(log, "line", detail.log, (element, cells, item) => patchLine(element, cells, item, detail.added_at));
  setHidden(log, detail.log.length === 0);
  setHidden(main.querySelector('[data-none="log"]'), detail.log.length > 0);
  if (isAtEnd) log.scrollTop = log.scrollHeight;
}

function patchTransition(element, cells, item) {
  setAttribute(element, "data-status", item.status);
  setAttribute(cells.get("glyph"), "href", `#status-${item.status}`);
  setText(cells.get("word"), item.word);
  setText(cells.get("note"), item.note);
  setText(cells.get("moment"), item.at === null ? "" : timeOfDay(item.at));
  setText(cells.get("after"), item.after_s === null ? "" : `after ${duration(item.after_s)}`);
}

function patchAttempt(element, cells, item) {
  setText(cells.get("number"), String(item.number));
  setText(cells.get("moment"), item.at === null ? "" : timeOfDay(item.at));
  setText(cells.get("after"), item.run_s === null ? "" : `ran ${duration(item.run_s)}`);
  setText(cells.get("error"), item.error);
  setText(cells.get("traceback"), item.traceback);
  setAttribute(cells.get("traceback"), "aria-label", `Traceback of attempt ${item.number}`);
  setHidden(cells.get("fold"), !item.traceback);
}

function patchRerun(cells, item, page) {
  setAttribute(cells.get("state"), "data-status", item.status);
  setAttribute(cells.get("glyph"), "href", `#status-${item.status}`);
  setText(cells.get("word"), STATUS_WORDS[item.status]);
  setText(cells.get("link"), item.id);
  setAttribute(cells.get("link"), "href", addressOf(page.task, item.id));
}

function patchNeighbour(element, cells, item, page) {
  setAttribute(element, "data-status", item.status ?? "gone");
  setAttribute(cells.get("glyph"), "href", `#status-${item.status ?? 2}`);
  setText(cells.get("word"), STATUS_WORDS[item.status] ?? "no record");
  setText(cells.get("link"), item.name || item.id);
  setAttribute(cells.get("link"), "href", item.status === null ? null : addressOf(page.task, item.id));
  setText(cells.get("id"), item.id);
}

function patchLine(element, cells, item, addedAt) {
  setAttribute(element, "data-level", item.level);
  const isTimed = item.at !== null && addedAt !== null;
  setText(cells.get("moment"), isTimed ? `+${duration(item.at - addedAt)}` : "");
  setAttribute(cells.get("moment"), "title", isTimed ? timeOfDay(item.at) : null);
  setText(cells.get("level"), item.level);
  setText(cells.get("logger"), item.logger ?? "");
  setHidden(cells.get("logger"), item.logger === null);
  setText(cells.get("message"), item.message);
}
