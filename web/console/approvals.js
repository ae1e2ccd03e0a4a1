// Actions that wait for a supervisor, over all calls: what would be done, with which values, and until when.
import { request } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { caller, clock, now } from "./format.js";
import { bind } from "./keys.js";
import { taskTitle } from "./tasks.js";
import { t } from "./words.js";

export function approvalsPage(main, { feed, toast, may }) {
  const list = h("ul", { class: "cards", role: "list", "aria-label": t("approvals") });
  const empty = h("p", { class: "empty" });
  main.append(
    h(
      "div",
      { class: "bar" },
      h(
        "div",
        { class: "heading" },
        h("h1", { text: t("approvals") }),
        h("p", { class: "counts", text: t("approvals_lead") }),
      ),
    ),
    list,
    empty,
  );
  const cards = new Map();
  let selected = null;

  async function decide(id, decision) {
    const card = cards.get(id);
    if (!card || card.busy) return;
    card.busy = true;
    for (const button of card.buttons) button.disabled = true;
    try {
      const note = card.note.value.trim();
      await request("POST", `approvals/${id}`, { json: note ? { decision, note } : { decision } });
      toast(t(`decided_${decision}`, { action: card.item.action }));
    } catch (why) {
      // Whoever comes second is told who was first.
      toast(why.status ? why.message : t("fault_network"), "bad");
      card.busy = false;
      for (const button of card.buttons) button.disabled = false;
    }
  }

  function make(item) {
    const note = h("input", { "aria-label": t("note_for_record"), placeholder: t("note_for_record"), maxlength: 500 });
    const left = h("span", { class: "left" });
    const button = (decision, key, kind) =>
      h(
        "button",
        { type: "button", class: `button ${kind}`, onclick: () => decide(item.id, decision) },
        h("span", { text: t(decision) }),
        h("kbd", { text: key }),
      );
    const buttons = [button("approve", "Y", "primary"), button("decline", "N", "")];
    const row = feed.calls.all.get(item.call);
    const node = h(
      "li",
      { class: "card", tabindex: "-1", "data-id": item.id },
      h("div", { class: "cardhead" }, h("h2", { text: item.action }), left),
      h(
        "p",
        { class: "about" },
        h("a", { href: `#/call/${item.call}`, text: [row && caller(row), item.bot].filter(Boolean).join(" → ") }),
        item.task ? ` · ${t("row_task", { name: taskTitle(item.bot, item.task) })}` : "",
      ),
      h(
        "dl",
        { class: "facts" },
        ...item.values.map(({ label, text }) => h("div", {}, h("dt", { text: label }), h("dd", { text: text ?? "–" }))),
      ),
      h("p", { class: "about", text: t(`default_${item.default}`) }),
      may("approve") && h("div", { class: "decide" }, note, ...buttons),
    );
    node.addEventListener("focusin", () => choose(item.id, false));
    return { item, node, note, left, buttons };
  }

  function choose(id, focus = true) {
    selected = id;
    for (const [other, { node }] of cards) attribute(node, "data-selected", other === id ? "" : null);
    if (focus) cards.get(id)?.node.focus({ preventScroll: false });
  }

  function show() {
    const items = feed.approvals ?? [];
    const ids = new Set(items.map(({ id }) => id));
    for (const [id, { node }] of cards)
      if (!ids.has(id)) {
        node.remove();
        cards.delete(id);
      }
    for (const item of items) {
      if (cards.has(item.id)) continue;
      const card = make(item);
      cards.set(item.id, card);
      list.append(card.node);
    }
    if (!cards.has(selected)) choose(items[0]?.id ?? null, false);
    attribute(empty, "hidden", items.length > 0);
    write(empty, t("no_approvals"));
    tick();
  }

  function tick() {
    for (const { item, left } of cards.values()) {
      const ms = Date.parse(item.until) - now();
      write(left, t("time_left", { at: clock(Math.max(0, ms)) }));
      attribute(left, "data-soon", ms < 15000 ? "" : null);
    }
  }

  const step = (by) => () => {
    const ids = [...cards.keys()];
    if (ids.length) choose(ids[Math.min(ids.length - 1, Math.max(0, ids.indexOf(selected) + by))]);
  };
  bind([
    { key: "j", word: "key_down_list", act: step(1), repeats: true },
    { key: "k", word: "key_up_list", act: step(-1), repeats: true },
    ...(may("approve")
      ? [
          { key: "y", word: "approve", act: () => decide(selected, "approve") },
          { key: "n", word: "decline", act: () => decide(selected, "decline") },
        ]
      : []),
  ]);
  const clocks = setInterval(tick, 1000);
  feed.addEventListener("approvals", show);
  show();
  return {
    leave: () => {
      clearInterval(clocks);
      feed.removeEventListener("approvals", show);
    },
  };
}
