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
import { ladderSection } from "./ladder.js";
import { memoryPanel } from "./memory.js";
import { moodPanel } from "./mood.js";
import { notesPanel } from "./notes.js";
import { Replay } from "./replay.js";
import { scorePanel } from "./score.js";
import { eraseButton, rehearsalLink, shareButton } from "./share.js";
import { Timeline } from "./timeline.js";
import { Transcript } from "./transcript.js";
import { t } from "./words.js";

/** Gives what ends its page. */
export function endedCall(main, back, call, context) {
  const { may, id, at } = context;
  const record = new CallRecord();
  for (const event of call.timeline) record.add(event);
  const began = call.timeline.find(({ event }) => event === "recording")?.at_ms ?? 0;
  const hears = may("hear_recordings") && call.recorded !== "no";
  const seek = hears ? (ms) => replay.seek(ms) : null;
  const transcript = new Transcript({ seek });
  const timeline = new Timeline({ seek });
  const replay = hears && new Replay(id, { offset: began, at: (ms) => transcript.at(ms), people: record.hasPeople() });
  const slots = slotsPanel(null);
  const answers = answersPanel();
  const line = linePanel();
  const tools = toolsPanel();
  const go = (ms) => {
    transcript.reveal(ms);
    if (replay) replay.go(ms);
  };
  const mood = moodPanel(go);
  const score = scorePanel(go);
  const notes =
    may("see_transcripts") &&
    notesPanel(id, { may, now: () => (replay ? replay.now : 0), seek: go, told: (all) => replay?.note(all) });
  const memory = may("see_transcripts") && memoryPanel(id, { may });
  const more = h("div", { class: "moreactions" });
  if (may("export")) more.append(shareButton(id, replay ? () => replay.now : null));
  if (may("export") && may("see_transcripts")) more.append(rehearsalLink(id, context.toast));
  if (may("erase")) more.append(eraseButton(id, context));
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
      more,
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
        ladderSection(() => record),
      ),
      h(
        "div",
        { class: "column side" },
        call.score && score.node,
        mood.node,
        slots.node,
        notes?.node,
        memory?.node,
        answers.node,
        line.node,
        tools.node,
        aboutPanel(call),
      ),
    ),
  );
  transcript.show(record);
  slots.show(record.slots, record.promises);
  answers.show(record.latency);
  line.show(record.lines, record.sat);
  tools.show(record.tools, true);
  mood.show(record.mood);
  if (call.score) score.show(call.score);
  if (replay) replay.mark(record);
  if (at !== null) go(at);
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
