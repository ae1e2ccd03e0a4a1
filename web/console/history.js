// Calls that are over, newest first.
import { get } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { caller, clock, day, outcome } from "./format.js";
import { bind } from "./keys.js";
import { t } from "./words.js";

const PAGE = 50;

export function historyPage(main) {
  const body = h("tbody", { role: "rowgroup" });
  const head = ["when", "caller", "bot", "duration", "outcome"].map((word) =>
    h("th", { scope: "col", role: "columnheader", text: t(word) }),
  );
  const table = h(
    "table",
    { class: "calls", role: "table" },
    h("caption", { class: "unseen", text: t("calls") }),
    h("thead", { role: "rowgroup" }, h("tr", { role: "row" }, ...head)),
    body,
  );
  const note = h("p", { class: "empty", text: t("loading") });
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
      h("div", { class: "heading" }, h("h1", { text: t("calls") })),
      h("a", { class: "button", href: "#/callbacks", text: t("callbacks") }),
    ),
    h("div", { class: "wide" }, table),
    note,
    more,
  );
  let before = null;

  async function load() {
    try {
      const page = await get(`calls?state=ended&limit=${PAGE}${before ? `&before=${before}` : ""}`);
      before = page.before;
      body.append(...page.calls.map(row));
      attribute(more, "hidden", !before);
      attribute(note, "hidden", body.children.length > 0);
      write(note, t("no_calls"));
    } catch (why) {
      attribute(note, "hidden", null);
      write(note, why.status ? why.message : t("fault_network"));
    }
  }

  bind([]);
  load();
}

function row(call) {
  const reason = call.end && outcome(call.end.reason);
  const length = call.answered_at ? clock(Date.parse(call.ended_at) - Date.parse(call.answered_at)) : "–";
  return h(
    "tr",
    { role: "row" },
    h("td", { role: "cell" }, h("a", { href: `#/call/${call.id}`, text: day(call.started_at) })),
    h("td", { role: "cell", text: caller(call) }),
    h("td", { role: "cell", text: call.bot }),
    h("td", { role: "cell", text: length }),
    h("td", { role: "cell", text: reason ?? "–" }),
  );
}
