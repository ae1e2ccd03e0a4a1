// Keys: what each does on the page that is shown, and the sheet that lists them.
import { dialog, h } from "./dom.js";
import { t } from "./words.js";

let everywhere = [];
let here = [];

/** A key: as `KeyboardEvent.key` has it, the word that says what it does, and what it does (nothing where others see to it). */
const shown = { " ": "Space", ArrowDown: "↓", ArrowUp: "↑", Escape: "Esc" };

export function bindEverywhere(keys) {
  everywhere = keys;
}

/** The keys of a page, in place of those of the page before. */
export function bind(keys) {
  here = keys;
}

/** Whether keys go into a field. */
export function isTyping(target) {
  return target?.closest?.("input:not([type=checkbox]), textarea, select, [contenteditable]") !== null;
}

export function showSheet() {
  const row = ({ key, word }) =>
    h("div", {}, h("dt", {}, h("kbd", { text: shown[key] ?? key.toUpperCase() })), h("dd", { text: t(word) }));
  const list = h(
    "dl",
    { class: "keys" },
    ...[...here, ...everywhere.filter(({ key }) => !here.some((one) => one.key === key))].map(row),
  );
  const close = h("button", { type: "button", class: "button", text: t("close"), onclick: () => box.close() });
  const box = dialog(t("keys_title"), list, h("p", { class: "actions" }, close));
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (document.querySelector("dialog[open]")) return;
  const found = [...here, ...everywhere].find(({ key, act }) => act && key === event.key);
  if (!found || (event.repeat && !found.repeats)) return;
  event.preventDefault();
  found.act();
});
