/** What a viewer chose, kept in this browser: "theme", "hidden" and the like. */

/** Keeps a value; "" forgets it. Storage may be forbidden in an embedded frame: then the choice holds for this page. */
export function keep(name, value) {
  try {
    if (value === "") localStorage.removeItem(`task-control-${name}`);
    else localStorage.setItem(`task-control-${name}`, value);
  } catch {
    // see above
  }
}

export function kept(name) {
  try {
    return localStorage.getItem(`task-control-${name}`) ?? "";
  } catch {
    return "";
  }
}
