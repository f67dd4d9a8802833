/** Puts a task's newest version into its row of the list. */
import { addressOf } from "./address.js";
import { setAttribute, setHidden, setLine, setMeter, setText } from "./cells.js";
import { added, after, day, figure, note, reason, run, waited } from "./format.js";
import { COMPLETED, isFinal, STATUS_WORDS } from "./status.js";

/**
 * Patches the cells of a row. `context`: `now` (the server's time), `known(id)` (the row of another task), `pattern` (of a
 * task page's address), `isPending(id)` (its cancel was asked for and not yet answered) and `isSelected(id)`.
 */
export function patchRow({ element, cells }, entry, context) {
  const task = entry.row;
  setAttribute(element, "data-status", task.status);
  setAttribute(element, "data-stuck", task.stuck ? "" : null);
  setAttribute(element, "data-gone", entry.gone ? "" : null);
  patchIdentity(element, cells, task, context);
  patchSelect(element, cells, task, context.isSelected(task.id));
  patchState(cells, task);
  patchTimes(cells, task, context.now);
  patchProgress(cells, task, entry.gone ? "its record was removed" : note(task, context.known, context.now));
  setText(cells.get("error"), reason(task, context.known));
  setAttribute(cells.get("error"), "title", task.error);
  setText(cells.get("thread"), task.thread === null ? "" : String(task.thread));
  patchCancel(cells, task, entry.gone, context);
}

function patchIdentity(element, cells, task, context) {
  const address = addressOf(context.pattern, task.id);
  setAttribute(element, "data-id", task.id);
  setAttribute(cells.get("id"), "href", address);
  setText(cells.get("id"), task.id);
  setAttribute(cells.get("name"), "href", address);
  setLine(cells.get("name"), task.name);
  const words = after(task, context.known);
  setText(cells.get("after"), words);
  setAttribute(cells.get("after-title"), "title", words || null);
}

function patchSelect(element, cells, task, isSelected) {
  const box = cells.get("select");
  if (!box) return;
  if (box.checked !== isSelected) box.checked = isSelected;
  setAttribute(box, "aria-label", `Select ${task.name}`);
  setAttribute(element, "data-selected", isSelected ? "" : null);
}

function patchState(cells, task) {
  setAttribute(cells.get("glyph"), "href", `#status-${task.status}`);
  setText(cells.get("word"), STATUS_WORDS[task.status]);
  setText(cells.get("code"), String(task.status));
}

function patchTimes(cells, task, now) {
  const [date, time] = added(task);
  setAttribute(cells.get("added"), "title", `${date} ${time}`);
  setText(cells.get("added-date"), date);
  setHidden(cells.get("added-date"), date === day(now));
  setText(cells.get("added-time"), time);
  setText(cells.get("waited"), waited(task, now));
  setText(cells.get("run"), run(task, now));
}

function patchProgress(cells, task, words) {
  const { progress } = task;
  setMeter(cells, progress, task.name, figure(progress), progress !== null && task.status !== COMPLETED);
  setLine(cells.get("note"), words);
}

function patchCancel(cells, task, gone, context) {
  const button = cells.get("cancel");
  if (!button) return;
  const hidden = gone || isFinal(task.status);
  // A button that goes would take the keyboard's focus along.
  if (hidden && button === document.activeElement) cells.get("id").focus({ preventScroll: true });
  setHidden(button, hidden);
  setAttribute(button, "aria-label", `Cancel ${task.name}`);
  setAttribute(button, "aria-disabled", context.isPending(task.id) ? "true" : null);
}
