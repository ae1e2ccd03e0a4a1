// Callers who did not wait for a person and want to be called back, newest first.
import { get, request } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { day, party } from "./format.js";
import { bind } from "./keys.js";
import { load as kept, save } from "./prefs.js";
import { t } from "./words.js";

const PAGE = 50;

export function callbacksPage(main, { may, toast }) {
  const open = h("input", {
    type: "checkbox",
    checked: kept("callbacks_open", true),
    onchange: () => {
      save("callbacks_open", open.checked);
      again();
    },
  });
  const body = h("tbody", { role: "rowgroup" });
  const head = ["when", "caller", "bot", "put_through_to", "called_back"].map((word) =>
    h("th", { scope: "col", role: "columnheader", text: t(word) }),
  );
  const table = h(
    "table",
    { class: "calls callbacks", role: "table" },
    h("caption", { class: "unseen", text: t("callbacks") }),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
    body,
  );
  const note = h("p", { class: "empty", role: "status", text: t("loading") });
  const more = h("button", {
    type: "button",
    class: "button",
    hidden: true,
    text: t("show_more"),
    onclick: () => load(),
  });
  main.append(
    h(
      "div",
      { class: "bar" },
      h("div", { class: "heading" }, h("h1", { text: t("callbacks") })),
      h("label", { class: "check" }, open, h("span", { text: t("callbacks_open") })),
    ),
    h("div", { class: "wide" }, table),
    note,
    more,
  );
  let before = null;
  // An answer to an earlier question is dropped.
  let asked = 0;

  function again() {
    before = null;
    body.replaceChildren();
    load();
  }

  async function load() {
    const mine = ++asked;
    try {
      const page = await get(`callbacks?limit=${PAGE}&open=${open.checked}${before ? `&before=${before}` : ""}`);
      if (mine !== asked) return;
      before = page.before;
      body.append(...page.callbacks.map(row));
      attribute(more, "hidden", !before);
      empty();
    } catch (why) {
      if (mine !== asked) return;
      attribute(note, "hidden", null);
      write(note, why.status ? why.message : t("fault_network"));
    }
  }

  function empty() {
    attribute(table, "hidden", body.children.length === 0);
    attribute(note, "hidden", body.children.length > 0);
    write(note, t(open.checked ? "no_callbacks_open" : "no_callbacks"));
  }

  function row(one) {
    const cell = (...children) => h("td", { role: "cell" }, ...children);
    const state = cell(...stateOf(one));
    const node = h(
      "tr",
      { role: "row" },
      cell(h("a", { href: `#/call/${one.call}`, text: day(one.at) })),
      cell(one.caller ? party(one.caller) : t("web_visitor")),
      cell(one.bot),
      cell(one.destination ?? "–"),
      state,
    );
    const button = state.querySelector("button");
    button?.addEventListener("click", async () => {
      attribute(button, "disabled", true);
      try {
        const answer = await request("PUT", `callbacks/${encodeURIComponent(one.call)}/done`);
        if (open.checked) {
          node.remove();
          empty();
        } else state.replaceChildren(...stateOf(await answer.json()));
        toast(t("called_back_noted"));
      } catch (why) {
        attribute(button, "disabled", null);
        toast(why.status ? why.message : t("fault_network"), "bad");
      }
    });
    return node;
  }

  function stateOf({ done_at, done_by }) {
    if (done_at) return [t("called_back_by", { name: done_by, at: day(done_at) })];
    return may("answer") ? [h("button", { type: "button", class: "button", text: t("mark_called_back") })] : ["–"];
  }

  bind([]);
  load();
}
