// A live call as it goes, with all that a supervisor can do in it.
import { follow, get, request } from "./api.js";
import { seatControls } from "./controls.js";
import { attribute, dialog, drawn, h, icon, write } from "./dom.js";
import { clock, grade, now, setClock } from "./format.js";
import { editSlot, guidancePanel, handBack } from "./guide.js";
import { bind } from "./keys.js";
import {
  aboutPanel,
  answersPanel,
  healthPanel,
  linePanel,
  peoplePanel,
  slotsPanel,
  timelineSection,
  title,
  toolsPanel,
  transcriptSection,
} from "./panels.js";
import { CallRecord } from "./record.js";
import { Seat } from "./seat.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { t } from "./words.js";

/** A live call. Gives what ends it. */
export function liveCall(main, back, call, context, over) {
  const { id, may, toast, announce } = context;
  let record = new CallRecord();
  let row = null;
  let frame = 0;
  const transcript = new Transcript();
  const timeline = new Timeline();
  const health = healthPanel();
  const slots = slotsPanel(may("guide") && ((name, before) => editSlot(id, name, before, toast)));
  const answers = answersPanel();
  const line = linePanel();
  const tools = toolsPanel();
  const people = peoplePanel();
  const guidance = may("guide") && guidancePanel(id, toast);
  const time = h("span", { class: "time" });
  const floorIcon = h("span", { class: "floor-icon" });
  const floor = h("span");
  const lost = h("p", { class: "lost", role: "alert", hidden: true, text: t("connection_lost") });
  const seat = new Seat(id);
  const controls = seatControls(seat, context, () =>
    handBack(id, record.slots, record.spoken, () => {
      seat.handedBack();
      toast(t("handed_back"));
    }),
  );
  const more = h("div", { class: "moreactions" });
  if (may("pause_recording")) more.append(recordingButton());
  if (may("end_calls")) more.append(endButton());

  main.replaceChildren(
    h(
      "div",
      { class: "bar" },
      back,
      h(
        "div",
        { class: "heading" },
        title(call),
        h("p", { class: "counts" }, time, h("span", { class: "floor-line" }, floorIcon, floor)),
      ),
      more,
    ),
    controls.node,
    lost,
    h(
      "div",
      { class: "grid" },
      h(
        "div",
        { class: "column" },
        transcriptSection(transcript),
        guidance?.node,
        timelineSection(timeline, () => record),
      ),
      h(
        "div",
        { class: "column side" },
        health.node,
        slots.node,
        answers.node,
        people.node,
        line.node,
        tools.node,
        aboutPanel(call),
      ),
    ),
  );

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
        break;
      case "missed":
        socket.again();
        break;
      default:
        record.add(message);
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
    slots.show(record.slots);
    answers.show(record.latency);
    line.show(record.lines);
    tools.show(record.tools, record.ended);
    people.show(record.seats);
    if (guidance) guidance.show(record.guidance);
    for (const button of more.children) button.show?.();
    if (row) health.show(row.health);
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
  return () => {
    socket.close();
    clearInterval(clocks);
    cancelAnimationFrame(frame);
    controls.end();
  };
}
