/** Starts what the page at hand needs; the only module that acts on import. */
import { startMenus } from "./menus.js";
import { startSettings } from "./settings.js";
import { startTheme } from "./theme.js";

const main = document.querySelector("[data-view]");

startTheme();
startSettings();
startMenus();
if (main.dataset.view === "list") {
  const { startList } = await import("./list.js");
  startList(main, JSON.parse(main.dataset.page));
} else if (main.dataset.view === "task") {
  const { startTask } = await import("./task.js");
  startTask(main, JSON.parse(main.dataset.page));
} else if (main.dataset.view === "failures") {
  const { startFailures } = await import("./failures.js");
  startFailures(main, JSON.parse(main.dataset.page));
} else if (main.dataset.view === "graph") {
  const { startGraph } = await import("./graphpage.js");
  startGraph(main, JSON.parse(main.dataset.page));
} else if (main.dataset.view === "activity") {
  const { startActivity } = await import("./activity.js");
  startActivity(main, JSON.parse(main.dataset.page));
} else {
  document.documentElement.dataset.ready = "1"; // there is nothing to wait for
}
