// Callers who wait for a person, and the people who answer.
import { get, request } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { caller, clock, now } from "./format.js";
import { bind } from "./keys.js";
import { load, save } from "./prefs.js";
import { t } from "./words.js";

/** How often the list of agents is read anew while its page is open, in ms: nothing pushes it. */
const AGENTS = 5000;

export function peoplePage(main, { feed, may, user, toast }) {
  const available = h("input", { type: "checkbox", onchange: () => setAvailable(available.checked) });
  const sound = h("input", {
    type: "checkbox",
    checked: load("offer_sound", true),
    onchange: () => save("offer_sound", sound.checked),
  });
  const queue = h("ol", { class: "waiting", "aria-label": t("queue") });
  const agents = h("ul", { class: "agents", "aria-label": t("agents") });
  const [nobody, none] = [
    h("p", { class: "empty", text: t("no_queue") }),
    h("p", { class: "empty", text: t("no_agents") }),
  ];
  const section = (word, ...children) =>
    h(
      "section",
      { class: "panel", "aria-labelledby": `panel-${word}` },
      h("h2", { id: `panel-${word}`, text: t(word) }),
      ...children,
    );
  main.append(
    h(
      "div",
      { class: "bar" },
      h("div", { class: "heading" }, h("h1", { text: t("people_page") })),
      h("a", { class: "button", href: "#/callbacks", text: t("callbacks") }),
      may("answer") && h("label", { class: "check available" }, available, h("span", { text: t("available") })),
      may("answer") && h("label", { class: "check" }, sound, h("span", { text: t("with_sound") })),
    ),
    h("div", { class: "grid even" }, section("queue", queue, nobody), section("agents", agents, none)),
  );

  async function setAvailable(wanted) {
    try {
      await request("PUT", "agents/me", { json: { available: wanted } });
    } catch (why) {
      toast(why.status ? why.message : t("fault_network"), "bad");
    }
    read();
  }

  async function read() {
    if (!may("answer")) return;
    try {
      const { agents: all } = await get("agents");
      available.checked = all.find(({ name }) => name === user?.name)?.available ?? false;
      agents.replaceChildren(...all.map(line));
      attribute(none, "hidden", all.length > 0);
    } catch (why) {
      if (why.status !== 404) toast(why.status ? why.message : t("fault_network"), "bad");
    }
  }

  function line({ name, available: free, call, offer, skills }) {
    const state = call ? "agent_speaks" : offer ? "agent_offered" : free ? "agent_free" : "agent_away";
    return h(
      "li",
      { "data-state": state },
      h("b", { text: name }),
      h("span", { class: "about", text: (skills ?? []).join(", ") }),
      call ? h("a", { href: `#/call/${call}`, text: t(state) }) : h("span", { text: t(state) }),
    );
  }

  function show() {
    const rows = feed.queue ?? [];
    queue.replaceChildren(
      ...rows.map((one) => {
        const row = feed.calls.all.get(one.call);
        const waits = clock(now() - Date.parse(one.since));
        const about = [
          one.destination,
          one.bot,
          one.expected_s === null ? null : t("expected", { at: clock(one.expected_s * 1000) }),
          one.offered_to && t("offered_to", { name: one.offered_to }),
        ];
        return h(
          "li",
          {},
          h("b", { text: waits }),
          h("span", { class: "place", text: t("place_in_queue", { n: one.position }) }),
          h("a", { href: `#/call/${one.call}`, text: row ? caller(row) : one.bot }),
          h("span", { class: "about", text: about.filter(Boolean).join(" · ") }),
        );
      }),
    );
    attribute(nobody, "hidden", rows.length > 0);
  }

  bind(may("answer") ? [{ key: "v", word: "available", act: () => available.click() }] : []);
  const clocks = setInterval(show, 1000);
  const lists = setInterval(read, AGENTS);
  feed.addEventListener("queue", show);
  feed.addEventListener("offers", read);
  write(none, t("no_agents"));
  show();
  read();
  return {
    leave: () => {
      clearInterval(clocks);
      clearInterval(lists);
      feed.removeEventListener("queue", show);
      feed.removeEventListener("offers", read);
    },
  };
}
