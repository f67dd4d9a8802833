/** Starts what the page at hand needs; the only module that acts on import. */
import { startTheme } from "./theme.js";

const main = document.querySelector("[data-view]");

startTheme();
if (main.dataset.view === "list") {
  const { startList } = await import("./list.js");
  startList(main, JSON.parse(main.dataset.page));
} else if (main.dataset.view === "task") {
  const { startTask } = await import("./task.js");
  startTask(main, JSON.parse(main.dataset.page));
} else {
  document.documentElement.dataset.ready = "1"; // there is nothing to wait for
}
