/** Short notices in the corner of the page, read aloud politely. */
import { cloneTemplate, collect } from "./cells.js";

const SHOWN_MS = 7_000;
const MOST = 4;

/** Shows a notice; one of a problem stays until it is dismissed. */
export function notify(text, { problem = false } = {}) {
  const corner = document.querySelector("[data-notices]");
  const notice = cloneTemplate("notice");
  collect(notice).get("text").textContent = text;
  notice.classList.toggle("is-problem", problem);
  notice.querySelector('[data-action="dismiss"]').addEventListener("click", () => notice.remove(), { once: true });
  corner.append(notice);
  while (corner.childElementCount > MOST) corner.firstElementChild.remove();
  if (!problem) setTimeout(() => notice.remove(), SHOWN_MS);
}
