// Alerts: what went beyond a rule in which call, at which moment; and who has seen to it.
import { request } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { caller, figure, moment, now } from "./format.js";
import { bind } from "./keys.js";
import { load, save } from "./prefs.js";
import { chime } from "./sound.js";
import { known, t } from "./words.js";

/** Why an alert was raised, in words. */
export function alertWords({ kind, rule, reason = {} }) {
  const { value, word, by, state } = reason;
  const seconds = typeof value === "number" ? figure(value / 1000, value < 10000 ? 1 : 0) : "–";
  switch (kind) {
    case "silence":
    case "slow_answers":
      return t(`alert_${kind}`, { n: seconds });
    case "long_call":
      return t("alert_long_call", { n: figure((value ?? 0) / 60000) });
    case "no_match":
    case "person":
      return t(`alert_${kind}`, { n: figure(value ?? 1) });
    case "raised_voice":
      return t("alert_raised_voice", { n: figure(value ?? 0) });
    case "poor_line":
      return t("alert_poor_line", { n: figure(value ?? 0, 1) });
    case "words":
      return t(by === "bot" ? "alert_words_bot" : "alert_words_caller", { word: word ?? "•••" });
    case "mood":
      return t("alert_mood", { state: known(`mood_${state}`) ?? state ?? "" });
    default:
      return rule;
  }
}

export function alertsPage(main, { feed, toast, may }) {
  const sound = h("input", {
    type: "checkbox",
    checked: load("alert_sound", false),
    onchange: () => {
      save("alert_sound", sound.checked);
      if (sound.checked) chime(1);
    },
  });
  const open = h("input", { type: "checkbox", checked: true, onchange: () => show() });
  const list = h("ul", { class: "alerts", role: "list", "aria-label": t("alerts") });
  const empty = h("p", { class: "empty" });
  main.append(
    h(
      "div",
      { class: "bar" },
      h("div", { class: "heading" }, h("h1", { text: t("alerts") })),
      h("label", { class: "check" }, open, h("span", { text: t("unseen_only") })),
      h("label", { class: "check" }, sound, h("span", { text: t("with_sound") })),
    ),
    list,
    empty,
  );
  let selected = null;

  async function seen(id) {
    if (!id) return;
    try {
      const answer = await request("PUT", `alerts/${encodeURIComponent(id)}/seen`);
      feed.alerts.set(id, await answer.json());
      feed.dispatchEvent(new CustomEvent("alert", { detail: { alert: null, fresh: false } }));
    } catch (why) {
      toast(why.status ? why.message : t("fault_network"), "bad");
    }
  }

  function line(alert) {
    const row = feed.calls.all.get(alert.call);
    const ago = Math.max(0, Math.round((now() - Date.parse(alert.at)) / 60000));
    return h(
      "li",
      { "data-severity": alert.severity, "data-id": alert.id, "data-seen": alert.seen ? "" : null },
      h("span", { class: "severity", text: t(`severity_${alert.severity}`) }),
      h(
        "a",
        { href: `#/call/${alert.call}/${alert.from_ms}`, onfocus: () => (selected = alert.id) },
        h("b", { text: alertWords(alert) }),
        h("span", {
          class: "about",
          text: [row && caller(row), alert.bot, t("at_moment", { at: moment(alert.from_ms) })]
            .filter(Boolean)
            .join(" · "),
        }),
      ),
      h("span", { class: "about", text: t("minutes_ago", { n: ago }) }),
      alert.seen
        ? h("span", { class: "about", text: t("seen_by", { name: alert.seen.by }) })
        : may("monitor") &&
            h("button", { type: "button", class: "button", text: t("mark_seen"), onclick: () => seen(alert.id) }),
    );
  }

  function show() {
    const all = [...(feed.alerts?.values() ?? [])].reverse().filter(({ seen }) => !open.checked || !seen);
    const focused = document.activeElement?.closest?.("li")?.dataset.id;
    list.replaceChildren(...all.map(line));
    if (focused)
      [...list.children]
        .find((node) => node.dataset.id === focused)
        ?.querySelector("a")
        .focus();
    attribute(empty, "hidden", all.length > 0);
    write(empty, t("no_alerts"));
  }

  const step = (by) => () => {
    const nodes = [...list.children];
    const at = nodes.findIndex((node) => node.contains(document.activeElement));
    nodes[Math.min(nodes.length - 1, Math.max(0, at + by))]?.querySelector("a").focus();
  };
  bind([
    { key: "j", word: "key_down_list", act: step(1), repeats: true },
    { key: "k", word: "key_up_list", act: step(-1), repeats: true },
    { key: "Enter", word: "key_moment" },
    ...(may("monitor") ? [{ key: "x", word: "mark_seen", act: () => seen(selected) }] : []),
  ]);
  feed.addEventListener("alert", show);
  const minutes = setInterval(show, 60000);
  show();
  return {
    leave: () => {
      feed.removeEventListener("alert", show);
      clearInterval(minutes);
    },
  };
}
