// A long list of which only the rows on the screen exist. Rows have one height; each belongs to one call for as long as it is seen, so
// that the focus stays where it is while the order changes.
import { attribute, h } from "./dom.js";

/** Rows above and below the screen that exist too. */
const SPARE = 4;
/** How long the list stands still before the document follows, in ms. */
const SETTLE = 200;

/** The call whose row has the focus. */
const focusedId = () => document.activeElement?.closest?.("li")?.dataset.id;

export class LongList {
  /** `make()` gives `{ node, show(item) }`, `node` an li with a link; `label` names the list. */
  constructor({ label, make, open }) {
    this.make = make;
    this.items = [];
    this.places = new Map();
    this.rows = new Map();
    this.free = [];
    this.height = 88;
    this.selected = null;
    this.space = h("ul", { class: "rows", role: "list", "aria-label": label });
    this.node = h("div", { class: "scroll", tabindex: "-1" }, this.space);
    this.node.addEventListener("scroll", () => this.later(), { passive: true });
    this.space.addEventListener("focusin", ({ target }) => {
      const row = target.closest("li");
      if (row) this.select(row.dataset.id, false);
    });
    this.open = open;
    this.sizes = new ResizeObserver(() => this.measure());
    this.sizes.observe(this.node);
  }

  end() {
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.settling);
    this.ended = true;
  }

  /** The height of a row is the style sheet's to say. */
  measure() {
    const height = Number.parseFloat(getComputedStyle(this.space).getPropertyValue("--row"));
    if (height > 0) this.height = height;
    this.columns = Number.parseInt(getComputedStyle(this.space).getPropertyValue("--columns"), 10) || 1;
    this.draw();
  }

  /** The items, in their order. */
  set(items) {
    this.items = items;
    this.places = new Map(items.map((item, place) => [item.id, place]));
    this.later();
  }

  later() {
    if (this.frame || this.ended) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  draw() {
    const { items, height, columns = 1 } = this;
    const lines = Math.ceil(items.length / columns);
    const whole = `${lines * height}px`;
    if (this.space.style.height !== whole) this.space.style.height = whole;
    const top = this.node.scrollTop;
    const first = Math.max(0, Math.floor(top / height) - SPARE) * columns;
    const last = Math.min(items.length, (Math.ceil((top + this.node.clientHeight) / height) + SPARE) * columns);
    const seen = new Set(items.slice(first, last).map((item) => item.id));
    const focused = focusedId();
    if (focused && this.places.has(focused)) seen.add(focused);
    for (const [id, row] of this.rows) {
      if (seen.has(id)) continue;
      this.rows.delete(id);
      row.node.hidden = true;
      this.free.push(row);
    }
    for (const id of seen) {
      const place = this.places.get(id);
      this.row(items[place], place);
    }
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.settle(), SETTLE);
  }

  /** Brings the rows into the order of the screen in the document too, by which readers and the tab key go, once it stands still. */
  settle() {
    if (this.ended) return;
    const focused = focusedId();
    const order = [...this.rows].sort(([a], [b]) => this.places.get(a) - this.places.get(b));
    let before = null;
    for (const [id, row] of order) {
      const wanted = before ? before.nextSibling : this.space.firstChild;
      // What has the focus would lose it by a move: the others move around it.
      if (row.node !== wanted && id !== focused) this.space.insertBefore(row.node, wanted);
      before = row.node;
    }
  }

  row(item, place) {
    let row = this.rows.get(item.id);
    if (!row) {
      row = this.free.pop() ?? this.made();
      row.node.hidden = false;
      row.node.dataset.id = item.id;
      this.rows.set(item.id, row);
    }
    const { columns = 1, height } = this;
    const at = `translate(${(place % columns) * 100}%, ${Math.floor(place / columns) * height}px)`;
    if (row.at !== at) {
      row.at = at;
      row.node.style.transform = at;
    }
    attribute(row.node, "aria-posinset", place + 1);
    attribute(row.node, "aria-setsize", this.items.length);
    if (row.item !== item) {
      row.item = item;
      row.show(item);
    }
    attribute(row.link, "tabindex", item.id === (this.selected ?? this.items[0]?.id) ? 0 : -1);
    return row;
  }

  made() {
    const row = this.make();
    row.link = row.node.querySelector("a");
    this.space.append(row.node);
    return row;
  }

  /** The rows that exist. */
  *shown() {
    for (const [id, row] of this.rows) yield [this.items[this.places.get(id)], row];
  }

  select(id, focus = true) {
    this.selected = id;
    const place = this.places.get(id);
    if (place === undefined) return;
    if (focus) {
      this.reveal(place);
      this.draw();
      this.rows.get(id)?.link.focus({ preventScroll: true });
    }
    this.later();
  }

  reveal(place) {
    const top = Math.floor(place / (this.columns ?? 1)) * this.height;
    const { scrollTop, clientHeight } = this.node;
    if (top < scrollTop) this.node.scrollTop = top;
    else if (top + this.height > scrollTop + clientHeight) this.node.scrollTop = top + this.height - clientHeight;
  }

  /** The next row, or the one before. */
  step(by) {
    if (!this.items.length) return;
    const focused = focusedId();
    const at = this.places.get(focused ?? this.selected);
    const place = at === undefined ? 0 : Math.min(this.items.length - 1, Math.max(0, at + by));
    this.select(this.items[place].id);
  }
}
