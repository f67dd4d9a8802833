/** The page that draws the tasks of a filter as a graph. */
import { readQuery, listAddress } from "./address.js";
import { setHidden } from "./cells.js";
import { Follower } from "./follower.js";
import { count, counted } from "./format.js";
import { Graph } from "./graph.js";

const PAUSE_MS = 3_000; // the server looks through all records each time

export function startGraph(main, page) {
  const { q, status } = readQuery(location.search);
  const [section, empty] = ["[data-section]", "[data-no-graph]"].map((selector) => main.querySelector(selector));
  const graph = new Graph(section, page, {
    address: listAddress(page.graph, { q, status }),
    pauseMs: PAUSE_MS,
    isNews: (row) => row.depend_on.length > 0 || q !== "" || status !== "",
    onAnswer: (answer) => {
      setHidden(section, answer.nodes.length === 0);
      setHidden(empty, answer.nodes.length > 0);
      document.documentElement.dataset.ready = "1";
      return inWords(answer);
    },
  });
  let position = { bootId: page.boot_id, revision: page.revision };
  const follower = new Follower(page, {
    position: () => position,
    onMessage: (message) => {
      position = { bootId: message.boot_id, revision: message.revision };
      graph.note(message);
    },
  });
  follower.start(() => {});
}

/** "24 tasks listed, 3 of them alone and not drawn; 5 around them." */
function inWords({ nodes, listed, alone, is_cut: isCut }) {
  const around = nodes.filter((node) => !node.is_listed).length;
  const drawn = nodes.length - around;
  const parts = [isCut ? `The first ${count(drawn)} of ${counted(listed, "task")}: a narrower filter draws them all` : counted(drawn, "task")];
  if (around) parts.push(`${count(around)} directly before or behind, in dashes`);
  if (alone) parts.push(`${count(alone)} that ${alone === 1 ? "depends" : "depend"} on nothing and ${alone === 1 ? "isn’t" : "aren’t"} waited for ${alone === 1 ? "is" : "are"} left out`);
  return `${parts.join("; ")}.`;
}
