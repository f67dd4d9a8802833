/** What each page that follows the engine has: its connection shown truthfully, a clock, a voice, and ways to call for attention. */
import { Announcer } from "./announce.js";
import { Attention } from "./attention.js";
import { Clock } from "./clock.js";
import { showConnection, spokenChange } from "./connection.js";
import { Live } from "./live.js";
import { notify } from "./notices.js";

export class Follower {
  clock = new Clock();
  announcer = new Announcer();
  live;
  attention;
  #state = null;

  /** `position()` answers { bootId, revision } of what is known; `onMessage(message)` is called for each message. */
  constructor(page, { position, onMessage }) {
    this.attention = new Attention(page.static);
    this.live = new Live({
      socket: page.live,
      polling: page.changes,
      position,
      onMessage: (message) => {
        this.clock.sync(message.server_time);
        this.attention.note(message);
        onMessage(message);
      },
      onState: (state, lastMessageAt) => this.#show(state, lastMessageAt),
      onRefused: (words) => notify(words, { problem: true }),
    });
  }

  get isStale() {
    return this.#state === "stale";
  }

  /** The time until which something is known: nothing ticks on where nothing was heard. */
  get now() {
    const heardAt = this.live.lastMessageAt;
    return this.clock.now() - (this.isStale && heardAt !== null ? (Date.now() - heardAt) / 1000 : 0);
  }

  start(onTick) {
    this.clock.start(onTick);
    this.live.start();
  }

  #show(state, lastMessageAt) {
    showConnection(state, lastMessageAt);
    const words = spokenChange(this.#state, state);
    if (words) this.announcer.say(words);
    this.#state = state;
    this.attention.setStale(this.isStale);
  }
}
