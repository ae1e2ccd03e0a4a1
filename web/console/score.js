// How well a call went, in points, with the moments that each criterion goes by.
import { h } from "./dom.js";
import { clock, figure } from "./format.js";
import { panel } from "./panels.js";
import { t } from "./words.js";

/** The answer that is quick enough, and the one that costs all its points, in ms. */
const [QUICK, SLOW] = [800, 3000];
/** So many moments of a criterion are shown. */
const MOMENTS = 8;

const WELL = ["done", "caller said goodbye"];

/** How much of the points is kept: all up to `good`, none from `bad` on. */
const share = (value, good, bad) => Math.min(1, Math.max(0, (bad - value) / (bad - good)));

/**
 * The criteria of a call that is over: `{ name, points, most, value, moments }`, moments in ms since its start.
 * What cannot be judged, because there is nothing of it, is left out.
 */
export function criteria(record, end) {
  const marks = (...names) =>
    record.events
      .filter(({ event, name }) => event === "mark" && names.includes(name))
      .map(({ data, at_ms }) => data?.ms ?? at_ms);
  const turns = record.finished();
  const found = [];
  const add = (name, most, kept, value, moments) =>
    found.push({ name, most, points: Math.round(most * kept), value, moments: moments.slice(0, MOMENTS) });
  const last = turns.at(-1);
  if (end) add("goal", 30, WELL.includes(end.reason.toLowerCase()) ? 1 : 0, null, last ? [last.started_ms] : []);
  const misses = marks("not_understood");
  const understood = marks("recognised", "key", "typed").length;
  if (misses.length + understood)
    add("understood", 20, share(misses.length / (misses.length + understood), 0, 0.4), misses.length, misses);
  const answers = [...record.latency.values()];
  if (answers.length) {
    const times = answers.map(({ total_ms }) => total_ms).sort((a, b) => a - b);
    const median = times[Math.floor(times.length / 2)];
    const slow = answers.filter(({ total_ms }) => total_ms > QUICK).sort((a, b) => b.total_ms - a.total_ms);
    add(
      "quick",
      15,
      share(median, QUICK, SLOW),
      median,
      slow.map(({ at_ms }) => at_ms),
    );
  }
  const bot = turns.filter(({ speaker }) => speaker === "bot");
  const cut = bot.filter(({ interrupted }) => interrupted);
  if (bot.length)
    add(
      "heard_out",
      10,
      share(cut.length / bot.length, 0, 0.5),
      cut.length,
      cut.map(({ ended_ms }) => ended_ms),
    );
  const dead = record.events.filter(({ event, kind }) => event === "silence" && ["dead_air", "no_rtp"].includes(kind));
  const missing = dead.reduce((sum, { started_ms, ended_ms }) => sum + ended_ms - started_ms, 0);
  add(
    "no_dead_air",
    10,
    share(missing, 0, 8000),
    missing,
    dead.map(({ started_ms }) => started_ms),
  );
  const failed = record.tools.filter(({ outcome }) => outcome === "failed");
  if (record.tools.length)
    add(
      "tools_work",
      10,
      share(failed.length, 0, record.tools.length),
      failed.length,
      failed.map(({ at }) => at),
    );
  const line = record.lines.get("caller");
  if (typeof line?.mos === "number") add("clear_line", 5, share(4 - line.mos, 0, 2), line.mos, [line.at_ms]);
  return found;
}

/** `seek(ms)` leads to a moment. */
export function scorePanel(seek) {
  const { node, body } = panel("score");
  const show = (record, end) => {
    const all = criteria(record, end);
    const sum = (key) => all.reduce((total, one) => total + one[key], 0);
    const percent = Math.round((100 * sum("points")) / Math.max(1, sum("most")));
    const grade = percent >= 80 ? "good" : percent >= 50 ? "fair" : "poor";
    const value = ({ name, value: given }) =>
      given === null
        ? ""
        : ` ${figure(name === "no_dead_air" ? given / 1000 : given, name === "clear_line" || name === "no_dead_air" ? 1 : 0)}`;
    body.replaceChildren(
      h(
        "p",
        { class: "health", "data-grade": grade },
        h("span", { class: "score", text: String(percent) }),
        h("span", { text: t(`score_${grade}`) }),
      ),
      h(
        "ul",
        { class: "criteria" },
        ...all.map((one) =>
          h(
            "li",
            { "data-lost": one.points < one.most ? "" : null },
            h("span", {
              text: t(`crit_${one.name}`) + value(one) + (t(`unit_${one.name}`) && ` ${t(`unit_${one.name}`)}`),
            }),
            h("span", { class: "points", text: `${one.points}/${one.most}` }),
            one.points < one.most &&
              one.moments.length > 0 &&
              h(
                "span",
                { class: "moments" },
                ...one.moments.map((ms) =>
                  h("button", {
                    type: "button",
                    class: "at",
                    "aria-label": t("go_to", { at: clock(ms) }),
                    text: clock(ms),
                    onclick: () => seek(ms),
                  }),
                ),
              ),
          ),
        ),
      ),
    );
  };
  return { node, show };
}
