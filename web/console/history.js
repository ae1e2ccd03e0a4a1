// Calls that are over, newest first; and finding some of them. The server lists them all: what is looked for is looked for here.
import { get } from "./api.js";
import { attribute, h, icon, write } from "./dom.js";
import { caller, clock, day, outcome, value } from "./format.js";
import { bind } from "./keys.js";
import { t } from "./words.js";

const PAGE = 50;
/** While something is looked for, so many calls are read at a time. */
const LOOKED = 200;

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
  const found = h("p", { class: "counts", role: "status" });
  const more = h("button", { type: "button", class: "button", hidden: true, onclick: () => load() });
  const search = h("input", {
    type: "search",
    name: "search",
    placeholder: t("find_ended"),
    "aria-label": t("find_ended"),
    oninput: () => show(),
  });
  const select = (name, label) =>
    h("select", { name, "aria-label": label, onchange: () => show() }, h("option", { value: "", text: label }));
  const bot = select("bot", t("all_bots"));
  const end = select("outcome", t("every_outcome"));
  main.append(
    h(
      "div",
      { class: "bar" },
      h("div", { class: "heading" }, h("h1", { text: t("calls") }), found),
      h("span", { class: "find" }, icon("search"), search),
      bot,
      end,
      h("a", { class: "button", href: "#/callbacks", text: t("callbacks") }),
    ),
    h("div", { class: "wide" }, table),
    note,
    more,
  );
  /** What was read, each with its row and the text in which words are looked for. */
  const read = [];
  let before = null;

  const looksFor = () => search.value.trim() !== "" || bot.value !== "" || end.value !== "";

  async function load() {
    more.disabled = true;
    try {
      const limit = looksFor() ? LOOKED : PAGE;
      const page = await get(`calls?state=ended&limit=${limit}${before ? `&before=${before}` : ""}`);
      before = page.before;
      const fresh = page.calls.map((call) => ({ call, node: row(call), text: textOf(call) }));
      read.push(...fresh);
      offer(bot, (call) => [call.bot, call.bot]);
      offer(end, (call) => call.end && [call.end.reason, outcome(call.end.reason)]);
      body.append(...fresh.map(({ node }) => node));
      show();
    } catch (why) {
      attribute(note, "hidden", null);
      write(note, why.status ? why.message : t("fault_network"));
    }
    more.disabled = false;
  }

  /** What can be chosen: what there is among the calls that were read. */
  function offer(list, of) {
    const there = new Set([...list.options].map((option) => option.value));
    for (const { call } of read) {
      const [name, words] = of(call) ?? [];
      if (!name || there.has(name)) continue;
      there.add(name);
      list.append(h("option", { value: name, text: words }));
    }
  }

  function show() {
    const words = search.value.trim().toLocaleLowerCase();
    const fits = ({ call, text }) =>
      (!bot.value || call.bot === bot.value) &&
      (!end.value || call.end?.reason === end.value) &&
      (!words || text.includes(words));
    let many = 0;
    for (const one of read) {
      const fit = fits(one);
      attribute(one.node, "hidden", !fit);
      if (fit) many++;
    }
    attribute(more, "hidden", !before);
    write(more, t(looksFor() ? "ended_further" : "show_more"));
    write(found, looksFor() ? t("ended_found", { found: many, read: read.length }) : "");
    attribute(note, "hidden", many > 0);
    write(note, t(read.length ? "ended_no_match" : "no_calls"));
  }

  bind([]);
  load();
}

/** All that can be found of a call. */
function textOf(call) {
  const values = Object.values(call.slots ?? {}).map((slot) => value(slot?.value ?? slot));
  const said = (call.turns ?? []).map(({ text }) => text);
  return [caller(call), call.bot, call.task, call.via, ...values, ...said].join(" ").toLocaleLowerCase();
}

function row(call) {
  const reason = call.end && outcome(call.end.reason);
  const length = call.answered_at ? clock(Date.parse(call.ended_at) - Date.parse(call.answered_at)) : "–";
  const address = `#/call/${call.id}`;
  // The link is for the keyboard and for a new tab; a click anywhere else in the row does the same, unless it marks text.
  const open = (event) => {
    if (event.target.closest("a") || String(getSelection())) return;
    location.hash = address;
  };
  return h(
    "tr",
    { role: "row", onclick: open },
    h("td", { role: "cell" }, h("a", { href: address, text: day(call.started_at) })),
    h("td", { role: "cell", text: caller(call) }),
    h("td", { role: "cell", text: call.bot }),
    h("td", { role: "cell", text: length }),
    h("td", { role: "cell", text: reason ?? "–" }),
  );
}
