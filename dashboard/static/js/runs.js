/** Runs a failed task again, after showing what goes along if anything does, and goes to the page of the new one. */
import { addressOf } from "./address.js";
import { setAttribute, setHidden } from "./cells.js";
import { postJson, Refusal } from "./http.js";
import { notify } from "./notices.js";
import { CANCELED, ERROR } from "./status.js";

export class Runs {
  #page;
  #id;
  #button;
  #dialog;
  #isPending = false;

  /** Without a button, as for who may not, it does nothing; `dialog` is a PlanDialog. */
  constructor(cells, page, id, dialog) {
    this.#page = page;
    this.#id = id;
    this.#button = cells.get("again");
    this.#dialog = dialog;
    this.#button?.addEventListener("click", () => this.#run());
  }

  /** Offers it for a task that has failed. */
  patch(detail, isGone) {
    if (!this.#button) return;
    const canRun = !isGone && (detail.status === ERROR || detail.status === CANCELED);
    if (!canRun && this.#button === document.activeElement) document.querySelector(".back").focus();
    setHidden(this.#button, !canRun);
    setAttribute(this.#button, "aria-label", `Run again ${detail.name}`);
  }

  async #run() {
    if (this.#isPending) return;
    this.#setPending(true);
    const open = ({ ids }) => ids.length && location.assign(addressOf(this.#page.task, ids[0]));
    try {
      const wish = { ids: [this.#id] };
      const plan = await this.#dialog.ask("run", wish);
      if (plan.dependants) this.#dialog.show("run", wish, plan, open);
      else open(await postJson(addressOf(this.#page.runs, this.#id)));
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
