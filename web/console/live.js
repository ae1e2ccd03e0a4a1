// A live call as it goes, with all that a supervisor can do in it.
import { follow, get, request } from "./api.js";
import { seatControls } from "./controls.js";
import { attribute, dialog, drawn, h, icon, write } from "./dom.js";
import { botsOf, clock, currentBot, grade, now, setClock } from "./format.js";
import { correct, editSlot, guidancePanel, handBack } from "./guide.js";
import { bind } from "./keys.js";
import { ladderSection } from "./ladder.js";
import { memoryPanel } from "./memory.js";
import { moodPanel, nextPanel } from "./mood.js";
import { notesPanel } from "./notes.js";
import { dialInButton, phoneButton } from "./phone.js";
import {
  aboutPanel,
  answersPanel,
  healthPanel,
  levelsMeter,
  linePanel,
  peoplePanel,
  slotsPanel,
  timelineSection,
  title,
  toolsPanel,
  transcriptSection,
} from "./panels.js";
import { CallRecord } from "./record.js";
import { held, Seat } from "./seat.js";
import { shareButton } from "./share.js";
import { slotTitle, taskTitle } from "./tasks.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { t } from "./words.js";

/** A live call. Gives what ends it. */
export function liveCall(main, back, call, context, over) {
  const { id, at, may, toast, announce, feed } = context;
  let record = new CallRecord();
  let row = null;
  let frame = 0;
  let revealed = false;
  const heading = title(call);
  const transcript = new Transcript();
  const timeline = new Timeline();
  const health = healthPanel();
  const botNow = () => record.bot ?? currentBot(row ?? call);
  const taskNow = () => record.task ?? row?.task ?? null;
  const slots = slotsPanel(may("guide") && ((name, before) => editSlot(id, name, before, toast, botNow())));
  const answers = answersPanel();
  const line = linePanel();
  const tools = toolsPanel();
  const people = peoplePanel();
  const mood = moodPanel((ms) => transcript.reveal(ms));
  const steps = nextPanel(stepActs(), (name) => slotTitle(botNow(), name));
  const started = Date.parse(call.started_at);
  const notes =
    may("see_transcripts") && notesPanel(id, { may, now: () => now() - started, seek: (ms) => transcript.reveal(ms) });
  const memory = may("see_transcripts") && memoryPanel(id, { may });
  const guidance = may("guide") && guidancePanel(id, currentBot(call), toast);
  const time = h("span", { class: "time" });
  const floorIcon = h("span", { class: "floor-icon" });
  const floor = h("span");
  const lost = h("p", { class: "lost", role: "alert", hidden: true, text: t("connection_lost") });
  const waiting = h("a", { class: "waits", href: "#/approvals", hidden: true });
  const decisions = () => {
    const mine = (feed.approvals ?? []).filter(({ call }) => call === id);
    attribute(waiting, "hidden", !mine.length);
    write(waiting, mine.length ? t("waits_for_decision", { action: mine.map(({ action }) => action).join(", ") }) : "");
  };
  feed.addEventListener("approvals", decisions);
  const seat = held.get(id) ?? new Seat(id);
  held.delete(id);
  const hasAgent = () => [...record.seats.values()].some(({ mode }) => mode === "agent");
  // What was handed back: the bot may refuse it later, and is given it again once it is corrected.
  let handed = {};
  const controls = seatControls(seat, { ...context, hasAgent }, () =>
    handBack(id, { slots: record.slots, spoken: record.spoken, bot: botNow(), task: taskNow() }, (given) => {
      handed = given;
      seat.handedBack();
      toast(t("handed_back"));
    }),
  );
  const refused = new Set();
  const handBackAgain = () => {
    for (const [number, one] of record.guidance) {
      if (!one.back || !one.refused || one.by !== context.user?.name || refused.has(number)) continue;
      refused.add(number);
      // Those of before this page was opened are in the list of help.
      if (!Object.keys(handed).length) continue;
      toast(t("handback_refused", { why: one.refused }), "bad");
      const before = new Map(Object.entries(handed).map(([name, value]) => [name, { value }]));
      correct(id, before, one.refused, () => toast(t("sent_slots")), botNow());
    }
  };
  const levels = levelsMeter();
  const task = h("span", { class: "tasknow" });
  const more = h("div", { class: "moreactions" });
  if (may("export")) more.append(shareButton(id, () => now() - started));
  if (may("monitor")) more.append(phoneButton(id, toast), dialInButton(id, toast));
  if (may("pause_recording")) more.append(recordingButton());
  if (may("end_calls")) more.append(endButton());

  const ladder = ladderSection(() => record);

  main.replaceChildren(
    h(
      "div",
      { class: "bar" },
      back,
      h(
        "div",
        { class: "heading" },
        heading,
        h("p", { class: "counts" }, time, h("span", { class: "floor-line" }, floorIcon, floor), task, levels.node),
      ),
      more,
    ),
    controls.node,
    lost,
    waiting,
    h(
      "div",
      { class: "grid" },
      h(
        "div",
        { class: "column" },
        transcriptSection(transcript),
        guidance?.node,
        timelineSection(timeline, () => record),
        ladder,
      ),
      h(
        "div",
        { class: "column side" },
        health.node,
        mood.node,
        steps.node,
        slots.node,
        answers.node,
        people.node,
        notes?.node,
        memory?.node,
        line.node,
        tools.node,
        aboutPanel(call),
      ),
    ),
  );

  /** What the steps do that a supervisor is advised to take. */
  function stepActs() {
    const acts = {};
    if (may("take_over")) acts.take_over = acts.offer_person = () => controls.take("takeover");
    if (may("guide")) {
      acts.say_line = ({ line: words }) => guidance.say(words);
      acts.fill_slot = ({ slot }) => editSlot(id, slot, "", toast, botNow());
    }
    return acts;
  }

  function recordingButton() {
    const button = h("button", { type: "button", class: "button" });
    const show = () => write(button, t(record.paused ? "resume_recording" : "pause_recording"));
    button.addEventListener("click", async () => {
      try {
        await request("PUT", `calls/${id}/recording`, { json: { paused: !record.paused } });
      } catch (why) {
        toast(why.status ? why.message : t("fault_network"), "bad");
      }
    });
    button.show = show;
    show();
    return button;
  }

  function endButton() {
    const ask = () => {
      const box = dialog(
        t("end_call"),
        h("p", { text: t("end_call_sure") }),
        h(
          "p",
          { class: "actions" },
          h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
          h("button", {
            type: "button",
            class: "button danger",
            text: t("end_call"),
            onclick: async () => {
              box.close();
              await request("DELETE", `calls/${id}`).catch((why) =>
                toast(why.status ? why.message : t("fault_network"), "bad"),
              );
            },
          }),
        ),
      );
    };
    return h(
      "button",
      { type: "button", class: "button danger", onclick: ask },
      icon("end"),
      h("span", { text: t("end_call") }),
    );
  }

  function take(message) {
    if (message.now) setClock(message.now);
    switch (message.event) {
      case "call":
        record = new CallRecord();
        for (const event of message.timeline) record.add(event);
        for (const change of message.under_way) record.live(change);
        row = message.row;
        timeline.again();
        break;
      case "rows":
        concerned(message.calls[0]);
        break;
      case "live":
        record.live(message);
        // Ten times a second: nothing else changes by them.
        if (message.change === "levels") return levels.show(message);
        break;
      case "missed":
        socket.again();
        break;
      default:
        record.add(message);
        if (message.name === "whisper_lost" && message.data?.name === context.user?.name)
          toast(t("whisper_lost", { why: message.data.why }), "bad");
        if (message.event === "ended") {
          announce(t("call_over"));
          // Its recording is closed a moment later.
          setTimeout(over, 700);
        }
    }
    later();
  }

  function concerned(now) {
    if (row && grade(now.health.score) === "poor" && grade(row.health.score) !== "poor") announce(t("grade_poor"));
    row = now;
  }

  function later() {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      show();
    });
  }

  function show() {
    transcript.show(record);
    timeline.show(record);
    ladder.again();
    slots.show(record.slots, record.promises);
    answers.show(record.latency);
    line.show(record.lines, record.sat);
    tools.show(record.tools, record.ended);
    people.show(record.seats);
    controls.show();
    const bot = botNow();
    write(heading.lastChild, ` → ${botsOf(row ?? call)}`);
    if (guidance) guidance.show(record.guidance, bot, taskNow(), record.slots);
    handBackAgain();
    for (const button of more.children) button.show?.();
    if (row) {
      health.show(
        row.health,
        [...record.seats.values()].some(({ mode }) => mode === "takeover"),
      );
      mood.show(row.mood ?? null);
      steps.show(row.next);
    }
    const doing = taskNow();
    write(task, doing ? t("row_task", { name: taskTitle(bot, doing) }) : "");
    if (at !== null && !revealed && record.turns.size) {
      revealed = true;
      transcript.reveal(at);
    }
    const whose = record.floor ?? row?.floor;
    if (whose) {
      drawn(floorIcon, whose);
      write(floor, t(`floor_${whose}`));
    }
    tick();
  }

  const tick = () => write(time, clock(now() - Date.parse(call.answered_at ?? call.started_at)));
  const clocks = setInterval(tick, 1000);
  let down = 0;
  const socket = follow(`calls/${id}/live`, take, async (connected) => {
    attribute(lost, "hidden", connected);
    if (connected) down = 0;
    else if (++down > 1) {
      const state = await get(`calls/${id}`).catch(() => null);
      if (state?.state === "ended") over();
    }
  });
  bind([...controls.keys, ...(guidance ? [{ key: "g", word: "key_guide", act: guidance.focus }] : [])]);
  decisions();
  // Whoever speaks with the caller in the bot's place does so until they leave the call, whichever page they look at; others listen while
  // its page is open, also where that is made anew (`again`).
  return ({ over: isOver = false, again = false } = {}) => {
    const keep = !isOver && seat.seated && !held.has(id) && (again || ["agent", "takeover"].includes(seat.mode));
    if (keep) held.set(id, seat);
    socket.close();
    feed.removeEventListener("approvals", decisions);
    clearInterval(clocks);
    cancelAnimationFrame(frame);
    controls.end({ keep });
  };
}
