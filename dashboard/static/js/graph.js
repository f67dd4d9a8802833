/** A graph of dependencies, of a task's neighbourhood or a filter: laid out when tasks come or go, recoloured as they change. */
import { addressOf } from "./address.js";
import { setAttribute, setText } from "./cells.js";
import { Fetching } from "./fetching.js";
import { layOut } from "./layers.js";
import { CANCELED, ERROR, RUNNING, STATUS_WORDS } from "./status.js";
import { cutTo, shape } from "./drawing.js";
import { Viewport } from "./viewport.js";

const [WIDTH, HEIGHT, GAP_X, GAP_Y] = [172, 36, 56, 14];
const [LOWEST, HIGHEST] = [150, 416];
const [TEXT_SIZE, TEXT_WIDTH] = [0.8125, WIDTH - 42];
const LEAST_SCALE = 0.7;
const WALK = { ArrowRight: "behind", ArrowLeft: "before", ArrowDown: "below", ArrowUp: "above", Home: "first", End: "last" };

export class Graph {
  #section;
  #svg;
  #page;
  #options;
  #viewport;
  #fetching;
  #nodes = new Map(); // id -> { id, name, status, depend_on, x, y, element }
  #edges = []; // { from, to, element }
  #layers = [];
  #drawn = "";

  /**
   * Draws into `section` what is at `address`: around the task `id`, as high as need be, or else in the height that it has.
   * `isNews(row, knows)` tells whether a task that isn't drawn may have to be; `onAnswer(answer)` is called before drawing.
   */
  constructor(section, page, options) {
    this.#section = section;
    this.#svg = section.querySelector("[data-graph]");
    this.#page = page;
    this.#options = options;
    this.#viewport = new Viewport(this.#svg);
    this.#fetching = new Fetching(options.address, options.pauseMs, (answer) => this.#take(answer));
    const buttons = { "zoom-in": () => this.#viewport.zoom(1.25), "zoom-out": () => this.#viewport.zoom(0.8), "zoom-fit": () => this.#viewport.fit() };
    for (const [name, does] of Object.entries(buttons)) this.#tool(`[data-zoom="${name}"]`).addEventListener("click", does);
    this.#follows.addEventListener("change", () => this.#follow());
    this.#svg.addEventListener("keydown", (event) => this.#walk(event));
    this.#fetching.again();
  }

  /** Takes a message in: what is known changes its colour at once, what is new has the graph laid out anew. */
  note(message) {
    if (message.type === "snapshot") return this.#fetching.again();
    for (const row of message.rows ?? []) {
      const node = this.#nodes.get(row.id);
      if (node) node.status = row.status;
      else if (this.#options.isNews(row, (id) => this.#nodes.has(id))) this.#fetching.again();
    }
    for (const id of message.removed ?? []) if (this.#nodes.has(id)) this.#nodes.get(id).status = null;
    this.#recolour();
  }

  get #follows() {
    return this.#tool("[data-follow]");
  }

  #tool(selector) {
    return this.#section.closest("main").querySelector(selector);
  }

  #take(answer) {
    const { nodes } = answer;
    setText(this.#section.querySelector("[data-graph-cut]"), this.#options.onAnswer(answer));
    if (nodes.length === 0) return;
    const known = JSON.stringify(nodes.map(({ id, depend_on }) => [id, depend_on]));
    if (known === this.#drawn) for (const { id, status } of nodes) this.#nodes.get(id).status = status;
    else this.#draw(nodes);
    this.#drawn = known;
    this.#recolour();
  }

  #draw(nodes) {
    const isFirst = this.#nodes.size === 0;
    const hadFocus = this.#svg.contains(document.activeElement) ? document.activeElement.dataset.node : null;
    const { places, layers, edges } = layOut(nodes);
    this.#layers = layers;
    this.#nodes = new Map(nodes.map((node) => [node.id, this.#placed(node, places.get(node.id))]));
    this.#edges = edges.map(({ from, to }) => ({ from, to, element: shape("path", { class: "edge", d: this.#line(from, to) }) }));
    this.#svg.replaceChildren(...this.#edges.map(({ element }) => element), ...[...this.#nodes.values()].map(({ element }) => element));
    const all = [...this.#nodes.values()];
    const [x, y] = [Math.min(...all.map((node) => node.x)), Math.min(...all.map((node) => node.y))];
    const [right, bottom] = [Math.max(...all.map((node) => node.x)) + WIDTH, Math.max(...all.map((node) => node.y)) + HEIGHT];
    if (this.#options.id) this.#svg.style.height = `${Math.max(LOWEST, Math.min(HIGHEST, bottom - y + 2 * HEIGHT))}px`;
    const bounds = { x, y, width: right - x, height: bottom - y };
    const here = this.#nodes.get(this.#options.id) ?? all.find((node) => node.status === RUNNING) ?? all.find((node) => node.status === ERROR) ?? all[0];
    if (isFirst) this.#viewport.fit(bounds);
    else this.#viewport.keep(bounds);
    if (isFirst) this.#viewport.enlarge({ x: here.x + WIDTH / 2, y: here.y + HEIGHT / 2 }, LEAST_SCALE);
    this.#focus(this.#nodes.get(hadFocus) ?? here, hadFocus !== null && this.#nodes.has(hadFocus));
  }

  #placed(node, { layer, place }) {
    const [x, y] = [layer * (WIDTH + GAP_X), place * (HEIGHT + GAP_Y)];
    const link = shape("a", { href: addressOf(this.#page.task, node.id), class: "node", "data-node": node.id, tabindex: -1 });
    if (node.id === this.#options.id) link.setAttribute("aria-current", "true");
    if (node.is_listed === false) link.classList.add("is-aside");
    const name = shape("text", { x: x + 32, y: y + HEIGHT / 2 + 4 });
    name.textContent = cutTo(TEXT_WIDTH, node.name || node.id, TEXT_SIZE);
    const title = shape("title", {});
    title.textContent = node.name;
    link.append(title, shape("rect", { x, y, width: WIDTH, height: HEIGHT, rx: 6 }), shape("use", { x: x + 11, y: y + 11, width: 14, height: 14, class: "glyph" }), name);
    return { ...node, x, y, element: link };
  }

  #line(from, to) {
    const [a, b] = [this.#nodes.get(from), this.#nodes.get(to)];
    const [x1, y1, x2, y2] = [a.x + WIDTH, a.y + HEIGHT / 2, b.x, b.y + HEIGHT / 2];
    const bend = Math.max(24, (x2 - x1) / 2);
    const isBehindOthers = x2 - x1 > GAP_X && Math.abs(y2 - y1) < HEIGHT;
    const aside = isBehindOthers ? HEIGHT + GAP_Y : 0;
    return `M${x1} ${y1}C${x1 + bend} ${y1 + aside} ${x2 - bend} ${y2 + aside} ${x2} ${y2}`;
  }

  #recolour() {
    for (const node of this.#nodes.values()) {
      setAttribute(node.element, "data-status", node.status ?? "gone");
      setAttribute(node.element.querySelector("use"), "href", `#status-${node.status ?? CANCELED}`);
      setAttribute(node.element, "aria-label", this.#inWords(node));
    }
    for (const { from, to, element } of this.#edges) {
      const [source, target] = [this.#nodes.get(from).status, this.#nodes.get(to).status];
      setAttribute(element, "data-status", source ?? "gone");
      element.classList.toggle("is-failed", (source === ERROR || source === CANCELED) && target === CANCELED);
    }
    this.#follow();
  }

  #inWords({ name, status, depend_on }) {
    const after = depend_on.map((id) => this.#nodes.get(id).name).join(", ");
    return `${name}, ${STATUS_WORDS[status] ?? "record removed"}${after ? `, after ${after}` : ""}`;
  }

  /** Keeps what runs in the middle. */
  #follow() {
    const running = this.#follows.checked && [...this.#nodes.values()].filter((node) => node.status === RUNNING);
    if (!running || running.length === 0) return;
    const middle = (key) => running.reduce((sum, node) => sum + node[key], 0) / running.length;
    this.#viewport.centre({ x: middle("x") + WIDTH / 2, y: middle("y") + HEIGHT / 2 });
  }

  #walk(event) {
    const node = this.#nodes.get(event.target.dataset.node);
    if (!node || !(event.key in WALK)) return;
    event.preventDefault();
    const layer = this.#layers.find((ids) => ids.includes(node.id));
    const next = {
      first: () => this.#layers[0][0],
      last: () => this.#layers.at(-1)[0],
      behind: () => this.#edges.find(({ from }) => from === node.id)?.to,
      before: () => node.depend_on[0],
      below: () => layer[layer.indexOf(node.id) + 1],
      above: () => layer[layer.indexOf(node.id) - 1],
    }[WALK[event.key]]();
    if (next) this.#focus(this.#nodes.get(next), true);
  }

  /** Tab leads to one node, arrows from there to its neighbours. */
  #focus(node, isAsked) {
    for (const { element } of this.#nodes.values()) element.setAttribute("tabindex", element === node.element ? 0 : -1);
    if (!isAsked) return;
    node.element.focus({ preventScroll: true });
    this.#viewport.centre({ x: node.x + WIDTH / 2, y: node.y + HEIGHT / 2 });
  }
}
