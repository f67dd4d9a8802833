/* Sets the chosen colours before the first paint; a classic script in the head, since a module would come too late. */
try {
  const chosen = localStorage.getItem("task-control-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch {
  // Storage may be forbidden in an embedded frame: the system's colours remain.
}
