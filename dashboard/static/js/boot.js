/* Sets what the viewer chose before the first paint; a classic script in the head, since a module would come too late. */
const root = document.documentElement;
const paint = (colour) => {
  root.dataset.accent = colour;
  root.style.setProperty("--chosen", colour);
};
if (root.dataset.color) paint(root.dataset.color); // what the host chose
try {
  const chosen = (name) => localStorage.getItem(`task-control-${name}`);
  if (chosen("theme") === "light" || chosen("theme") === "dark") root.dataset.theme = chosen("theme");
  if (chosen("hidden")) root.dataset.hidden = chosen("hidden");
  if (chosen("contrast") === "more") root.dataset.contrast = "more";
  if (/^#[0-9a-f]{6}$/.test(chosen("accent"))) paint(chosen("accent"));
} catch {
  // Storage may be forbidden in an embedded frame: the defaults remain.
}
