// The console: who has signed in, which page is shown, and what stands above each.
import { adminAddress, unknownPage } from "./admin.js";
import { onSignedOut, session, signOut } from "./api.js";
import { alertsPage } from "./alerts.js";
import { approvalsPage } from "./approvals.js";
import { auditPage } from "./audit.js";
import { botsPage } from "./bots.js";
import { callPage } from "./call.js";
import { callbacksPage } from "./callbacks.js";
import { Desk, revealLink } from "./desk.js";
import { attribute, drawn, h, icon } from "./dom.js";
import { Feed } from "./feed.js";
import { historyPage } from "./history.js";
import { bind, bindEverywhere, showSheet } from "./keys.js";
import { passwordPage } from "./password.js";
import { peoplePage } from "./people.js";
import { applyTheme, nextTheme, theme } from "./prefs.js";
import { sharedPage } from "./share.js";
import { takeAnswer } from "./provider.js";
import { leaveAll } from "./seat.js";
import { signInPage, welcomePage } from "./signin.js";
import { readTasks } from "./tasks.js";
import { todayPage } from "./today.js";
import { tokensPage } from "./tokens.js";
import { usersPage } from "./users.js";
import { wallPage } from "./wall.js";
import { current, LANGUAGES, setLanguage, t } from "./words.js";

const state = { session: null, page: null, secret: null, answer: null, feed: null, desk: null };

const PAGES = [
  [/^#\/call\/([\w-]+)(?:\/(\d+))?$/, callPage, "call"],
  [/^#\/shared\/([\w-]+)$/, sharedPage, "call"],
  [/^#\/approvals$/, approvalsPage, "approvals"],
  [/^#\/alerts$/, alertsPage, "alerts"],
  [/^#\/people$/, peoplePage, "people_page"],
  [/^#\/callbacks$/, callbacksPage, "callbacks"],
  [/^#\/calls$/, historyPage, "calls"],
  [/^#\/today$/, todayPage, "today"],
  [/^#\/users$/, usersPage, "admin"],
  [/^#\/tokens$/, tokensPage, "admin"],
  [/^#\/audit(?:\/([\w-]+))?$/, auditPage, "admin"],
  [/^#\/bots$/, botsPage, "admin"],
  [/^#\/password$/, passwordPage, "admin"],
  [/^(#\/?)?$/, wallPage, "wall"],
  [/^/, unknownPage, "unknown"],
];

/** Says something to a screen reader without showing it. */
const live = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
export function announce(text) {
  live.textContent = text;
}

/** A line at the bottom for a few seconds. */
const toasts = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
function toast(text, kind = "") {
  const close = h("button", { type: "button", text: "×", "aria-label": t("close"), onclick: () => line.remove() });
  const line = h("div", { class: `toast ${kind}` }, h("p", { text }), close);
  toasts.append(line);
  setTimeout(() => line.remove(), 6000);
}

function themeButton() {
  const button = h("button", { type: "button", class: "quiet" });
  const show = () => {
    drawn(button, { system: "system", light: "sun", dark: "moon" }[theme()]);
    const words = t(`theme_${theme()}`);
    attribute(button, "aria-label", words);
    attribute(button, "title", words);
  };
  button.addEventListener("click", () => {
    nextTheme();
    show();
  });
  show();
  return button;
}

function languageButtons() {
  const button = (language) =>
    h("button", {
      type: "button",
      lang: language,
      text: language.toUpperCase(),
      "aria-label": { en: "EN, English", vi: "VI, Tiếng Việt" }[language],
      "aria-pressed": String(language === current()),
      onclick: () => {
        setLanguage(language);
        // What was said to a screen reader was said in the other.
        announce("");
        toasts.replaceChildren();
        render();
      },
    });
  return h("div", { class: "switch", role: "group", "aria-label": t("language") }, ...LANGUAGES.map(button));
}

function header(place) {
  const link = (to, word, name) => h("a", { href: to, text: t(word), "aria-current": name === place ? "page" : null });
  const administrates = state.session && adminAddress(may);
  const who = state.session && [
    h(
      "nav",
      { "aria-label": t("pages") },
      link("#/", "wall", "wall"),
      link("#/calls", "calls", "calls"),
      link("#/today", "today", "today"),
      state.desk?.links(place),
      administrates && link(administrates, "admin", "admin"),
    ),
    h("span", { class: "grow" }),
  ];
  const user = state.session?.user;
  const out = user && [
    h("a", {
      class: "who",
      href: "#/password",
      title: `${t(`role_${user.role}`)} · ${t("own_password")}`,
      text: user.name,
    }),
    h(
      "button",
      { type: "button", class: "quiet", "aria-label": t("sign_out"), title: t("sign_out"), onclick: leave },
      icon("leave"),
    ),
  ];
  const help = h("button", {
    type: "button",
    class: "quiet keyhelp",
    text: "?",
    "aria-label": t("keys_title"),
    title: t("keys_title"),
    onclick: showSheet,
  });
  return h(
    "header",
    { class: "top" },
    h("a", { class: "brand", href: "#/", "aria-label": "Switchboard" }, mark(), h("span", { text: "Switchboard" })),
    ...(who || [h("span", { class: "grow" })]),
    languageButtons(),
    themeButton(),
    help,
    ...(out || []),
  );
}

function mark() {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", "M4 10v4M8 7v10M12 4v16M16 7v10M20 10v4");
  svg.append(path);
  return svg;
}

async function leave() {
  leaveAll();
  try {
    await signOut();
  } catch {
    // It is over here all the same.
  }
  state.session = null;
  render();
}

/** What is pushed to who has signed in, for as long as they are. */
function attend() {
  const key = state.session && `${state.session.user?.name} ${current()}`;
  if (state.attends === key) return;
  state.desk?.end();
  state.feed?.end();
  Object.assign(state, { attends: key, feed: null, desk: null });
  if (!key) return;
  state.feed = new Feed();
  readTasks();
  state.desk = new Desk(state.feed, { may, toast, announce });
}

/** From the page of a call to that of the next worst; on the wall the key has its own meaning. */
function nextWorst() {
  const [, here] = /^#\/call\/([\w-]+)/.exec(location.hash) ?? [];
  if (!state.feed) return;
  const call = state.feed.calls.worst(here);
  if (!call || call.id === here) return toast(t("all_well"));
  location.hash = `#/call/${call.id}`;
}

const may = (right) => state.session.rights.includes(right);

/** Shows the page that the address names, or the way in. */
function render() {
  const again = state.at === location.hash && state.session !== null;
  state.at = location.hash;
  state.page?.leave?.({ again });
  attend();
  document.documentElement.lang = current();
  document.title = "Switchboard";
  bind([]);
  const enter = (now) => {
    state.session = now;
    state.secret = null;
    if (location.hash.startsWith("#welcome=")) history.replaceState(null, "", "#/");
    render();
  };
  const main = h("main", { id: "main", tabindex: "-1" });
  let place = null;
  if (state.secret !== null) state.page = welcomePage(main, state.secret, enter);
  else if (!state.session) {
    state.page = signInPage(main, enter, state.answer);
    state.answer = null;
  } else {
    const [pattern, page, name] = PAGES.find(([address]) => address.test(location.hash));
    const [, id, at] = pattern.exec(location.hash) ?? [];
    place = name;
    const { feed } = state;
    state.page = page(main, {
      id,
      at: at === undefined ? null : Number(at),
      may,
      user: state.session.user,
      toast,
      announce,
      feed,
    });
  }
  const skip = h("a", {
    class: "skip",
    href: "#main",
    text: t("skip"),
    onclick: (event) => {
      event.preventDefault();
      main.focus();
    },
  });
  document.body.replaceChildren(...[skip, header(place), main, state.desk?.node, toasts, live].filter(Boolean));
  document.body.dataset.page = place ?? "door";
  revealLink();
  state.desk?.showHeld();
  state.page?.shown?.();
}

function readAddress() {
  const [, secret] = /^#welcome=(.+)$/.exec(location.hash) ?? [];
  // The secret stays in no address.
  if (secret) history.replaceState(null, "", "#/");
  state.secret = secret ?? null;
}

async function start() {
  applyTheme();
  bindEverywhere([
    { key: "?", word: "key_sheet", act: showSheet },
    { key: "n", word: "key_next", act: nextWorst },
    { key: "w", word: "key_wall", act: () => (location.hash = "#/") },
    { key: "c", word: "key_calls", act: () => (location.hash = "#/calls") },
    { key: "s", word: "key_today", act: () => (location.hash = "#/today") },
  ]);
  onSignedOut(() => {
    if (!state.session) return;
    leaveAll();
    state.session = null;
    render();
    toast(t("signed_out"));
  });
  addEventListener("hashchange", () => {
    if (location.hash.startsWith("#welcome=")) readAddress();
    const before = document.activeElement;
    render();
    // Whoever goes on by keys is in the page, not before its menu.
    if (before === document.activeElement || document.activeElement === document.body)
      document.getElementById("main").focus({ preventScroll: true });
  });
  readAddress();
  state.answer = takeAnswer();
  if (state.secret === null && !state.answer) {
    try {
      state.session = await session();
    } catch {
      document.body.replaceChildren(
        h(
          "main",
          { class: "alone" },
          h("h1", { text: "Switchboard" }),
          h("p", { text: t("fault_network") }),
          h("button", {
            type: "button",
            class: "button primary",
            text: t("try_again"),
            onclick: () => location.reload(),
          }),
        ),
      );
      return;
    }
  }
  render();
}

start();
