/** Pan and zoom of a drawing: by dragging, by the wheel with Ctrl, and by calls. */

const CLOSEST = 2.5;
const MARGIN = 24;

export class Viewport {
  #svg;
  #bounds = { x: 0, y: 0, width: 1, height: 1 };
  #centre = { x: 0, y: 0 };
  #scale = 1; // screen pixels per unit
  #drag = null;

  constructor(svg) {
    this.#svg = svg;
    svg.addEventListener("pointerdown", (event) => (this.#drag = { x: event.clientX, y: event.clientY, hasMoved: false }));
    svg.addEventListener("pointermove", (event) => this.#dragged(event));
    svg.addEventListener("pointerup", () => (this.#drag = null));
    svg.addEventListener("pointerleave", () => (this.#drag = null));
    svg.addEventListener("dragstart", (event) => event.preventDefault()); // of links
    svg.addEventListener("wheel", (event) => {
      if (!event.ctrlKey) return; // the page scrolls
      event.preventDefault();
      this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    });
    new ResizeObserver(() => this.#show()).observe(svg);
  }

  /** Shows all of `bounds`, not larger than life. */
  fit(bounds = this.#bounds) {
    this.#bounds = bounds;
    const { width, height } = this.#svg.getBoundingClientRect();
    this.#scale = Math.min(1, width / (bounds.width + 2 * MARGIN), height / (bounds.height + 2 * MARGIN));
    this.centre({ x: bounds.x + bounds.width / 2, y: bounds.y + bounds.height / 2 });
  }

  /** Takes other bounds and leaves what is in sight where it is. */
  keep(bounds) {
    this.#bounds = bounds;
    this.#show();
  }

  /** Shows a part around a point where all of it would be too small to read, with no more room beside it than needed. */
  enlarge(point, least) {
    if (this.#scale >= least) return;
    this.#scale = least;
    const { width, height } = this.#svg.getBoundingClientRect();
    const [w, h] = [width / least / 2 - MARGIN, height / least / 2 - MARGIN];
    this.centre({ x: within(point.x, this.#bounds.x, this.#bounds.width, w), y: within(point.y, this.#bounds.y, this.#bounds.height, h) });
  }

  zoom(factor) {
    this.#scale = Math.max(0.1, Math.min(CLOSEST, this.#scale * factor));
    this.#show();
  }

  centre(point) {
    this.#centre = point;
    this.#show();
  }

  #dragged({ clientX, clientY, buttons, pointerId }) {
    if (this.#drag === null || buttons !== 1) return;
    const [dx, dy] = [clientX - this.#drag.x, clientY - this.#drag.y];
    if (!this.#drag.hasMoved && Math.hypot(dx, dy) < 4) return; // a click
    if (!this.#drag.hasMoved) this.#svg.setPointerCapture(pointerId);
    this.#drag = { x: clientX, y: clientY, hasMoved: true };
    this.centre({ x: this.#centre.x - dx / this.#scale, y: this.#centre.y - dy / this.#scale });
  }

  #show() {
    const { width, height } = this.#svg.getBoundingClientRect();
    const [w, h] = [width / this.#scale, height / this.#scale];
    this.#svg.setAttribute("viewBox", `${this.#centre.x - w / 2} ${this.#centre.y - h / 2} ${w} ${h}`);
  }
}

/** The middle of a sight of `half` to either side that doesn't reach beyond `start` and `length`, or theirs if all is in sight. */
function within(wanted, start, length, half) {
  if (length <= 2 * half) return start + length / 2;
  return Math.max(start + half, Math.min(start + length - half, wanted));
}
