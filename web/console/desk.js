// What follows who has signed in from page to page: links with counts, alerts as they come, and the caller who is offered to them.
import { alertWords } from "./alerts.js";
import { h } from "./dom.js";
import { caller, outcome } from "./format.js";
import { offerCard } from "./offer.js";
import { load } from "./prefs.js";
import { held } from "./seat.js";
import { chime } from "./sound.js";
import { t } from "./words.js";

/** An alert stays at the bottom for so long, in ms. */
const SHOWN = 12000;

/** On a phone the links go beyond the edge: that of the page that is open is brought into sight. */
export function revealLink() {
  const link = document.querySelector(".top nav [aria-current]");
  if (link) link.closest("nav").scrollLeft = link.offsetLeft - 60;
}

/** `node`: what lies over the page; `links()`: the links of the pages that this server has. */
export class Desk {
  constructor(feed, context) {
    this.feed = feed;
    this.context = context;
    this.offer = null;
    this.notices = h("div", { class: "notices", role: "log", "aria-live": "polite", "aria-label": t("alerts") });
    this.inCall = h("div", { class: "notices", role: "status" });
    this.node = h("div", { class: "desk" }, this.inCall, this.notices);
    this.nav = h("span", { class: "more-links" });
    for (const name of ["approvals", "queue", "offers"]) feed.addEventListener(name, () => this.links());
    feed.addEventListener("offers", () => this.#offers());
    feed.addEventListener("alert", ({ detail: { alert, fresh } }) => {
      this.links();
      if (alert && fresh && !alert.seen) this.#notice(alert);
    });
  }

  end() {
    this.offer?.end();
  }

  /** The way back to calls in which somebody speaks while they look at another page. */
  showHeld() {
    for (const [id, seat] of held) {
      if (!seat.seated) held.delete(id);
      else seat.addEventListener("change", () => this.showHeld(), { once: true });
    }
    const way = (id) => {
      const row = this.feed.calls.all.get(id);
      return h(
        "a",
        { class: "notice", href: `#/call/${id}` },
        h("b", { text: t("still_in_call") }),
        h("span", { text: [row && caller(row), row?.bot].filter(Boolean).join(" → ") }),
        h("span", { text: t(held.get(id).heard ? "microphone_open" : "microphone_closed") }),
      );
    };
    // On the call's own page there is no way to it.
    const elsewhere = [...held.keys()].filter((id) => !location.hash.startsWith(`#/call/${id}`));
    this.inCall.replaceChildren(...elsewhere.map(way));
  }

  /** Which of its pages there are, with how many wait on each. */
  get pages() {
    const { feed, context } = this;
    const unseen = [...(feed.alerts?.values() ?? [])].filter(({ seen }) => !seen).length;
    return [
      {
        name: "approvals",
        shown: feed.approvals !== null && context.may("approve"),
        many: feed.approvals?.length ?? 0,
      },
      { name: "alerts", shown: feed.alerts !== null, many: unseen },
      {
        name: "people_page",
        shown: feed.offers !== null || feed.queue !== null,
        many: feed.queue?.length ?? 0,
      },
    ].filter(({ shown }) => shown);
  }

  links(place = this.place) {
    this.place = place;
    const link = ({ name, many }) =>
      h(
        "a",
        { href: `#/${name.replace("_page", "")}`, "aria-current": place === name ? "page" : null },
        h("span", { text: t(name) }),
        many > 0 && h("span", { class: "count", text: String(many) }),
      );
    this.nav.replaceChildren(...this.pages.map(link));
    revealLink();
    return this.nav;
  }

  #notice(alert) {
    const { alert_sound } = { alert_sound: load("alert_sound", false) };
    if (alert_sound) chime(alert.severity === "critical" ? 2 : 1);
    if (alert.severity === "info") return;
    const row = this.feed.calls.all.get(alert.call);
    // Who looks at the call sees it there.
    if (location.hash.startsWith(`#/call/${alert.call}`)) return this.context.announce(alertWords(alert));
    const link = h(
      "a",
      { href: `#/call/${alert.call}/${alert.from_ms}` },
      h("b", { text: alertWords(alert) }),
      h("span", { text: [row && caller(row), alert.bot].filter(Boolean).join(" → ") }),
    );
    const close = h("button", {
      type: "button",
      class: "quiet",
      text: "×",
      "aria-label": t("close"),
      onclick: () => line.remove(),
    });
    const line = h("div", { class: "notice closable", "data-severity": alert.severity }, link, close);
    this.notices.prepend(line);
    while (this.notices.children.length > 3) this.notices.lastChild.remove();
    setTimeout(() => line.remove(), SHOWN);
  }

  #offers() {
    const [offer] = this.feed.offers ?? [];
    if (this.offer?.id === offer?.id) return;
    this.offer?.end();
    this.offer = offer ? offerCard(offer, this.feed, this.context) : null;
    if (!this.offer) return;
    this.node.append(this.offer.node);
    if (load("offer_sound", true)) chime(2);
    this.context.announce(t("offer_said", { why: outcome(offer.why ?? "") }));
  }
}
