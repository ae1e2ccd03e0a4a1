// A caller who is offered to whoever is available: who it is, why, what was said and found out, before it is accepted.
import { request } from "./api.js";
import { h, write } from "./dom.js";
import { caller, clock, now, outcome, readable } from "./format.js";
import { isTyping } from "./keys.js";
import { held, refusal, Seat } from "./seat.js";
import { taskTitle } from "./tasks.js";
import { known, t } from "./words.js";

const REASONS = ["busy", "not_mine", "break"];
/** Of the last turns so many are shown. */
const TURNS = 6;

export function offerCard(offer, feed, { toast }) {
  const row = feed.calls.all.get(offer.call);
  const left = h("span", { class: "left" });
  const accept = h(
    "button",
    { type: "button", class: "button primary", onclick: take },
    h("span", { text: t("accept") }),
    h("kbd", { text: "Y" }),
  );
  const why = h(
    "select",
    { "aria-label": t("decline_why") },
    ...REASONS.map((name) => h("option", { value: t(`why_not_${name}`), text: t(`why_not_${name}`) })),
  );
  const decline = h(
    "button",
    { type: "button", class: "button", onclick: refuse },
    h("span", { text: t("decline_offer") }),
    h("kbd", { text: "N" }),
  );
  const fact = (word, text) => text && h("div", {}, h("dt", { text: t(word) }), h("dd", { text }));
  const node = h(
    "section",
    { class: "offer", role: "region", "aria-label": t("offer") },
    h("div", { class: "cardhead" }, h("h2", { text: t("offer") }), left),
    h("p", {}, h("b", { text: row ? caller(row) : offer.bot }), ` → ${offer.destination ?? offer.bot}`),
    h(
      "dl",
      { class: "facts" },
      fact("offer_why", offer.why && outcome(offer.why)),
      fact("waits_since", clock((offer.waited_s ?? 0) * 1000)),
      fact("mood", offer.mood && (known(`mood_${offer.mood.state ?? offer.mood}`) ?? "")),
      fact("task_now", offer.task && taskTitle(offer.bot, offer.task)),
      ...(offer.slots ?? []).map(({ name, value: given }) =>
        h("div", {}, h("dt", { text: name }), h("dd", { text: readable(given) })),
      ),
      fact("still_open", offer.next),
    ),
    h(
      "ol",
      { class: "summary", tabindex: "0", "aria-label": t("transcript") },
      ...(offer.summary ?? [])
        .slice(-TURNS)
        .map(({ speaker, text }) => h("li", {}, h("b", { text: t(`speaker_${speaker}`) }), h("span", { text }))),
    ),
    h("div", { class: "decide" }, accept, decline, why),
  );

  async function take() {
    accept.disabled = true;
    const seat = new Seat(offer.call, { offer: offer.id });
    try {
      await seat.take("agent");
      held.set(offer.call, seat);
      if (location.hash === `#/call/${offer.call}`) dispatchEvent(new HashChangeEvent("hashchange"));
      else location.hash = `#/call/${offer.call}`;
    } catch (fault) {
      accept.disabled = false;
      const [word, values] = refusal(fault);
      toast(t(word, values), "bad");
    }
  }

  async function refuse() {
    decline.disabled = true;
    try {
      await request("DELETE", `offers/${offer.id}`, { json: { why: why.value } });
    } catch (fault) {
      decline.disabled = false;
      toast(fault.status ? fault.message : t("fault_network"), "bad");
    }
  }

  const tick = () => write(left, t("time_left", { at: clock(Math.max(0, Date.parse(offer.until) - now())) }));
  // Before the keys of the page: who is offered a caller answers that first.
  const keys = (event) => {
    const act = { y: take, n: refuse }[event.key];
    if (!act || event.repeat || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  };
  addEventListener("keydown", keys, true);
  const clocks = setInterval(tick, 500);
  tick();
  return {
    id: offer.id,
    node,
    end: () => {
      removeEventListener("keydown", keys, true);
      clearInterval(clocks);
      node.remove();
    },
  };
}
