/** Hears the engine: over a websocket, by polling where none can be had, and back again after a loss. */
import { changesAddress, socketAddress } from "./address.js";
import { getJson, Refusal } from "./http.js";
import { Since } from "./since.js";

const SILENCE_MS = 7_000; // the server speaks every 3 s: two beats missed mean that the connection is dead
const OPENING_MS = 5_000;
const POLL_MS = 2_000;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 8_000;
const LONGEST_DELAY_POLLING_MS = 30_000;
const LOSSES_BEFORE_POLLING = 2;

/**
 * Calls `onMessage(message, from)` for each snapshot, delta and heartbeat, where `from` is the position that it goes on
 * from; `onState()` as the state changes or a second passes; and `onRefused(words)` when the server refuses.
 */
export class Stream {
  #addresses;
  #onMessage;
  #onState;
  #onRefused;
  #position = { bootId: null, revision: null };
  #socket = null;
  #isOpen = false; // the socket has brought a message
  #sinceOpened = new Since();
  #sinceHeard = new Since(Infinity);
  #losses = 0;
  #retry = null;
  #poll = null; // the round of polling that goes on, with the timer of its next question
  #isPolling = false; // the last poll was answered
  #watch = null;

  constructor({ socket, polling }, { onMessage, onState, onRefused }) {
    this.#addresses = { socket, polling };
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.#onRefused = onRefused;
  }

  /** { bootId, revision } of the last message. */
  get position() {
    return this.#position;
  }

  /** For how many milliseconds nothing was heard. */
  get silence() {
    return this.#sinceHeard.ms;
  }

  get state() {
    const isHeard = this.silence < SILENCE_MS;
    if (this.#isOpen && isHeard) return "live";
    if (this.#isPolling && isHeard) return "polling";
    return this.#losses === 0 ? "connecting" : "reconnecting";
  }

  /** Goes on from this position. */
  start(position) {
    this.#position = position;
    this.#watch = setInterval(() => this.#look(), 1_000);
    this.#connect();
  }

  stop() {
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#stopPolling();
    this.#drop();
    this.#losses = 0;
  }

  /** Where the network or a person came back, waiting for the next try makes no sense. */
  hurry() {
    this.#look();
    if (this.#socket === null) this.#connect();
  }

  #connect() {
    clearTimeout(this.#retry);
    const socket = new WebSocket(socketAddress(this.#addresses.socket, this.#position));
    this.#socket = socket;
    this.#sinceOpened = new Since();
    socket.onmessage = (event) => {
      const message = JSON.parse(event.data);
      if (message.type === "closing") return;
      this.#isOpen = true;
      this.#losses = 0;
      this.#stopPolling();
      this.#receive(message);
    };
    socket.onclose = () => this.#lose();
    this.#onState();
  }

  #receive(message) {
    const from = this.#position;
    this.#position = { bootId: message.boot_id, revision: message.revision };
    this.#sinceHeard = new Since();
    this.#onMessage(message, from);
  }

  /** Closes a socket without waiting for its answer, which may never come. */
  #drop() {
    const socket = this.#socket;
    this.#socket = null;
    this.#isOpen = false;
    if (socket === null) return;
    socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #lose() {
    this.#drop();
    this.#losses += 1;
    const longest = this.#isPolling ? LONGEST_DELAY_POLLING_MS : LONGEST_DELAY_MS;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** (this.#losses - 1), longest);
    this.#retry = setTimeout(() => this.#connect(), delay * (0.5 + Math.random() / 2));
    if (this.#losses >= LOSSES_BEFORE_POLLING && this.#poll === null) this.#ask((this.#poll = { timer: null }));
    this.#onState();
  }

  /** Once a second: has the socket gone silent, or does it never open? */
  #look() {
    const silence = this.#isOpen ? this.silence : this.#sinceOpened.ms;
    const patience = this.#isOpen ? SILENCE_MS : OPENING_MS;
    if (this.#socket !== null && silence >= patience) this.#lose();
    else this.#onState();
  }

  async #ask(poll) {
    const answer = await getJson(changesAddress(this.#addresses.polling, this.#position), OPENING_MS).catch((refusal) => refusal);
    if (this.#poll !== poll) return; // a socket took over meanwhile
    this.#isPolling = !(answer instanceof Refusal);
    if (this.#isPolling) this.#receive(answer);
    else if (answer.status !== 0) this.#onRefused(answer.message); // one that can't be reached will be
    this.#onState();
    poll.timer = setTimeout(() => this.#ask(poll), POLL_MS);
  }

  #stopPolling() {
    clearTimeout(this.#poll?.timer);
    this.#poll = null;
    this.#isPolling = false;
  }
}
