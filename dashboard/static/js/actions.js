/** Cancels one task: at once where it touches nothing else, else after showing what; the stream of changes tells what became of it. */
import { addressOf } from "./address.js";
import { postJson } from "./http.js";
import { notify } from "./notices.js";

export class Cancels {
  #pattern;
  #dialog;
  #pending = new Set();
  #onChange;
  #announcer;

  /** `onChange()` is called when a request begins or ends, so that its button can show it; `dialog` is a PlanDialog. */
  constructor(pattern, dialog, announcer, onChange) {
    this.#pattern = pattern;
    this.#dialog = dialog;
    this.#announcer = announcer;
    this.#onChange = onChange;
  }

  isPending(id) {
    return this.#pending.has(id);
  }

  async cancel(id, name) {
    if (this.#pending.has(id)) return;
    this.#pending.add(id);
    this.#onChange();
    try {
      const wish = { ids: [id] };
      const plan = await this.#dialog.ask("cancel", wish);
      if (plan.dependants) this.#dialog.show("cancel", wish, plan);
      else {
        await postJson(addressOf(this.#pattern, id));
        this.#announcer.say(`Canceled: ${name}`);
      }
    } catch (refusal) {
      notify(`“${shortened(name)}” was not canceled. ${refusal.message}`, { problem: refusal.status !== 409 });
    }
    this.#pending.delete(id);
    this.#onChange();
  }
}

function shortened(name) {
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
