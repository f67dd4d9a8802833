/** A tab's way to the engine's messages: through the relay of all tabs, or one of its own where that can't be had. */
import { changesAddress } from "./address.js";
import { getJson, Refusal } from "./http.js";
import { ownPort, sharedPort } from "./ports.js";
import { Since } from "./since.js";

const SILENCE_MS = 7_000; // the server speaks every 3 s
const STALE_MS = 20_000;
const PATIENCE_MS = 5_000; // the relay speaks every second

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
  #port = null;
  #isShared = true; // the port leads to the relay of all tabs
  #isJoined = false;
  #hasTold = false; // the relay has said something
  #sinceTold; // or, before it did, since it was joined
  #told = "connecting"; // the state of its stream
  #held = null; // messages that came while the tab catches up
  #refusal = null; // what the server said last instead of an answer
  #lastMessageAt = null;
  #sinceHeard; // or, before the first message, since the start

  constructor({ socket, polling, position, onMessage, onState, onRefused }) {
    this.#addresses = { socket, polling };
    this.#position = position;
    this.#onMessage = onMessage;
    this.#onState = onState;
    this.#onRefused = onRefused;
  }

  get state() {
    const silence = this.#sinceHeard.ms;
    if (silence >= STALE_MS) return "stale";
    if (this.#told !== "live" && this.#told !== "polling") return this.#told;
    if (this.#lastMessageAt === null) return "connecting";
    return silence < SILENCE_MS ? this.#told : "reconnecting";
  }

  get lastMessageAt() {
    return this.#lastMessageAt;
  }

  /** Where nothing is known yet, the first message comes by HTTP, which compresses it. */
  async start() {
    this.#sinceHeard = new Since();
    this.#open();
    setInterval(() => this.#look(), 1_000);
    addEventListener("pagehide", () => this.#leave());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#join());
    addEventListener("online", () => this.#hurry());
    document.addEventListener("visibilitychange", () => this.#hurry());
    this.#tell();
    if (this.#position().bootId === null) await this.#catchUp();
    this.#join();
  }

  #open() {
    const shared = this.#isShared ? sharedPort(this.#addresses, (port) => this.#lose(port)) : null;
    this.#isShared = shared !== null;
    const port = shared ?? ownPort(this.#addresses);
    port.onmessage = ({ data }) => this.#hear(data);
    this.#port = port;
    this.#hasTold = false;
  }

  #join() {
    const { bootId, revision } = this.#position();
    this.#isJoined = true;
    this.#sinceTold = new Since();
    this.#port.postMessage({ join: { bootId, revision } });
  }

  #leave() {
    this.#isJoined = false;
    this.#port.postMessage("leave");
  }

  /** A relay that was heard is asked for once more; one that never spoke is not. */
  #lose(port) {
    if (port !== this.#port) return;
    const wasJoined = this.#isJoined;
    this.#leave();
    port.close();
    this.#isShared &&= this.#hasTold;
    this.#told = "reconnecting";
    this.#open();
    if (wasJoined) this.#join();
    this.#tell();
  }

  /** Where the network or the person came back, waiting for the next try makes no sense. */
  #hurry() {
    if (document.visibilityState === "hidden" || !this.#isJoined) return;
    this.#look();
    this.#join();
  }

  /** Once a second: has the relay gone silent, or does it never answer? */
  #look() {
    if (this.#isJoined && this.#sinceTold.ms >= PATIENCE_MS) this.#lose(this.#port);
    else this.#tell();
  }

  #hear({ state, silence, position, message, from, refusal }) {
    this.#port.postMessage("heard");
    this.#hasTold = true;
    this.#sinceTold = new Since();
    this.#told = state;
    if (refusal) this.#refuse(refusal);
    if (message && this.#held) this.#held.push({ message, from });
    else if (message) this.#take(message, from);
    else if (this.#hasMissed(position)) this.#catchUp();
    else if (silence < this.#sinceHeard.ms) this.#noteHeard(silence);
    this.#tell();
  }

  /** A message that goes on from where the tab stands is taken in; before any other, what lies between is asked for. */
  #take(message, from) {
    if (message.type === "snapshot" || !this.#hasMissed(from)) this.#receive(message);
    else this.#catchUp();
  }

  /** Whether the stream, at this position, is ahead of the tab or with another engine. */
  #hasMissed({ bootId, revision }) {
    const here = this.#position();
    return bootId !== null && (bootId !== here.bootId || revision > here.revision);
  }

  async #catchUp() {
    if (this.#held) return;
    this.#held = [];
    const answer = await getJson(changesAddress(this.#addresses.polling, this.#position())).catch((refusal) => refusal);
    const held = this.#held;
    this.#held = null;
    if (answer instanceof Refusal) this.#refuse(answer.status === 0 ? null : answer.message);
    else this.#receive(answer);
    // What still doesn't go on from here will show again in the position of what is told next.
    for (const { message, from } of held) if (message.type === "snapshot" || !this.#hasMissed(from)) this.#receive(message);
    this.#tell();
  }

  #receive(message) {
    this.#noteHeard();
    this.#refusal = null;
    const { bootId, revision } = this.#position();
    if (message.boot_id !== bootId || message.revision >= revision) this.#onMessage(message);
  }

  /** The server was heard so many milliseconds ago, and this tab knows what it said. */
  #noteHeard(silence = 0) {
    this.#lastMessageAt = Date.now() - silence;
    this.#sinceHeard = new Since(silence);
  }

  /** A reason to refuse is told once; a server that can't be reached has none. */
  #refuse(words) {
    if (words === null || words === this.#refusal) return;
    this.#refusal = words;
    this.#onRefused(words);
  }

  #tell() {
    this.#onState(this.state, this.#lastMessageAt);
  }
}
