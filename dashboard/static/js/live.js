/** Follows the engine: over a websocket, by polling where none can be had, and back again after a loss. */
import { socketAddress } from "./address.js";
import { getJson, Refusal } from "./http.js";

const SILENCE_MS = 7_000; // the server speaks every 3 s: two beats missed mean that the connection is dead
const STALE_MS = 20_000;
const OPENING_MS = 5_000;
const POLL_MS = 2_000;
const FIRST_DELAY_MS = 300;
const LONGEST_DELAY_MS = 8_000;
const LONGEST_DELAY_POLLING_MS = 30_000;
const LOSSES_BEFORE_POLLING = 2;

/** The clock on the wall may be set, and the other one stands still while the machine sleeps: what is longer has passed. */
class Since {
  #wall = Date.now();
  #steady = performance.now();

  get ms() {
    return Math.max(Date.now() - this.#wall, performance.now() - this.#steady);
  }
}

/**
 * Calls `onMessage(message)` for each snapshot, delta and heartbeat, and `onState(state, lastMessageAt)` as
 * the state changes or a second passes, `onRefused(words)` when the server refuses. `position()` answers { bootId, revision }
 * of what is known, from which it goes on.
 */
export class Live {
  #addresses;
  #position;
  #onMessage;
  #onState;
  #onRefused;
  #socket = null;
  #isOpen = false; // the socket has brought a message
  #sinceOpened = new Since();
  #losses = 0;
  #retry = null;
  #poll = null; // the round of polling that goes on, with the timer of its next question
  #isPolling = false; // the last poll was answered
  #refusal = null; // what the server said last instead of an answer
  #lastMessageAt = null;
  #sinceHeard = new Since(); // or, before the first message, since the start
  #watch = null;

  constructor({ socket, polling, position, onMessage, onState, onRefused }) {
    this.#addresses = { socket, polling };
    this.#position = position;
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.#onRefused = onRefused;
  }

  get state() {
    const silence = this.#sinceHeard.ms;
    if (this.#isOpen && silence < SILENCE_MS) return "live";
    if (this.#isPolling && silence < SILENCE_MS) return "polling";
    if (silence >= STALE_MS) return "stale";
    return this.#lastMessageAt === null && this.#losses === 0 ? "connecting" : "reconnecting";
  }

  get lastMessageAt() {
    return this.#lastMessageAt;
  }

  start() {
    this.#sinceHeard = new Since();
    this.#watch = setInterval(() => this.#look(), 1_000);
    addEventListener("online", this.#hurry);
    document.addEventListener("visibilitychange", this.#hurry);
    this.#connect();
  }

  stop() {
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#stopPolling();
    removeEventListener("online", this.#hurry);
    document.removeEventListener("visibilitychange", this.#hurry);
    this.#drop();
  }

  /** Where the network or the person came back, waiting for the next try makes no sense. */
  #hurry = () => {
    if (document.visibilityState === "hidden") return;
    this.#look();
    if (this.#socket === null) this.#connect();
  };

  #connect() {
    clearTimeout(this.#retry);
    const address = socketAddress(this.#addresses.socket);
    this.#say(address.searchParams);
    const socket = new WebSocket(address);
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
    this.#tell();
  }

  /** Says from where to go on. */
  #say(params) {
    const { bootId, revision } = this.#position();
    if (bootId === null) return;
    params.set("boot_id", bootId);
    params.set("since", revision);
  }

  #receive(message) {
    this.#lastMessageAt = Date.now();
    this.#sinceHeard = new Since();
    this.#refusal = null;
    this.#onMessage(message);
    this.#tell();
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
    this.#tell();
  }

  /** Once a second: has the socket gone silent, or does it never open? */
  #look() {
    const silence = this.#isOpen ? this.#sinceHeard.ms : this.#sinceOpened.ms;
    const patience = this.#isOpen ? SILENCE_MS : OPENING_MS;
    if (this.#socket !== null && silence >= patience) this.#lose();
    else this.#tell();
  }

  async #ask(poll) {
    const address = new URL(this.#addresses.polling, location.href);
    this.#say(address.searchParams);
    const answer = await getJson(address, OPENING_MS).catch((refusal) => refusal);
    if (this.#poll !== poll) return; // a socket took over meanwhile
    this.#isPolling = !(answer instanceof Refusal);
    if (this.#isPolling) this.#receive(answer);
    else this.#hear(answer);
    poll.timer = setTimeout(() => this.#ask(poll), POLL_MS);
  }

  /** A server that can't be reached will be; one that refuses has a reason, which is told once. */
  #hear(refusal) {
    if (refusal.status !== 0 && refusal.message !== this.#refusal) this.#onRefused(refusal.message);
    if (refusal.status !== 0) this.#refusal = refusal.message;
    this.#tell();
  }

  #stopPolling() {
    clearTimeout(this.#poll?.timer);
    this.#poll = null;
    this.#isPolling = false;
  }

  #tell() {
    this.#onState(this.state, this.#lastMessageAt);
  }
}
