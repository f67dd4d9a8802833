/** The choice of colours: as the system, light or dark; kept in this browser. */
const KEY = "task-control-theme";

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
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage may be forbidden in an embedded frame: the choice holds for this page.
  }
}
