// A call that is over: its replay.
import { h } from "./dom.js";
import { clock, outcome } from "./format.js";
import { bind } from "./keys.js";
import {
  aboutPanel,
  answersPanel,
  linePanel,
  slotsPanel,
  timelineSection,
  title,
  toolsPanel,
  transcriptSection,
} from "./panels.js";
import { CallRecord } from "./record.js";
import { Replay } from "./replay.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { t } from "./words.js";

/** Gives what ends its page. */
export function endedCall(main, back, call, { may, id }) {
  const record = new CallRecord();
  for (const event of call.timeline) record.add(event);
  const began = call.timeline.find(({ event }) => event === "recording")?.at_ms ?? 0;
  const hears = may("hear_recordings") && call.recorded !== "no";
  const seek = hears ? (ms) => replay.seek(ms) : null;
  const transcript = new Transcript({ seek });
  const timeline = new Timeline({ seek });
  const replay = hears && new Replay(id, { offset: began, at: (ms) => transcript.at(ms) });
  const slots = slotsPanel(null);
  const answers = answersPanel();
  const line = linePanel();
  const tools = toolsPanel();
  const reason = call.end && outcome(call.end.reason);
  const length = clock(Date.parse(call.ended_at) - Date.parse(call.answered_at ?? call.started_at));
  main.replaceChildren(
    h(
      "div",
      { class: "bar" },
      back,
      h(
        "div",
        { class: "heading" },
        title(call),
        h("p", { class: "counts", text: [t("call_over"), length, reason].filter(Boolean).join(" · ") }),
      ),
    ),
    ...(replay ? [replay.node] : []),
    h(
      "div",
      { class: "grid" },
      h(
        "div",
        { class: "column" },
        transcriptSection(transcript),
        timelineSection(timeline, () => record),
      ),
      h("div", { class: "column side" }, slots.node, answers.node, line.node, tools.node, aboutPanel(call)),
    ),
  );
  transcript.show(record);
  slots.show(record.slots);
  answers.show(record.latency);
  line.show(record.lines);
  tools.show(record.tools, true);
  bind(
    replay
      ? [
          { key: " ", word: "key_play", act: () => replay.toggle() },
          { key: "ArrowRight", word: "key_forward", act: () => replay.step(1), repeats: true },
          { key: "ArrowLeft", word: "key_rewind", act: () => replay.step(-1), repeats: true },
        ]
      : [],
  );
  return () => replay?.end();
}
