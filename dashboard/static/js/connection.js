/** Shows truthfully whether the page follows the engine, and when it last heard of it. */
import { setAttribute, setText } from "./cells.js";
import { timeOfDay } from "./format.js";

const WORDS = {
  connecting: "Connecting",
  live: "Live",
  polling: "Polling",
  reconnecting: "Reconnecting",
  stale: "Stale",
};

const TITLES = {
  connecting: "Waiting for the first message.",
  live: "Changes arrive over a websocket as they happen.",
  polling: "No websocket can be had here: the page asks every two seconds.",
  reconnecting: "The connection is lost. The page tries again by itself and then catches up.",
  stale: "Nothing was heard for a while: what you see may be out of date. The page keeps trying.",
};

/** Puts the state of the connection and the time of its last message (epoch milliseconds or null) into the header. */
export function showConnection(state, lastMessageAt) {
  const place = document.querySelector("[data-connection]");
  setAttribute(place, "data-connection", state);
  setAttribute(place, "title", TITLES[state]);
  setText(place.querySelector("[data-connection-word]"), WORDS[state]);
  const time = lastMessageAt === null ? "" : timeOfDay(lastMessageAt / 1000);
  setText(place.querySelector("[data-connection-time]"), state === "live" || !time ? time : `last message ${time}`);
}

/** What to say aloud when the state changes from one to the other, or null. */
export function spokenChange(before, state) {
  if (state === "live" && (before === "reconnecting" || before === "stale")) return "The connection is back: live again.";
  if (state === "reconnecting" && before === "live") return "The connection is lost. Reconnecting.";
  if (state === "stale") return "What is shown may be out of date. Still reconnecting.";
  return null;
}
