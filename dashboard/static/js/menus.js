/** Menus that drop down from a button: each a `details`, closed by Escape, by a click elsewhere and by the next one. */

export function startMenus() {
  addEventListener("click", ({ target }) => closeExcept(target.closest?.("details.menu")));
  addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
    event.preventDefault();
  });
}

function closeExcept(menu) {
  for (const other of document.querySelectorAll("details.menu[open]")) if (other !== menu) other.open = false;
}
