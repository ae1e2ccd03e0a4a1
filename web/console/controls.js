// The buttons and keys by which a supervisor sits down in a call, speaks, and leaves.
import { attribute, dialog, h, icon, write } from "./dom.js";
import { isTyping } from "./keys.js";
import { MODES, refusal } from "./seat.js";
import { t } from "./words.js";

/** `giveBack()` hands the call back to the bot; `hasAgent()`: whether an agent speaks in the call. */
export function seatControls(seat, { may, toast, hasAgent = () => true }, giveBack) {
  const state = h("p", { class: "seatstate", role: "status" });
  const level = h("i");
  const meter = h("span", { class: "meter", "aria-hidden": "true", hidden: true }, level);
  /** Who has the call gives it back knowingly: with what was found out, or without. */
  const letGo = (run) => {
    if (seat.mode !== "takeover") return run();
    const act = (word, kind, run) =>
      h("button", {
        type: "button",
        class: `button ${kind}`,
        text: t(word),
        onclick: () => {
          box.close();
          run();
        },
      });
    const box = dialog(
      t("let_go"),
      h("p", { text: t("leave_sure") }),
      h(
        "p",
        { class: "actions" },
        act("cancel", "", () => {}),
        act("leave_bare", "", run),
        act("handback", "primary", () => giveBack()),
      ),
    );
  };
  const leaveIt = () => letGo(() => seat.leave());
  const take = (mode) => seat.mode !== mode && letGo(() => sit(mode));
  const sit = async (mode) => {
    try {
      await seat.take(mode);
    } catch (why) {
      const [word, values] = refusal(why);
      toast(t(word, values), "bad");
    }
  };
  const modes = MODES.filter(({ right }) => may(right)).map(({ mode, icon: name, key }) => {
    const button = h(
      "button",
      {
        type: "button",
        class: "mode",
        "aria-pressed": "false",
        title: t(`mode_${mode}_help`),
        onclick: () => take(mode),
      },
      icon(name),
      h("span", { text: t(`mode_${mode}`) }),
      h("kbd", { text: key.toUpperCase() }),
    );
    return { mode, key, button };
  });
  const talk = h(
    "button",
    { type: "button", class: "talk", hidden: true },
    icon("whisper"),
    h("span"),
    h("kbd", { text: t("space") }),
  );
  const open = h("input", { type: "checkbox", onchange: () => seat.setOpen(open.checked) });
  const opener = h("label", { class: "check", hidden: true }, open, h("span", { text: t("open_microphone") }));
  const hand = h(
    "button",
    { type: "button", class: "button primary", hidden: true, onclick: () => giveBack() },
    icon("handback"),
    h("span", { text: t("handback") }),
    h("kbd", { text: "H" }),
  );
  const leave = h(
    "button",
    { type: "button", class: "button", hidden: true, onclick: () => leaveIt() },
    icon("leave"),
    h("span", { text: t("leave") }),
    h("kbd", { text: "X" }),
  );
  const node = h(
    "section",
    { class: "seat", "aria-label": t("your_seat") },
    h("div", { class: "modes", role: "group", "aria-label": t("modes") }, ...modes.map(({ button }) => button)),
    talk,
    opener,
    hand,
    leave,
    meter,
    state,
  );

  const show = () => {
    for (const { mode, button } of modes) {
      attribute(button, "hidden", seat.mode === "agent");
      attribute(button, "aria-pressed", String(seat.mode === mode));
      attribute(button, "aria-busy", seat.joining ? "true" : null);
    }
    for (const one of [talk, opener]) attribute(one, "hidden", !seat.speaks);
    attribute(hand, "hidden", seat.mode !== "takeover");
    for (const one of [leave, meter]) attribute(one, "hidden", !seat.seated);
    open.checked = seat.open;
    attribute(talk, "data-on", seat.heard ? "" : null);
    write(talk.querySelector("span"), t(seat.open ? "hold_to_mute" : "hold_to_talk"));
    attribute(node, "data-mode", seat.mode);
    const now = seat.joining
      ? "joining"
      : seat.seated
        ? `seat_${seat.mode}${seat.speaks ? (seat.heard ? "_on" : "_off") : ""}`
        : "seat_none";
    write(state, t(seat.mode === "whisper" && !seat.joining && !hasAgent() ? `${now}_alone` : now));
  };
  // A seat may outlast its page.
  const page = new AbortController();
  seat.addEventListener("change", show, page);
  seat.addEventListener("lost", () => toast(t("seat_lost"), "bad"), page);

  const hold = (on) => () => seat.talk(on);
  talk.addEventListener("pointerdown", hold(true));
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) talk.addEventListener(name, hold(false));
  const space = (event) => {
    if (event.key !== " " || isTyping(event.target) || !seat.speaks || document.querySelector("dialog[open]")) return;
    // Not a press of the button that has the focus.
    event.preventDefault();
    if (!event.repeat) seat.talk(event.type === "keydown");
  };
  const blur = hold(false);
  const gone = () => seat.abandon();
  addEventListener("keydown", space);
  addEventListener("keyup", space);
  addEventListener("blur", blur);
  addEventListener("pagehide", gone);
  const levels = setInterval(() => {
    if (seat.seated) level.style.transform = `scaleX(${Math.min(1, seat.level() * 5)})`;
  }, 80);
  show();
  const keys = [
    ...modes.map(({ mode, key }) => ({ key, word: `mode_${mode}`, act: () => take(mode) })),
    { key: " ", word: "key_talk" },
    { key: "m", word: "open_microphone", act: () => seat.speaks && seat.setOpen(!seat.open) },
    { key: "h", word: "handback", act: () => seat.mode === "takeover" && giveBack() },
    { key: "x", word: "leave", act: () => leaveIt() },
  ];
  const end = ({ keep = false } = {}) => {
    page.abort();
    if (!keep) seat.leave();
    clearInterval(levels);
    removeEventListener("keydown", space);
    removeEventListener("keyup", space);
    removeEventListener("blur", blur);
    removeEventListener("pagehide", gone);
  };
  return { node, keys, take, show, end };
}
