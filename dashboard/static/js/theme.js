/** The choice of colours: as the system, light or dark; kept in this browser. */
import { keep } from "./kept.js";

export function startTheme() {
  const choice = document.querySelector("[data-theme-switch]");
  const root = document.documentElement;
  choice.querySelector(`input[value="${root.dataset.theme ?? "system"}"]`).checked = true;
  choice.addEventListener("change", (event) => choose(root, event.target.value));
  choice.hidden = false;
}

function choose(root, theme) {
  if (theme === "system") delete root.dataset.theme;
  else root.dataset.theme = theme;
  keep("theme", theme === "system" ? "" : theme);
}
