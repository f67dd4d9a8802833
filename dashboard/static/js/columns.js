/** Which columns are shown: chosen in a menu, kept in this browser, and set by boot.js before the first paint. */
import { keep } from "./kept.js";

export function startColumns() {
  const menu = document.querySelector("[data-columns]");
  const hidden = new Set((document.documentElement.dataset.hidden ?? "").split(" ").filter(Boolean));
  for (const box of menu.querySelectorAll("input")) box.checked = !hidden.has(box.value);
  menu.addEventListener("change", ({ target }) => {
    if (target.checked) hidden.delete(target.value);
    else hidden.add(target.value);
    document.documentElement.dataset.hidden = [...hidden].join(" ");
    keep("hidden", document.documentElement.dataset.hidden);
  });
}
