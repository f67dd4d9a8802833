/** Brings one stream of messages to all tabs, to each through a port of its own. */
import { Stream } from "./stream.js";

const MOST_UNHEARD = 50; // more would only pile up where a tab stands still
const GONE_LOOKS = 30; // one a second; counted, as a machine that sleeps looks at nothing

/**
 * A tab says `{ join: position }` when it comes, comes back or is looked at again; "heard" after each thing that it was told;
 * and "leave". It is told `{ state, silence, position, message, from, refusal }`: how the stream is and where it stands, perhaps
 * a message with the position that it goes on from, perhaps the words of a refusal. A tab that doesn't say "heard" is told
 * nothing more until it does: so none holds up another one, and by the positions it finds out what it has missed.
 */
export class Relay {
  #stream;
  #tabs = new Set();

  /** `addresses` has those of `socket` and `polling`. */
  constructor(addresses) {
    this.#stream = new Stream(addresses, {
      onMessage: (message, from) => this.#tellAll({ message, from }),
      onState: () => this.#look(),
      onRefused: (refusal) => this.#tellAll({ refusal }),
    });
  }

  /** Serves the tab at the other end of a port. The stream goes on as long as there is one. */
  serve(port) {
    const tab = { port, unheard: 0, looks: 0 };
    port.onmessage = ({ data }) => {
      tab.looks = 0;
      if (data === "heard") tab.unheard = Math.max(0, tab.unheard - 1);
      else if (data === "leave") this.#leave(tab);
      else this.#join(tab, data.join);
    };
  }

  #join(tab, position) {
    const isFirst = this.#tabs.size === 0;
    if (!this.#tabs.has(tab)) tab.unheard = 0;
    this.#tabs.add(tab);
    if (isFirst) this.#stream.start(position);
    else this.#stream.hurry();
  }

  #leave(tab) {
    if (this.#tabs.delete(tab) && this.#tabs.size === 0) this.#stream.stop();
  }

  /** Says how the stream is, and lets go of tabs that went without a word; one that only stood still joins again. */
  #look() {
    for (const tab of this.#tabs) if (tab.unheard > 0 && ++tab.looks > GONE_LOOKS) this.#leave(tab);
    this.#tellAll({});
  }

  #tellAll(news) {
    const { state, silence, position } = this.#stream;
    for (const tab of this.#tabs) {
      if (tab.unheard >= MOST_UNHEARD) continue;
      tab.unheard += 1;
      tab.port.postMessage({ state, silence, position, ...news });
    }
  }
}
