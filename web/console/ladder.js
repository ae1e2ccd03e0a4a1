// How a call was set up, held, moved and ended, as a ladder of SIP's messages, or of the description, ICE and the connection of a web page,
// as far as its record tells. No number is in it; of addresses, those of ICE, as the server shows them to who looks.
import { attribute, h } from "./dom.js";
import { instant } from "./format.js";
import { known, t } from "./words.js";

/** The marks that are steps of the line, besides its messages. */
const STEPS = ["held", "resumed", "connection_lost", "connection_back", "line_replaced", "no_rtp", "rtp_again"];

/** How a SIP call that was not answered ended (RFC 3261), by the reason in its record. */
const REFUSALS = { busy: "486", declined: "603", "no such number": "404", "no answer": "408" };

/** `{ at, way, words }` of each message and step, in their order; `way`: `in`, `out`, or none for what happened here. */
export function rungs(record) {
  const found = [];
  let [web, ice] = [false, false];
  let [there, back] = ["in", "out"];
  const add = (at, way, words) => found.push({ at, way, words });
  for (const event of record.events) {
    const { name, data, at_ms } = event;
    const at = data?.ms ?? at_ms;
    switch (event.event) {
      case "started":
        web = event.via.startsWith("widget");
        if (event.direction === "outbound") [there, back] = [back, there];
        add(at_ms, there, web ? "SDP offer" : "INVITE");
        break;
      case "answered":
        if (ice) add(at_ms, null, t("dtls_connected"));
        else add(at_ms, back, web ? "SDP answer" : "200 OK");
        break;
      case "ended":
        add(at_ms, ...ending(record, event, { web, there }));
        break;
      case "mark":
        if (name === "ice_candidates") {
          // Recorded when the answer is on its way; the call counts as answered once the connection stands.
          ice = true;
          if (data.theirs) add(at, there, t("ice_candidates", { n: data.theirs }));
          add(at, back, "SDP answer");
          add(at, back, t("ice_candidates", { n: data.ours }));
        } else if (name.startsWith("ice_")) add(at, ...iceStep(name, data, there));
        else if (STEPS.includes(name)) add(at, null, known(`ev_${name}`) ?? name);
        else if (name === "transfer_started" && data.how === "refer") add(at, back, "REFER");
        else if (name === "transfer_progress") add(at, there, `NOTIFY ${data.status}`);
    }
  }
  return found;
}

/** A step of ICE (RFC 8445): its way and its words. */
function iceStep(name, data, there) {
  const transport = data.transport?.toUpperCase();
  switch (name) {
    case "ice_trickled":
      return [there, t("ice_candidates", { n: data.theirs })];
    case "ice_check":
      return [there, t("ice_check", { transport, remote: data.remote })];
    case "ice_pair": {
      const kind = known(`ice_kind_${data.kind}`) ?? data.kind;
      return [null, t("ice_pair", { transport, kind, local: data.local, remote: data.remote })];
    }
    case "ice_restarted":
      return [there, t("ice_restarted", { n: data.session })];
    default:
      return [null, known(`ev_${name}`) ?? name];
  }
}

/** By which message a call ended, as far as its record tells: its way and its words. */
function ending(record, { reason }, { web, there }) {
  const why = reason.toLowerCase();
  if (web) return [null, t("call_over")];
  if (why === "cancelled") return [there, "CANCEL"];
  if (record.answeredMs === null) return REFUSALS[why] ? ["in", REFUSALS[why]] : [null, t("call_over")];
  if (["no rtp", "connection lost", "server stopped"].includes(why)) return [null, t("call_over")];
  return [why === "hung up" ? "in" : "out", "BYE"];
}

/** `record()` gives the record when it is opened. */
export function ladderSection(record) {
  const list = h("ol", { class: "ladder" });
  const box = h("details", { class: "panel" }, h("summary", {}, h("h2", { text: t("ladder") })), list);
  let drawn = -1;
  const show = () => {
    const all = rungs(record());
    if (all.length === drawn) return;
    drawn = all.length;
    list.replaceChildren(
      ...all.map(({ at, way, words }) => {
        const line = h(
          "li",
          {},
          h("span", { class: "at", text: instant(at) }),
          h("span", { class: "rung", text: words }),
        );
        attribute(line, "data-way", way ?? "here");
        if (way) line.append(h("span", { class: "unseen", text: t(`ladder_${way}`) }));
        return line;
      }),
    );
    if (!all.length) list.replaceChildren(h("li", { class: "empty", text: t("no_ladder") }));
  };
  box.addEventListener("toggle", show);
  /** The record has grown. */
  box.again = () => box.open && show();
  return box;
}
