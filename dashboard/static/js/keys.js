/** Single keys, and the sheet that lists them; who talks to the computer or hits keys by chance can switch them off there. */
import { keep, kept } from "./kept.js";

const SHEET_KEY = "?";

/** Calls `commands[key](event)` for the keys that they name, unless somebody types, a dialog or a menu is open, or keys are off. */
export function startKeys(commands) {
  const sheet = document.querySelector("[data-keys]");
  const choice = sheet.querySelector("[data-keys-on]");
  choice.checked = kept("keys") !== "off";
  choice.addEventListener("change", () => keep("keys", choice.checked ? "" : "off"));
  sheet.querySelector('[data-action="close-keys"]').addEventListener("click", () => sheet.close());
  document.querySelector('[data-action="open-keys"]').addEventListener("click", () => sheet.showModal());
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !choice.checked || isTyping(event.target)) return;
    const command = event.key === SHEET_KEY ? () => sheet.showModal() : commands[event.key];
    if (!command || document.querySelector("dialog[open], details.menu[open]")) return;
    event.preventDefault();
    command(event);
  });
}

function isTyping(target) {
  return target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
}
