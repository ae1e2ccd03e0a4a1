// One call of the wall: how well it goes and why, who calls which bot, who speaks, what was said last.
import { attribute, drawn, h, write } from "./dom.js";
import { botsOf, caller, clock, concern, currentBot, figure, grade, now, personName, readable } from "./format.js";
import { faceOf, moodWords } from "./mood.js";
import { slotTitle, taskTitle } from "./tasks.js";
import { t } from "./words.js";

/** So many reasons and slots are shown; the others are counted. */
const REASONS = 2;
const SLOTS = 3;

/** Bars for a mean opinion score. */
export function bars(mos) {
  if (mos === null || mos === undefined) return 0;
  return [2.2, 3, 3.6, 4].filter((limit) => mos >= limit).length;
}

export function makeRow() {
  const part = (name, tag = "span") => h(tag, { class: name });
  const score = h("span", { class: "score", role: "img" });
  const who = part("who");
  const bot = part("bot");
  const time = part("time");
  const floorIcon = part("floor-icon");
  const floor = part("floor");
  const heard = part("words");
  const said = part("words");
  const why = part("why");
  const known = part("known");
  // A label instead of text out of sight: that is clipped, and each clip costs the browser as much as a row.
  const line = h("span", { class: "bars", role: "img" }, ...[1, 2, 3, 4].map(() => h("i")));
  const seats = part("seats");
  const mood = h("span", { class: "mood", role: "img", hidden: true });
  const link = h(
    "a",
    {},
    h("span", { class: "c-score" }, score),
    h("span", { class: "c-who" }, who, bot),
    h(
      "span",
      { class: "c-time" },
      h("span", { class: "signs" }, time, mood),
      h("span", { class: "floor-line" }, floorIcon, floor),
    ),
    h(
      "span",
      { class: "c-words" },
      h("span", { class: "said" }, h("b", { text: t("short_caller") }), heard),
      h("span", { class: "said" }, h("b", { text: t("short_bot") }), said),
    ),
    h("span", { class: "c-why" }, why, known),
    h("span", { class: "c-line" }, line, seats),
  );
  const node = h("li", {}, link);
  const show = (call) => {
    attribute(link, "href", `#/call/${call.id}`);
    const kind = grade(call.health.score);
    attribute(node, "data-grade", kind);
    write(score, String(call.health.score));
    attribute(score, "aria-label", t("score_of", { n: call.health.score }));
    write(who, caller(call));
    write(bot, botsOf(call));
    attribute(node, "data-floor", call.floor);
    drawn(floorIcon, call.floor);
    write(floor, t(`floor_${call.floor}`));
    write(heard, call.caller_words ?? "–");
    write(said, call.bot_words ?? "–");
    const { concerns } = call.health;
    const reasons = concerns.slice(0, REASONS).map(concern).join(" · ");
    const more = concerns.length > REASONS ? ` +${concerns.length - REASONS}` : "";
    const taken = call.seats?.find(({ mode }) => mode === "takeover");
    const well = taken ? t("person_has_call", { name: personName(taken.name) }) : t("goes_well");
    write(why, reasons ? reasons + more : well);
    write(known, knownOf(call));
    attribute(line, "data-bars", bars(call.mos));
    showMood(mood, call.mood);
    const quality = call.mos === null ? t("line_unknown") : t("line_mos", { n: figure(call.mos, 1) });
    for (const name of ["title", "aria-label"]) attribute(line, name, quality);
    const present = (call.seats ?? []).map(({ name, mode }) => `${personName(name)} (${t(`mode_${mode}`)})`).join(", ");
    write(seats, present);
    attribute(seats, "title", present || null);
    tick(call);
  };
  const tick = (call) => write(time, clock(now() - Date.parse(call.answered_at ?? call.started_at)));
  return { node, show, tick };
}

function showMood(node, mood) {
  attribute(node, "hidden", !mood);
  if (!mood) return;
  attribute(node, "data-state", mood.state);
  drawn(node, faceOf(mood));
  const words = moodWords(mood);
  for (const name of ["title", "aria-label"]) attribute(node, name, words);
}

/** The task, and what was found out for it. */
function knownOf(call) {
  const { task, slots } = call;
  const all = Object.entries(slots);
  const some = all
    .slice(0, SLOTS)
    .map(([name, { value: given }]) => `${slotTitle(currentBot(call), name)}: ${readable(given)}`);
  const more = all.length > SLOTS ? ` +${all.length - SLOTS}` : "";
  return (
    [task && t("row_task", { name: taskTitle(currentBot(call), task) }), ...some].filter(Boolean).join(" · ") + more
  );
}
