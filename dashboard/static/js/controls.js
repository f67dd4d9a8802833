/** The controls above the list: rail of states, search, heads that sort; their state is the page's address. */
import { listAddress, readQuery } from "./address.js";
import { setAttribute, setHidden, setText } from "./cells.js";
import { complete } from "./completion.js";
import { count, counted } from "./format.js";
import { Suggestions } from "./suggestions.js";

const PROBLEMS = {
  status: "completed, error, suspended, running or canceled",
  after: "an age such as 30s, 5m, 2h or 1d",
  before: "an age such as 30s, 5m, 2h or 1d",
  is: "stuck",
};

export class Controls {
  #main;
  #home;
  #graph;
  #search;
  #suggestions;
  #onQuery;
  query = readQuery(location.search);

  /** `onQuery(query)` is called when the person filters, searches, sorts or goes back; `onApply()` for the changes waiting. */
  constructor(main, page, model, { onQuery, onApply }) {
    this.#main = main;
    this.#home = page.home;
    this.#graph = page.dependencies;
    this.#search = main.querySelector("[data-search]");
    this.#onQuery = onQuery;
    main.addEventListener("click", (event) => this.#clicked(event));
    main.querySelector('[data-action="apply"]').addEventListener("click", onApply);
    this.#suggestions = new Suggestions(this.#search, (typed) => complete(typed, model));
    this.#search.addEventListener("input", () => this.#set({ q: this.#search.value }, "replaceState"));
    this.#search.form.addEventListener("submit", (event) => event.preventDefault());
    this.#search.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("popstate", () => this.#restore());
    this.#mark();
  }

  /** Shows the counts of the search, what can't be read of it, how many are listed, and how many changes wait. */
  show(model, counts, problem, listed, waiting) {
    for (const cell of this.#main.querySelectorAll("[data-count]")) {
      setText(cell, count(cell.dataset.count === "" ? sum(counts) : counts[cell.dataset.count]));
    }
    setText(this.#part("[data-total]"), count(model.total));
    this.#complain(problem);
    setText(this.#part("[data-summary]"), summary(model, listed));
    setText(this.#part("[data-waiting]"), `${counted(waiting, "change")} waiting`);
    setHidden(this.#part('[data-action="apply"]'), waiting === 0);
    setHidden(this.#part("[data-tasks]"), listed === 0);
    setHidden(this.#part('[data-empty="none"]'), listed > 0 || model.size > 0);
    setHidden(this.#part('[data-empty="match"]'), listed > 0 || model.size === 0);
  }

  startSearch() {
    this.#search.focus();
    this.#search.select();
  }

  #complain(term) {
    const isTyped = document.activeElement === this.#search && this.#suggestions.isOpen;
    setHidden(this.#part("[data-search-problem]"), term === null || isTyped);
    if (term) setText(this.#part("[data-search-problem]"), `${term.key}: takes ${PROBLEMS[term.key]}`);
  }

  #part(selector) {
    return this.#main.querySelector(selector);
  }

  #clicked(event) {
    const link = event.target.closest("[data-filter], [data-sort], [data-clear]");
    if (!link || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    this.#set(this.#changeOf(link), "pushState");
  }

  /** What a click on this link changes. */
  #changeOf({ dataset }) {
    if (dataset.clear !== undefined) return { status: "", q: "" };
    if (dataset.sort === undefined) return { status: dataset.filter };
    const isSorted = this.query.sort === dataset.sort;
    return { sort: dataset.sort, dir: isSorted ? (this.query.dir === "asc" ? "desc" : "asc") : dataset.dir };
  }

  #set(changes, method) {
    this.query = { ...this.query, ...changes };
    history[method](null, "", listAddress(this.#home, this.query));
    this.#mark();
    this.#onQuery(this.query);
  }

  #restore() {
    this.query = readQuery(location.search);
    this.#mark();
    this.#onQuery(this.query);
  }

  /** Shows the query in the controls, and has each link lead where a click on it does. */
  #mark() {
    const { q, status } = this.query;
    setAttribute(document.querySelector("[data-graph-link]"), "href", listAddress(this.#graph, { q, status }));
    if (this.#search.value !== this.query.q) this.#search.value = this.query.q;
    for (const link of this.#main.querySelectorAll("[data-filter], [data-sort], [data-clear]")) {
      setAttribute(link, "href", listAddress(this.#home, { ...this.query, ...this.#changeOf(link) }));
    }
    for (const link of this.#main.querySelectorAll("[data-filter]")) {
      setAttribute(link, "aria-current", isChosen(link.dataset.filter, this.query.status) ? "true" : null);
    }
    const direction = this.query.dir === "asc" ? "ascending" : "descending";
    for (const link of this.#main.querySelectorAll("[data-sort]")) {
      setAttribute(link.parentElement, "aria-sort", link.dataset.sort === this.query.sort ? direction : null);
    }
  }

  #pressed(event) {
    if (this.#suggestions.press(event)) return;
    if (event.key !== "Escape") return;
    event.stopPropagation();
    event.preventDefault(); // a browser clears the field by itself, without the address
    if (this.#search.value) this.#set({ q: "" }, "replaceState");
    else this.#search.blur();
  }
}

/** Whether a filter is among those of the query; more than one come only from an address that somebody wrote. */
function isChosen(filter, status) {
  return filter === "" ? status === "" : status.split(",").includes(filter);
}

function sum(counts) {
  return counts.reduce((total, number) => total + number, 0);
}

function summary(model, listed) {
  return listed < Math.min(model.total, model.size) || (model.isPartial && listed < model.total) ? `${count(listed)} of ${count(model.total)}` : "";
}
