/** The viewer's settings: one colour for the theme, contrast, notifications; kept in this browser, set by boot.js at first. */
import { mayNotify } from "./attention.js";
import { keep, kept } from "./kept.js";
import { notify } from "./notices.js";

export function startSettings() {
  const menu = document.querySelector("[data-settings]");
  const root = document.documentElement;
  const [accent, contrast, notifies] = ["accent", "contrast", "notify"].map((name) => menu.querySelector(`[name="${name}"]`));
  if (root.dataset.accent) accent.value = root.dataset.accent;
  accent.addEventListener("input", () => setAccent(root, accent.value));
  menu.querySelector('[data-action="reset-accent"]').addEventListener("click", () => {
    setAccent(root, "");
    accent.value = accent.defaultValue;
  });
  contrast.checked = root.dataset.contrast === "more";
  contrast.addEventListener("change", () => {
    if (contrast.checked) root.dataset.contrast = "more";
    else delete root.dataset.contrast;
    keep("contrast", contrast.checked ? "more" : "");
  });
  notifies.checked = kept("notify") === "on";
  notifies.addEventListener("change", () => setNotifies(notifies));
  menu.hidden = false;
}

/** Takes a colour of the viewer's own, or with "" the host's, if there is one. */
function setAccent(root, colour) {
  const shown = colour || root.dataset.color;
  if (shown) root.dataset.accent = shown;
  else delete root.dataset.accent;
  root.style.setProperty("--chosen", shown ?? "");
  keep("accent", colour);
}

async function setNotifies(box) {
  if (box.checked && !(await mayNotify())) {
    box.checked = false;
    notify("This browser doesn’t let the page notify: allow it in the site’s settings.");
  }
  keep("notify", box.checked ? "on" : "");
}
