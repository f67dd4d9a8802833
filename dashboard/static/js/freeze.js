/** Says when the order of the rows must stand still: nothing moves under a pointer, a finger or the keyboard's focus, nor while some are selected. */

const AFTER_PRESS_MS = 400; // a finger's click comes after it was lifted
const AFTER_SCROLL_MS = 150;

export class Freeze {
  #body;
  #reasons = new Set();
  #onThaw;
  #timers = new Map();

  /** Watches the rows in `body`; calls `onThaw()` when the last reason to stand still has gone. */
  constructor(body, onThaw) {
    this.#body = body;
    this.#onThaw = onThaw;
    body.addEventListener("pointerenter", () => this.hold("pointer"));
    body.addEventListener("pointerleave", () => this.release("pointer"));
    body.addEventListener("pointerdown", () => this.hold("press"));
    for (const end of ["pointerup", "pointercancel"]) {
      addEventListener(end, () => this.#releaseLater("press", AFTER_PRESS_MS));
    }
    body.addEventListener("focusin", () => this.#lookAtFocus());
    body.addEventListener("focusout", () => queueMicrotask(() => this.#lookAtFocus()));
    addEventListener("scroll", () => this.#scrolled(), { passive: true });
  }

  get isFrozen() {
    if (this.#reasons.has("focus")) this.#lookAtFocus(); // an element that went away took the focus along, silently
    return this.#reasons.size > 0;
  }

  /** Whether they may stand still for long: a scroll or a press are over in a moment. */
  get isLasting() {
    return ["pointer", "focus", "dialog", "selection"].some((reason) => this.#reasons.has(reason));
  }

  hold(reason) {
    clearTimeout(this.#timers.get(reason));
    this.#reasons.add(reason);
  }

  release(reason) {
    clearTimeout(this.#timers.get(reason));
    if (this.#reasons.delete(reason) && this.#reasons.size === 0) this.#onThaw();
  }

  #releaseLater(reason, delay) {
    if (!this.#reasons.has(reason)) return;
    clearTimeout(this.#timers.get(reason));
    this.#timers.set(reason, setTimeout(() => this.release(reason), delay));
  }

  /** Only a focus that is visible counts: one that a click left behind would hold the rows for ever. */
  #lookAtFocus() {
    const focused = document.activeElement;
    if (this.#body.contains(focused) && focused.matches(":focus-visible")) this.hold("focus");
    else this.release("focus");
  }

  #scrolled() {
    this.hold("scroll");
    this.#releaseLater("scroll", AFTER_SCROLL_MS);
  }
}
