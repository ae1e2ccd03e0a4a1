// The wall: every live call, who needs attention first.
import { attribute, dialog, h, icon, write } from "./dom.js";
import { bind } from "./keys.js";
import { LongList } from "./list.js";
import { load, save } from "./prefs.js";
import { makeRow } from "./row.js";
import { counted, t } from "./words.js";

/** The order is made anew at most this often, in ms: rows that jump cannot be read. */
const REORDER = 1000;
/** How often a screen reader is told how many calls need attention, in ms. */
const CALM = 15000;
const STATES = ["all", "attention", "caller", "bot", "thinking", "waiting"];
const DENSITIES = ["roomy", "compact", "screen"];
const PLAIN = { search: "", bot: "", state: "all" };

export function wallPage(main, { announce, toast, feed }) {
  const { calls } = feed;
  const filter = { ...PLAIN, ...load("filter", {}) };
  let density = load("density", "roomy");
  let ordered = 0;
  let timer = 0;
  let told = { many: 0, at: 0 };

  const list = new LongList({ label: t("live_calls"), make: makeRow });
  const title = h("h1", { text: t("live_calls") });
  const counts = h("p", { class: "counts" });
  const search = h("input", {
    type: "search",
    "aria-label": t("search"),
    placeholder: t("search"),
    value: filter.search,
    oninput: () => change({ search: search.value }),
  });
  const bot = h("select", { "aria-label": t("bot"), onchange: () => change({ bot: bot.value }) });
  const stateChoice = h(
    "select",
    { "aria-label": t("state"), onchange: () => change({ state: stateChoice.value }) },
    ...STATES.map((name) => h("option", { value: name, text: t(`state_${name}`) })),
  );
  const view = h("select", { "aria-label": t("view"), onchange: () => choose(view.value) });
  const keep = h("button", { type: "button", class: "button", text: t("save_view"), onclick: askName });
  const drop = h("button", { type: "button", class: "button", text: t("delete_view"), onclick: forget });
  const dense = h(
    "select",
    { "aria-label": t("density"), onchange: () => setDensity(dense.value) },
    ...DENSITIES.map((name) => h("option", { value: name, text: t(`density_${name}`) })),
  );
  const worst = h(
    "button",
    { type: "button", class: "button primary", onclick: next },
    icon("next"),
    h("span", { text: t("next_worst") }),
    h("kbd", { text: "N" }),
  );
  const empty = h("p", { class: "empty" });
  const lost = h("p", { class: "lost", role: "alert", hidden: true, text: t("connection_lost") });

  main.append(
    h("div", { class: "bar" }, h("div", { class: "heading" }, title, counts), worst),
    h(
      "div",
      { class: "tools", role: "search", "aria-label": t("filters") },
      h("span", { class: "find" }, icon("search"), search),
      bot,
      stateChoice,
      h("span", { class: "grow" }),
      view,
      keep,
      drop,
      dense,
    ),
    lost,
    empty,
    list.node,
  );
  main.classList.add("wall");

  function showChoices() {
    const views = load("views", []);
    const option = (value, text) => h("option", { value, text });
    view.replaceChildren(option("", t("no_view")), ...views.map(({ name }) => option(name, name)));
    view.value = views.find((one) => Object.keys(PLAIN).every((key) => one.filter[key] === filter[key]))?.name ?? "";
    drop.hidden = !view.value;
    keep.hidden = view.value !== "" || Object.keys(PLAIN).every((key) => filter[key] === PLAIN[key]);
    [stateChoice.value, dense.value] = [filter.state, density];
    showBots();
  }

  function showBots() {
    const names = [...new Set([...calls.bots(), filter.bot].filter(Boolean))].sort();
    const key = names.join("\n");
    if (bot.dataset.names !== key) {
      bot.dataset.names = key;
      bot.replaceChildren(
        h("option", { value: "", text: t("all_bots") }),
        ...names.map((name) => h("option", { value: name, text: name })),
      );
    }
    bot.value = filter.bot;
  }

  function change(part) {
    Object.assign(filter, part);
    // What was searched for may be a caller's number or words: it is not kept in the browser.
    save("filter", { ...filter, search: "" });
    showChoices();
    order();
  }

  function choose(name) {
    const found = load("views", []).find((one) => one.name === name);
    Object.assign(filter, PLAIN, found?.filter);
    search.value = filter.search;
    change({});
  }

  function askName() {
    const name = h("input", {
      required: true,
      maxlength: 40,
      "aria-label": t("view_name"),
      placeholder: t("view_name"),
    });
    const form = h(
      "form",
      { method: "dialog" },
      name,
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
        h("button", { class: "button primary", text: t("save_view") }),
      ),
    );
    form.addEventListener("submit", () => {
      const views = load("views", []).filter((one) => one.name !== name.value.trim());
      save("views", [...views, { name: name.value.trim(), filter: { ...filter } }]);
      showChoices();
    });
    const box = dialog(t("save_view"), form);
    name.focus();
  }

  function forget() {
    save(
      "views",
      load("views", []).filter((one) => one.name !== view.value),
    );
    choose("");
  }

  function setDensity(name) {
    density = name;
    save("density", density);
    document.body.dataset.density = density;
    list.measure();
  }

  /** Opens the worst call of those that are shown. */
  function next() {
    order();
    const worst = list.items.find((call) => call.worry > 0);
    if (!worst) return toast(t("all_well"));
    location.hash = `#/call/${worst.id}`;
  }

  function order() {
    clearTimeout(timer);
    timer = 0;
    ordered = performance.now();
    list.set(calls.list(filter));
    showCounts();
  }

  function showCounts() {
    const [poor, fair] = [calls.count("poor"), calls.count("fair")];
    write(counts, t("counts", { live: calls.all.size, poor, fair }));
    document.title = poor ? `(${poor}) Switchboard` : "Switchboard";
    attribute(empty, "hidden", list.items.length > 0);
    write(empty, t(!calls.ready ? "loading" : calls.all.size ? "none_pass" : "none_live"));
    showBots();
    if (poor !== told.many && performance.now() - told.at > CALM) {
      told = { many: poor, at: performance.now() };
      announce(counted("need_attention", poor));
    }
  }

  function take({ detail: message }) {
    const due = ordered + REORDER - performance.now();
    if (message.event === "wall" || due <= 0) return order();
    // Rows keep their places until the next order, and show what is new at once.
    list.items = list.items.map((call) => calls.all.get(call.id) ?? call);
    list.later();
    if (!timer) timer = setTimeout(order, due);
  }

  bind([
    { key: "n", word: "key_next", act: next },
    { key: "j", word: "key_down", act: () => list.step(1), repeats: true },
    { key: "k", word: "key_up", act: () => list.step(-1), repeats: true },
    { key: "ArrowDown", word: "key_down", act: () => list.step(list.columns ?? 1), repeats: true },
    { key: "ArrowUp", word: "key_up", act: () => list.step(-(list.columns ?? 1)), repeats: true },
    { key: "Enter", word: "key_open" },
    { key: "/", word: "key_search", act: () => search.focus() },
    {
      key: "d",
      word: "key_density",
      act: () => {
        setDensity(DENSITIES[(DENSITIES.indexOf(density) + 1) % DENSITIES.length]);
        showChoices();
      },
    },
  ]);

  const clocks = setInterval(() => {
    for (const [call, row] of list.shown()) if (call) row.tick(call);
  }, 1000);
  const state = () => attribute(lost, "hidden", feed.connected);
  feed.addEventListener("message", take);
  feed.addEventListener("state", state);
  return {
    shown: () => {
      setDensity(density);
      showChoices();
      state();
      order();
    },
    leave: () => {
      feed.removeEventListener("message", take);
      feed.removeEventListener("state", state);
      clearInterval(clocks);
      clearTimeout(timer);
      list.end();
    },
  };
}
