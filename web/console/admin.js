// What the pages of the administration share: their links, their tables, and questions before something is done.
import { dialog, h, write } from "./dom.js";
import { faultOf } from "./fields.js";
import { t } from "./words.js";

/** Each page of it, with the right that it asks for; `null`: it is everybody's. */
const PAGES = [
  ["users", "manage_users"],
  ["tokens", "manage_users"],
  ["audit", "read_audit"],
  ["bots", "manage_bots"],
  ["own_password", null],
];

/** The address of the first page that is open to somebody; nothing where they administrate nothing. */
export function adminAddress(may) {
  const [name] = PAGES.find(([, right]) => right && may(right)) ?? [];
  return name && `#/${name}`;
}

const address = (name) => (name === "own_password" ? "#/password" : `#/${name}`);

/** The head of a page, with links to the others that are open. */
export function adminHead(main, name, may, ...actions) {
  const open = PAGES.filter(([, right]) => right === null || may(right));
  const link = ([page]) =>
    h("a", { href: address(page), text: t(page), "aria-current": page === name ? "page" : null });
  if (open.length > 1) main.append(h("nav", { class: "tabs", "aria-label": t("admin_pages") }, ...open.map(link)));
  main.append(
    h(
      "div",
      { class: "bar" },
      h("div", { class: "heading" }, h("h1", { text: t(name) }), h("p", { class: "counts", text: t(`${name}_lead`) })),
      ...actions,
    ),
  );
}

/** Whether a page is open to somebody; else it says what is missing. */
export function opened(main, right, may) {
  if (may(right)) return true;
  nowhere(main, t("page_closed"), t("page_closed_lead", { right: t(`right_${right}`) }));
  return false;
}

function nowhere(main, title, lead) {
  main.append(
    h("h1", { text: title }),
    h("p", { text: lead }),
    h("p", {}, h("a", { class: "button primary", href: "#/", text: t("to_live_calls") })),
  );
}

/** Of an address that names no page. */
export function unknownPage(main) {
  nowhere(main, t("page_unknown"), t("page_unknown_lead", { at: location.hash.slice(0, 60) }));
  return {};
}

/** A table with these words above its columns; `does`: one more, of buttons. `show(rows, none)` fills it. */
export function table(caption, words, { does = false } = {}) {
  const body = h("tbody", { role: "rowgroup" });
  const empty = h("p", { class: "empty", text: t("loading") });
  const head = words.map((word) => h("th", { scope: "col", role: "columnheader", text: t(word) }));
  const last = h("th", { scope: "col", role: "columnheader" }, h("span", { class: "unseen", text: t("user_change") }));
  const node = h(
    "div",
    { class: "wide", tabindex: "0", role: "group", "aria-label": caption },
    h(
      "table",
      { class: "things", role: "table" },
      h("caption", { class: "unseen", text: caption }),
      h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head, does && last)),
      body,
    ),
  );
  const told = (none) => {
    empty.hidden = body.children.length > 0;
    write(empty, none);
  };
  return {
    node,
    empty,
    show(rows, none) {
      body.replaceChildren(...rows);
      told(none);
    },
    add(rows, none) {
      body.append(...rows);
      told(none);
    },
    fault(why) {
      empty.hidden = false;
      write(empty, faultOf(why));
    },
  };
}

/** A cell; `label` stands before it on a narrow page. */
export const cell = (label, ...children) =>
  h(
    "td",
    { role: "cell", "data-label": label },
    ...children.map((child) => (typeof child === "string" ? h("span", { text: child }) : child)),
  );

/** A form in a dialog. `act(refuse)` does what it is for; what it throws is said there, by `words` of status or code. */
export function formDialog(title, { lead, parts = [], action, danger = false, words = {}, act }) {
  const fault = h("p", { class: "fault", role: "alert" });
  const button = h("button", { class: `button ${danger ? "danger" : "primary"}`, text: action });
  const form = h(
    "form",
    { novalidate: true },
    lead && h("p", { class: "about", text: lead }),
    ...parts,
    fault,
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
      button,
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    write(fault, "");
    button.disabled = true;
    try {
      if (await act(fault)) box.close();
    } catch (why) {
      write(fault, faultOf(why, words));
    }
    button.disabled = false;
  });
  const box = dialog(title, form);
  form.querySelector("input:not([type=checkbox]), select, button")?.focus();
  return box;
}
