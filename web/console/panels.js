// What stands beside the transcript: why a call needs somebody, what it has found out, how fast it answers, its line, its tools.
import { attribute, h, icon, write } from "./dom.js";
import {
  botsOf,
  caller,
  clock,
  concern,
  figure,
  grade,
  party,
  personName,
  readable,
  seatName,
  value,
  viaWords,
} from "./format.js";
import { known, t } from "./words.js";

const PARTS = ["endpoint", "recognise", "think", "synthesise", "playout"];
/** So many of the last answers are shown. */
const ANSWERS = 8;

export function panel(word, ...children) {
  const body = h("div", { class: "body" }, ...children);
  const id = `panel-${word}`;
  return { node: h("section", { class: "panel", "aria-labelledby": id }, h("h2", { id, text: t(word) }), body), body };
}

export function healthPanel() {
  const { node, body } = panel("health");
  return {
    node,
    /** `taken`: whether a person has the call. */
    show(health, taken = false) {
      const kind = grade(health.score);
      body.replaceChildren(
        h(
          "p",
          { class: "health", "data-grade": kind },
          h("span", { class: "score", text: String(health.score) }),
          h("span", { text: taken ? t("person_has_call", { name: t("a_person") }) : t(`grade_${kind}`) }),
        ),
        h(
          "ul",
          { class: "concerns" },
          ...health.concerns.map((one) =>
            h("li", {}, h("span", { text: concern(one) }), h("span", { class: "points", text: `−${one.points}` })),
          ),
        ),
      );
    },
  };
}

/** `edit(name, value)` changes a slot; nothing where that is not allowed. */
export function slotsPanel(edit) {
  const { node, body } = panel("slots");
  const list = h("dl", { class: "slots" });
  const empty = h("p", { class: "empty", text: t("no_slots") });
  body.append(list, empty);
  const show = (slots, promises = []) => {
    attribute(empty, "hidden", slots.size + promises.length > 0);
    list.replaceChildren(
      ...[...slots].map(([name, slot]) => {
        const about = [t(slot.confirmed ? "confirmed" : "unconfirmed")];
        if (slot.by) about.unshift(t("given_by", { name: personName(slot.by) }));
        else if (typeof slot.confidence === "number") about.push(`${figure(slot.confidence * 100)} %`);
        const change =
          edit &&
          h(
            "button",
            {
              type: "button",
              class: "quiet",
              "aria-label": t("change_slot", { name }),
              title: t("change_slot", { name }),
              onclick: () => edit(name, value(slot.value)),
            },
            icon("edit"),
          );
        return h(
          "div",
          { "data-confirmed": slot.confirmed ? "" : null },
          h("dt", { text: name }),
          h(
            "dd",
            {},
            h(
              "span",
              {},
              h("span", { class: "value", text: readable(slot.value) }),
              h("span", { class: "about", text: about.join(" · ") }),
            ),
            change,
          ),
        );
      }),
      ...promises.map(({ by, text }) =>
        h(
          "div",
          {},
          h("dt", { text: t("promised") }),
          h(
            "dd",
            {},
            h(
              "span",
              {},
              h("span", { class: "value", text }),
              h("span", { class: "about", text: t("given_by", { name: personName(by) }) }),
            ),
          ),
        ),
      ),
    );
  };
  return { node, show };
}

export function answersPanel() {
  const { node, body } = panel("answers");
  const list = h("ol", { class: "answers" });
  const key = h(
    "p",
    { class: "key" },
    ...PARTS.map((part) => h("span", { class: `p-${part}`, text: t(`part_${part}`) })),
  );
  const empty = h("p", { class: "empty", text: t("no_answers") });
  const median = h("p", { class: "about" });
  body.append(median, list, key, empty);
  const show = (latency) => {
    const all = [...latency.values()];
    attribute(empty, "hidden", all.length > 0);
    attribute(key, "hidden", !all.length);
    const sorted = all.map(({ total_ms }) => total_ms).sort((a, b) => a - b);
    write(median, all.length ? t("median_answer", { n: figure(sorted[Math.floor(sorted.length / 2)]) }) : "");
    const last = all.slice(-ANSWERS);
    const most = Math.max(1000, ...last.map(({ total_ms }) => total_ms));
    list.replaceChildren(
      ...last.map((one) => {
        const words = PARTS.map((part) => `${t(`part_${part}`)} ${one[`${part}_ms`]} ms`).join(", ");
        const bar = h("span", { class: "stack", role: "img", "aria-label": words, title: words });
        for (const part of PARTS) {
          const piece = h("i", { class: `p-${part}` });
          piece.style.width = `${(one[`${part}_ms`] * 100) / most}%`;
          bar.append(piece);
        }
        return h("li", {}, bar, h("span", { class: "total", text: `${figure(one.total_ms)} ms` }));
      }),
    );
  };
  return { node, show };
}

export function linePanel() {
  const { node, body } = panel("line");
  const empty = h("p", { class: "empty", text: t("line_unknown") });
  body.append(empty);
  const show = (lines, seats) => {
    if (!lines.size) return;
    const row = (word, text) => h("div", {}, h("dt", { text: t(word) }), h("dd", { text }));
    const percent = (share) => (typeof share === "number" ? `${figure(share * 100, 1)} %` : "–");
    const ms = (much) => (typeof much === "number" ? `${figure(much)} ms` : "–");
    body.replaceChildren(
      ...[...lines.values()].map((line) =>
        h(
          "dl",
          { class: "facts", "aria-label": seatName(line.seat, seats) },
          row("line_seat", seatName(line.seat, seats)),
          row("mos", line.mos === null ? "–" : figure(line.mos, 2)),
          row("loss", percent(line.loss ?? (line.received ? line.lost / (line.received + line.lost) : 0))),
          row("jitter", ms(line.jitter_ms)),
          row("round_trip", ms(line.round_trip_ms)),
          row("buffer", ms(line.delay_ms)),
          row("loss_there", percent(line.remote_loss)),
        ),
      ),
    );
  };
  return { node, show };
}

export function toolsPanel() {
  const { node, body } = panel("tools");
  const list = h("ul", { class: "toolcalls" });
  const empty = h("p", { class: "empty", text: t("no_tools") });
  body.append(list, empty);
  const show = (tools, ended) => {
    attribute(empty, "hidden", tools.length > 0);
    list.replaceChildren(
      ...tools.map((tool, n) => {
        const outcome = tool.outcome ?? (ended ? "cancelled" : "running");
        const took = tool.took === undefined ? "" : ` · ${figure(tool.took)} ms`;
        const why = tool.why ? ` · ${tool.why}` : "";
        return h(
          "li",
          { "data-outcome": outcome },
          h("span", { class: "at", text: clock(tool.at) }),
          h("span", { text: tool.name ?? t("tool_n", { n: n + 1 }) }),
          h("span", { class: "about", text: t(`tool_${outcome}`) + took + why }),
        );
      }),
    );
  };
  return { node, show };
}

/** Who calls which bot. */
export function title(call) {
  const who = h("span", { text: caller(call) });
  return h("h1", {}, who, h("span", { class: "to", text: ` → ${botsOf(call)}` }));
}

/** The details of a call that do not change. */
export function aboutPanel(call) {
  const { node, body } = panel("about");
  const row = (word, text) => text && h("div", {}, h("dt", { text: t(word) }), h("dd", { text }));
  const facts = [
    ["direction", t(`direction_${call.direction}`)],
    ["via", viaWords(call.via)],
    ["from", call.from && party(call.from)],
    ["to", call.to && party(call.to)],
    ["language", known(`language_${call.language}`) ?? call.language],
  ];
  const headers = Object.entries(call.headers ?? {}).map(([name, text]) =>
    h("div", {}, h("dt", { text: name }), h("dd", { text })),
  );
  body.append(h("dl", { class: "facts" }, ...facts.map(([word, text]) => row(word, text)), ...headers));
  return node;
}

export function timelineSection(timeline, record) {
  const box = h("details", { class: "panel" }, h("summary", {}, h("h2", { text: t("timeline") })), timeline.node);
  box.addEventListener("toggle", () => timeline.show(record()));
  return box;
}

/** How loud both sides are, while the call goes on. */
export function levelsMeter() {
  const bar = (side) => h("i", { class: `level ${side}` });
  const bars = { caller: bar("caller"), bot: bar("bot") };
  const line = (side, word) =>
    h("span", { class: "side" }, h("span", { text: t(word) }), h("span", { class: "track" }, bars[side]));
  const node = h(
    "span",
    { class: "levels", role: "img", "aria-label": t("levels"), hidden: true },
    line("caller", "short_caller"),
    line("bot", "short_bot"),
  );
  const show = (levels) => {
    attribute(node, "hidden", !levels);
    if (levels) for (const [side, one] of Object.entries(bars)) one.style.transform = `scaleX(${levels[side] / 100})`;
  };
  return { node, show };
}

/** Who else is in the call. */
export function peoplePanel() {
  const { node, body } = panel("people");
  const list = h("ul", { class: "people" });
  const empty = h("p", { class: "empty", text: t("nobody_else") });
  body.append(list, empty);
  const show = (seats) => {
    attribute(empty, "hidden", seats.size > 0);
    const line = ({ name, mode }) =>
      h(
        "li",
        {},
        h("span", { text: personName(name) }),
        h("span", { class: "about", text: known(`mode_${mode}`) ?? mode }),
      );
    list.replaceChildren(...[...seats.values()].map(line));
  };
  return { node, show };
}

/** The transcript in its frame. */
export function transcriptSection(transcript) {
  const id = "panel-transcript";
  const heading = h("h2", { id, text: t("transcript") });
  return h("section", { class: "panel grows", "aria-labelledby": id }, heading, transcript.node);
}
