/** Runs a failed task again, and goes to the page of the new one. */
import { addressOf } from "./address.js";
import { setAttribute, setHidden } from "./cells.js";
import { postJson, Refusal } from "./http.js";
import { notify } from "./notices.js";
import { CANCELED, ERROR } from "./status.js";

export class Runs {
  #page;
  #id;
  #button;
  #choice;
  #isPending = false;

  /** Without a button, as for who may not, it does nothing. */
  constructor(cells, page, id) {
    this.#page = page;
    this.#id = id;
    this.#button = cells.get("again");
    this.#choice = cells.get("dependants");
    this.#button?.addEventListener("click", () => this.#run());
  }

  /** Offers it for a task that has failed, and to take those along that were canceled because of it. */
  patch(detail, isGone) {
    if (!this.#button) return;
    const canRun = !isGone && (detail.status === ERROR || detail.status === CANCELED);
    if (!canRun && this.#button === document.activeElement) document.querySelector(".back").focus();
    setHidden(this.#button, !canRun);
    setAttribute(this.#button, "aria-label", `Run again ${detail.name}`);
    setHidden(this.#choice, !canRun || !detail.needed_by.some(({ status }) => status === CANCELED));
  }

  async #run() {
    if (this.#isPending) return;
    this.#setPending(true);
    try {
      const withDependants = !this.#choice.hidden && this.#choice.control.checked;
      const { ids } = await postJson(addressOf(this.#page.runs, this.#id), { failed_dependants: withDependants });
      location.assign(addressOf(this.#page.task, ids[0]));
    } catch (refusal) {
      if (!(refusal instanceof Refusal)) throw refusal;
      notify(refusal.message, { problem: refusal.status !== 409 });
    }
    this.#setPending(false);
  }

  #setPending(isPending) {
    this.#isPending = isPending;
    setAttribute(this.#button, "aria-disabled", isPending ? "true" : null);
  }
}
