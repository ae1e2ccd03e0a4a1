// Everything that happened in a call, in its order, with a filter.
import { attribute, h } from "./dom.js";
import { figure, moment, outcome, readable, seatName } from "./format.js";
import { moodReason } from "./mood.js";
import { known, t } from "./words.js";

/** So many events are drawn; the oldest beyond are left out until all are asked for. */
const SHOWN = 400;

const KINDS = ["speech", "bot", "tools", "line", "people", "call", "measured"];
/** What is shown only when it is asked for: the line is measured every few seconds. */
const FOLDED = ["measured"];

const OF_MARKS = {
  speech: [
    "speech_started",
    "speech_stopped",
    "recognised",
    "not_understood",
    "typed",
    "key",
    "words_late",
    "recogniser_failed",
  ],
  bot: [
    "bot_sounds",
    "bot_held",
    "bot_resumed",
    "bot_hushed",
    "standby",
    "sound_missing",
    "synthesiser_failed",
    "handed_on",
    "hand_on_failed",
  ],
  tools: [
    "tool_called",
    "tool_answered",
    "tool_failed",
    "tool_cancelled",
    "tool_incomplete",
    "cited",
    "task",
    "model_asked",
    "model_answered",
    "model_stopped",
    "model_failed",
  ],
  line: [
    "sip",
    "no_rtp",
    "rtp_again",
    "held",
    "resumed",
    "connection_lost",
    "connection_back",
    "line_replaced",
    "ice_candidates",
    "ice_trickled",
    "ice_check",
    "ice_pair",
    "ice_restarted",
    "ice_disconnected",
  ],
};

function kindOf(event) {
  if (event.event === "turn") return event.speaker === "bot" ? "bot" : "speech";
  if (event.event === "slot" || event.event === "silence") return "speech";
  if (event.event === "latency") return "bot";
  if (event.event === "line" || event.name === "voice") return "measured";
  if (event.event !== "mark") return "call";
  const found = Object.entries(OF_MARKS).find(([, names]) => names.includes(event.name));
  if (found) return found[0];
  return event.name.startsWith("recording") ? "call" : "people";
}

/** What an event says, in words. */
function words(event, seats) {
  switch (event.event) {
    case "turn":
      return `${t(`speaker_${event.speaker}`)}: ${event.heard || event.text}`;
    case "slot":
      return event.value === null
        ? t("ev_slot_cleared", { name: event.name })
        : `${event.name} = ${readable(event.value)}`;
    case "silence":
      return `${t(`silence_${event.kind}`)}: ${figure((event.ended_ms - event.started_ms) / 1000, 1)} s`;
    case "latency":
      return t("ev_latency", { n: figure(event.total_ms) });
    case "line":
      return t("ev_line", {
        seat: seatName(event.seat, seats),
        mos: event.mos === null ? "–" : figure(event.mos, 1),
        lost: figure((event.loss ?? 0) * 100, 1),
      });
    case "mark":
      return [known(`ev_${event.name}`) ?? event.name.replaceAll("_", " "), ...details(event.data)].join(" · ");
    case "recording":
      return t(event.closed ? "ev_recording_closed" : "ev_recording");
    case "ended":
      return t("ev_ended", { reason: outcome(event.reason) });
    default:
      return known(`ev_${event.event}`) ?? event.event;
  }
}

/** What a mark says besides its time: who, how, what and why by themselves, anything else with its name. */
const PLAIN = ["name", "by", "to", "tool", "mode", "task", "state", "trend", "decision", "slots", "why"];
const UNSAID = ["ms", "id", "seat", "say", "turn", "from_ms", "to_ms", "pitch_hz"];
/** Names that this page has words for, by the key that they stand under. */
const NAMED = { mode: "mode", state: "mood", trend: "trend", decision: "decided_short" };

function details(data) {
  if (typeof data !== "object" || data === null) return [];
  const said = (key) => {
    if (key === "why" && Array.isArray(data.why))
      return data.why.map((why) => (why.code ? moodReason(why) : String(why))).join(", ");
    if (key === "why") return known(`why_code_${data.why.toLowerCase().replaceAll(" ", "_")}`) ?? outcome(data.why);
    return NAMED[key] ? (known(`${NAMED[key]}_${data[key]}`) ?? readable(data[key])) : readable(data[key]);
  };
  const plain = PLAIN.filter((key) => data[key]?.length).map(said);
  const others = Object.entries(data)
    .filter(([key, given]) => !PLAIN.includes(key) && !UNSAID.includes(key) && given !== null)
    .map(([key, given]) => `${known(`data_${key}`) ?? key}: ${known(`severity_${given}`) ?? readable(given)}`);
  return [...plain, ...others];
}

export class Timeline {
  constructor({ seek = null } = {}) {
    this.seek = seek;
    this.kinds = new Set(KINDS.filter((kind) => !FOLDED.includes(kind)));
    this.seats = new Map();
    this.drawn = 0;
    this.list = h("ol", { class: "events" });
    const chip = (kind) =>
      h("button", {
        type: "button",
        class: "chip",
        "aria-pressed": String(!FOLDED.includes(kind)),
        text: t(`kind_${kind}`),
        onclick: ({ currentTarget }) => {
          if (!this.kinds.delete(kind)) this.kinds.add(kind);
          attribute(currentTarget, "aria-pressed", String(this.kinds.has(kind)));
          this.again();
        },
      });
    this.more = h("button", {
      type: "button",
      class: "button",
      hidden: true,
      text: t("show_all"),
      onclick: () => {
        this.all = true;
        this.again();
      },
    });
    this.node = h(
      "div",
      { class: "timeline" },
      h("div", { class: "chips", role: "group", "aria-label": t("filters") }, ...KINDS.map(chip)),
      this.more,
      h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": t("timeline") }, this.list),
    );
  }

  again() {
    this.drawn = 0;
    this.list.replaceChildren();
    if (this.record) this.show(this.record);
  }

  show(record) {
    this.record = record;
    if (!this.node.isConnected || this.node.closest("[hidden], details:not([open])")) return;
    const wanted = record.events.filter((event) => this.kinds.has(kindOf(event)));
    let from = this.drawn;
    if (!this.drawn && !this.all && wanted.length > SHOWN) from = wanted.length - SHOWN;
    attribute(this.more, "hidden", this.all || wanted.length <= SHOWN);
    this.seats = record.sat;
    // The newest is first, by when each was, which is not when it was told.
    for (const event of wanted.slice(from)) {
      const line = this.line(event);
      let next = this.list.firstChild;
      while (next && Number(next.dataset.ms) > Number(line.dataset.ms)) next = next.nextSibling;
      this.list.insertBefore(line, next);
    }
    this.drawn = wanted.length;
  }

  line(event) {
    const at = event.event === "turn" || event.event === "silence" ? event.started_ms : (event.data?.ms ?? event.at_ms);
    const time = this.seek
      ? h("button", { type: "button", class: "at", text: moment(at), onclick: () => this.seek(at) })
      : h("span", { class: "at", text: moment(at) });
    const text = words(event, this.seats);
    return h("li", { class: `k-${kindOf(event)}`, "data-ms": at }, time, h("span", { text }));
  }
}
