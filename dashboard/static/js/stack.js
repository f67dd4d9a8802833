/** The stack of a task's thread, when it is asked for, and anew when it is asked again. */
import { addressOf } from "./address.js";
import { setHidden, setText } from "./cells.js";
import { timeOfDay } from "./format.js";
import { getJson, Refusal } from "./http.js";
import { notify } from "./notices.js";
import { RUNNING } from "./status.js";

export class Stack {
  #section;
  #button;
  #cells;
  #address;
  #isShown = false;

  constructor(main, cells, page, id) {
    this.#section = main.querySelector('[data-section="stack"]');
    this.#button = main.querySelector('[data-action="stack"]');
    this.#cells = cells;
    this.#address = addressOf(page.stack, id);
    this.#button.addEventListener("click", () => this.#ask());
  }

  /** Offers it while a thread runs the task; what was shown last stays. */
  patch(detail, isGone) {
    const isThere = !isGone && (detail.status === RUNNING || detail.stopping !== null);
    setHidden(this.#section, !isThere && !this.#isShown);
    if (!isThere && this.#button === document.activeElement) this.#cells.get("stack").focus();
    setHidden(this.#button, !isThere);
  }

  async #ask() {
    try {
      const { stack, server_time: at } = await getJson(this.#address);
      if (stack !== null) {
        this.#isShown = true;
        setText(this.#cells.get("stack"), stack);
        setHidden(this.#cells.get("stack"), false);
        setText(this.#button, "Take again");
      }
      setText(this.#cells.get("stack-note"), stack === null ? "No thread runs the task now." : `As it was at ${timeOfDay(at)}.`);
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      notify(`The stack can’t be shown. ${refusal.message}`, { problem: true });
    }
  }
}
