// How a call was set up, held, moved and ended, as a ladder of SIP's messages, or of the description and the connection of a web page, as
// far as its record tells. No number and no address is in it.
import { attribute, h } from "./dom.js";
import { moment } from "./format.js";
import { known, t } from "./words.js";

/** The marks that are steps of the line, besides its messages. */
const STEPS = ["held", "resumed", "connection_lost", "connection_back", "line_replaced", "no_rtp", "rtp_again"];

/** How a SIP call that was not answered ended (RFC 3261), by the reason in its record. */
const REFUSALS = { busy: "486", declined: "603", "no such number": "404", "no answer": "408" };

/** `{ at, way, words }` of each message and step, in their order; `way`: `in`, `out`, or none for what happened here. */
export function rungs(record) {
  const found = [];
  let web = false;
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
        add(at_ms, back, web ? "SDP answer" : "200 OK");
        break;
      case "ended":
        add(at_ms, ...ending(record, event, { web, there }));
        break;
      case "mark":
        if (STEPS.includes(name)) add(at, null, known(`ev_${name}`) ?? name);
        else if (name === "transfer_started" && data.how === "refer") add(at, back, "REFER");
        else if (name === "transfer_progress") add(at, there, `NOTIFY ${data.status}`);
    }
  }
  return found;
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
  const show = () => {
    const all = rungs(record());
    list.replaceChildren(
      ...all.map(({ at, way, words }) => {
        const line = h(
          "li",
          {},
          h("span", { class: "at", text: moment(at) }),
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
  return box;
}
