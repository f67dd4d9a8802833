/** Asks the server by HTTP, and turns refusals into errors with words for people. */

/** What the server refused, or that it couldn't be reached (status 0). */
export class Refusal extends Error {
  constructor(status, message, hint) {
    super(hint ? `${message} ${hint}` : message);
    this.status = status;
  }
}

/** Answers the JSON of `GET address`; gives up after `timeout` milliseconds. */
export function getJson(address, timeout = 10_000) {
  return ask(address, { signal: AbortSignal.timeout(timeout) });
}

/** Answers the JSON of `POST address` with `body` as JSON. */
export function postJson(address, body = {}) {
  return ask(address, {
    method: "POST",
    headers: { "Content-Type": "application/json", Accept: "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(20_000),
  });
}

/** What isn't said in the panel's words was answered by the application around it: so it does where nobody may look. */
const MISSING = { 404: "The panel isn’t here any more, or not for you. Log in, or ask for permission." };

async function ask(address, options) {
  let response;
  try {
    response = await fetch(address, { cache: "no-store", credentials: "same-origin", ...options });
  } catch {
    throw new Refusal(0, "The server can't be reached.", "");
  }
  const answer = await response.json().catch(() => ({}));
  if (response.ok) return answer;
  throw new Refusal(response.status, answer.error ?? MISSING[response.status] ?? `The server answered ${response.status}.`, answer.hint ?? "");
}
