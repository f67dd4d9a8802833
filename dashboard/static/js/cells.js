/** Patches what stands on the page in place: nothing that can be clicked is ever replaced. */

/** The elements below `root` that bear a data-field, by its name; but those inside of `except`, a selector. */
export function collect(root, except = null) {
  const cells = new Map();
  for (const cell of root.querySelectorAll("[data-field]")) {
    if (except === null || !cell.closest(except)) cells.set(cell.dataset.field, cell);
  }
  return cells;
}

/** A fresh copy of what the page's template of that name holds. */
export function cloneTemplate(name) {
  return document.querySelector(`template[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
}

export function setText(cell, text) {
  if (cell.textContent !== text) cell.textContent = text;
}

/** Sets an attribute; null removes it. */
export function setAttribute(cell, name, value) {
  if (value === null) {
    if (cell.hasAttribute(name)) cell.removeAttribute(name);
  } else if (cell.getAttribute(name) !== String(value)) {
    cell.setAttribute(name, value);
  }
}

/** One line that may be cut short on screen; whole in its title. */
export function setLine(cell, text) {
  setText(cell, text);
  setAttribute(cell, "title", text || null);
}

export function setHidden(cell, hidden) {
  if (cell.hidden !== hidden) cell.hidden = hidden;
}

/** Shows a task's progress where there is some and it isn't done. */
export function setMeter(cells, progress, name, figure, shown) {
  setHidden(cells.get("meter"), !shown);
  if (!shown) return;
  const bar = cells.get("bar");
  setAttribute(bar, "aria-label", `Progress of ${name}`);
  setAttribute(bar, "max", progress.total || null);
  setAttribute(bar, "value", progress.total ? progress.done : null);
  setText(cells.get("figure"), figure);
}

/** Has the list hold one entry per item, in order; entries that are there are patched. */
export function patchEntries(list, template, items, patch) {
  while (list.childElementCount > items.length) list.lastElementChild.remove();
  items.forEach((item, index) => {
    const element = list.children[index] ?? list.appendChild(cloneTemplate(template));
    patch(element, collect(element), item);
  });
}
