// Elements of the page: made, filled, changed only where something is new.

/** An element. `props`: attributes; `on…` listeners; `class`, `text`; what is false, null or undefined is left out. */
export function h(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else attribute(node, name, value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** Sets an attribute; `true` without a value, none where it is false, null or undefined. */
export function attribute(node, name, value) {
  if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value === true ? "" : value))
    node.setAttribute(name, value === true ? "" : value);
}

/** Sets a node's text where it is another. */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const SHAPES = {
  bot: "M12 3v3M6 8h12a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2v-7a2 2 0 0 1 2-2zM9 13v1M15 13v1",
  caller: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 20c1-4 4-6 8-6s7 2 8 6",
  thinking: "M5 12h.01M12 12h.01M19 12h.01",
  waiting: "M12 7v5l3 2M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18z",
  listen: "M4 14v-2a8 8 0 0 1 16 0v2M4 14h3v6H5a1 1 0 0 1-1-1zM20 14h-3v6h2a1 1 0 0 0 1-1z",
  whisper: "M12 3a3 3 0 0 0-3 3v5a3 3 0 0 0 6 0V6a3 3 0 0 0-3-3zM6 11a6 6 0 0 0 12 0M12 17v4",
  barge: "M8 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 19c.6-3.500 3-5 6-5s5.400 1.500 6 5M17 8v6M14 11h6",
  takeover: "M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z",
  handback: "M9 7 4 12l5 5M4 12h11a5 5 0 0 1 5 5v1",
  leave: "M10 4H6a2 2 0 0 0-2 2v12a2 2 0 0 0 2 2h4M15 8l4 4-4 4M19 12H9",
  end: "M3 14c5-5 13-5 18 0l-2 3-4-1v-3a12 12 0 0 0-6 0v3l-4 1z",
  play: "M7 5v14l12-7z",
  pause: "M8 5v14M16 5v14",
  search: "M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500 19 19M5 19l1.500-1.500M17.500 6.500 19 5",
  moon: "M20 14a8 8 0 1 1-9-11 6.500 6.500 0 0 0 9 11z",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  back: "M15 5l-7 7 7 7",
  next: "M5 5l7 7-7 7M13 5l7 7-7 7",
  alert: "M12 4 2.500 20h19zM12 10v4M12 17v.01",
  good: "M5 12l5 5 9-10",
  line: "M4 18v-3M9 18v-6M14 18V9M19 18V5",
  pleased: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 10v.01M15 10v.01M8.500 14a4.500 4.500 0 0 0 7 0",
  calm: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 10v.01M15 10v.01M9 15h6",
  tense: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 10v.01M15 10v.01M8.500 16c2-2 4 1 7-1.500",
  upset: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18zM9 10v.01M15 10v.01M8.500 16.500a4.500 4.500 0 0 1 7 0",
  share: "M12 15V4M8 8l4-4 4 4M5 12v8h14v-8",
  erase: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
  edit: "M4 20h4L19 9l-4-4L4 16z",
};

/** A line drawing, which says nothing to a screen reader. */
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  for (const [key, value] of Object.entries({ class: `icon i-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" }))
    svg.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", SHAPES[name]);
  svg.append(path);
  return svg;
}

/** Shows another drawing in place of the one that is there. */
export function drawn(holder, name) {
  if (holder.dataset.icon === name) return;
  holder.dataset.icon = name;
  holder.replaceChildren(icon(name));
}

/** A dialog that goes away when it is closed; the focus returns to where it was. */
export function dialog(title, ...children) {
  const before = document.activeElement;
  const heading = h("h2", { id: "dialog-title", text: title });
  const box = h("dialog", { "aria-labelledby": "dialog-title", class: "dialog" }, heading, ...children);
  box.addEventListener("close", () => {
    box.remove();
    before?.focus?.();
  });
  // A click beside it closes it.
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}
