// Numbers of today: how calls ended, how fast they were answered, when they came; by bot, and as a file for a spreadsheet.
import { get } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { clock, figure } from "./format.js";
import { bind } from "./keys.js";
import { t } from "./words.js";

/** How often they are read anew, in ms. They are sums: what is live is on the wall. */
const AGAIN = 15000;
const WAYS = ["contained", "transferred", "abandoned", "given_up", "failed"];

const share = (part, whole) => (whole ? `${figure((part * 100) / whole)} %` : "–");
const ms = (much) => (much === null ? "–" : `${figure(much)} ms`);

/** The columns of the table: a word, and what stands there. */
const COLUMNS = [
  ["ended_calls", (n) => figure(n.ended)],
  ["answered", (n) => figure(n.answered)],
  ...WAYS.map((way) => [way, (n) => share(n[way], n.ended)]),
  ["mean_length", (n) => (n.mean_ms === null ? "–" : clock(n.mean_ms))],
  ["median", (n) => ms(n.median_answer_ms)],
  ["p95", (n) => ms(n.p95_answer_ms)],
  ["no_match", (n) => share(n.not_understood, n.understood + n.not_understood)],
];

export function todayPage(main, { toast }) {
  const midnight = new Date();
  midnight.setHours(0, 0, 0, 0);
  const tiles = h("div", { class: "tiles" });
  const plot = h("div", { class: "plot", role: "img" });
  const body = h("tbody");
  const head = [
    h("th", { scope: "col", text: t("bot") }),
    ...COLUMNS.map(([word]) => h("th", { scope: "col", text: t(word) })),
  ];
  const fault = h("p", { class: "fault", role: "alert" });
  let last = null;
  const save = h("button", {
    type: "button",
    class: "button",
    text: t("save_csv"),
    onclick: () => (last ? download(last, midnight) : toast(t("loading"))),
  });
  main.append(
    h("div", { class: "bar" }, h("h1", { class: "heading", text: t("today") }), save),
    fault,
    tiles,
    h(
      "section",
      { class: "panel", "aria-labelledby": "plot-title" },
      h("h2", { id: "plot-title", text: t("by_hour") }),
      plot,
    ),
    h(
      "div",
      { class: "wide", tabindex: "0", role: "group", "aria-label": t("by_bot") },
      h(
        "table",
        { class: "numbers" },
        h("caption", { class: "unseen", text: t("by_bot") }),
        h("thead", {}, h("tr", {}, ...head)),
        body,
      ),
    ),
  );

  function show(numbers) {
    const { all, live } = numbers;
    const tile = (word, text) => h("div", {}, h("b", { text }), h("span", { text: t(word) }));
    tiles.replaceChildren(
      tile("live_now", figure(live)),
      tile("ended_calls", figure(all.ended)),
      tile("contained", share(all.contained, all.ended)),
      tile("transferred", share(all.transferred, all.ended)),
      tile("abandoned", share(all.abandoned, all.ended)),
      tile("median", ms(all.median_answer_ms)),
      tile("p95", ms(all.p95_answer_ms)),
      tile("no_match", share(all.not_understood, all.understood + all.not_understood)),
    );
    showHours(plot, all.hours, midnight);
    const line = (name, of) =>
      h("tr", {}, h("th", { scope: "row", text: name }), ...COLUMNS.map(([, text]) => h("td", { text: text(of) })));
    body.replaceChildren(...Object.entries(numbers.bots).map(([bot, of]) => line(bot, of)), line(t("all_bots"), all));
  }

  async function read() {
    try {
      last = await get(`numbers?since=${encodeURIComponent(midnight.toISOString())}`);
      write(fault, "");
      show(last);
    } catch (why) {
      write(fault, why.status ? why.message : t("fault_network"));
    }
  }

  bind([]);
  read();
  const timer = setInterval(read, AGAIN);
  return { leave: () => clearInterval(timer) };
}

/** Calls by the hour in which they began, up to now. */
function showHours(plot, hours, midnight) {
  const many = Math.min(24, Math.floor((Date.now() - midnight) / 3600e3) + 1);
  const most = Math.max(1, ...hours);
  const bar = (count, hour) => {
    const column = h("i", {});
    column.style.height = `${(count * 100) / most}%`;
    const words = t("in_hour", { hour, n: figure(count) });
    const each = h(
      "div",
      { title: words, class: hour < many ? null : "later" },
      h("span", { class: "figure", text: count ? figure(count) : "" }),
      column,
      h("span", { class: "hour", text: hour % 3 ? "" : hour }),
    );
    return each;
  };
  plot.replaceChildren(...hours.map(bar));
  attribute(
    plot,
    "aria-label",
    hours
      .map((count, hour) => count && t("in_hour", { hour, n: figure(count) }))
      .filter(Boolean)
      .join(", ") || t("no_calls"),
  );
}

/** A text of commas with the bare figures; a name is quoted, and cannot be a formula. */
function download(numbers, midnight) {
  const keys = [
    "ended",
    "answered",
    ...WAYS,
    "mean_ms",
    "median_answer_ms",
    "p95_answer_ms",
    "understood",
    "not_understood",
  ];
  const name = (text) => `"${text.replace(/^[=+\-@]/, "'$&").replaceAll('"', '""')}"`;
  const line = (bot, of) => [name(bot), ...keys.map((key) => of[key] ?? "")].join(",");
  const lines = [
    ["bot", ...keys].join(","),
    ...Object.entries(numbers.bots).map(([bot, of]) => line(bot, of)),
    line("*", numbers.all),
  ];
  const file = new Blob([`${lines.join("\r\n")}\r\n`], { type: "text/csv" });
  const [month, date] = [midnight.getMonth() + 1, midnight.getDate()].map((part) => String(part).padStart(2, "0"));
  const link = h("a", {
    href: URL.createObjectURL(file),
    download: `calls-${midnight.getFullYear()}-${month}-${date}.csv`,
  });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}
