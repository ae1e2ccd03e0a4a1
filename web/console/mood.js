// How the caller feels, as far as words and voice tell, with the reasons; and what a supervisor would do next.
import { h } from "./dom.js";
import { clock, figure } from "./format.js";
import { panel } from "./panels.js";
import { counted, known, t } from "./words.js";

/** One reason, in words. */
function reason({ code, words, value }) {
  const n = typeof value === "number" ? figure(value) : "";
  const said = words ? t("mood_said", { words }) : "";
  return [counted(`mood_why_${code}`, value, n), said].filter(Boolean).join(": ");
}

const safely = (make, fallback) => {
  try {
    return make();
  } catch {
    // A code that this page does not know yet.
    return fallback.replaceAll("_", " ");
  }
};

export const moodReason = (why) => safely(() => reason(why), why.code);

/** `Upset, getting worse: …`. */
export function moodWords({ state, trend, why }) {
  const words = [known(`mood_${state}`) ?? state, trend === "steady" ? null : known(`trend_${trend}`)]
    .filter(Boolean)
    .join(", ");
  return why?.length ? `${words}: ${why.map(moodReason).join("; ")}` : words;
}

const FACES = ["pleased", "calm", "tense", "upset"];
export const faceOf = ({ state }) => (FACES.includes(state) ? state : "calm");

/** `seek(ms)`: where a reason is heard. */
export function moodPanel(seek) {
  const { node, body } = panel("mood");
  node.hidden = true;
  const show = (mood) => {
    node.hidden = !mood;
    if (!mood) return;
    const line = (why) =>
      h(
        "li",
        {},
        h("span", { text: moodReason(why) }),
        typeof why.at_ms === "number" &&
          (seek
            ? h("button", { type: "button", class: "at", text: clock(why.at_ms), onclick: () => seek(why.at_ms) })
            : h("span", { class: "at", text: clock(why.at_ms) })),
      );
    body.replaceChildren(
      h(
        "p",
        { class: "moodline", "data-state": mood.state },
        h("b", { text: known(`mood_${mood.state}`) ?? mood.state }),
        h("span", { class: "about", text: known(`trend_${mood.trend}`) ?? "" }),
      ),
      h("ul", { class: "concerns" }, ...(mood.why ?? []).map(line)),
    );
  };
  return { node, show };
}

/** `acts`: what each step does, by its code; a step without one is only said. */
export function nextPanel(acts, slotName = null) {
  const { node, body } = panel("next_steps");
  node.hidden = true;
  const why = ({ code, value }) => {
    const n = { silence: value / 1000, slow_tool: value / 1000, slow_answer: value / 1000 }[code] ?? value;
    return safely(
      () => counted(`next_why_${code}`, n, typeof n === "number" ? figure(n, code === "poor_line" ? 1 : 0) : ""),
      code,
    );
  };
  let before = "";
  const show = (steps) => {
    const key = JSON.stringify(steps ?? []);
    if (key === before) return;
    before = key;
    node.hidden = !steps?.length;
    body.replaceChildren(
      h(
        "ol",
        { class: "next" },
        ...(steps ?? []).map((step) => {
          const name = step.slot ? (slotName?.(step.slot) ?? step.slot) : "";
          const words = safely(() => t(`next_${step.code}`, { name, line: step.line ?? "" }), step.code);
          const act = acts[step.code];
          return h(
            "li",
            {},
            act
              ? h("button", { type: "button", class: "button", text: words, onclick: () => act(step) })
              : h("span", { class: "advice", text: words }),
            h("span", { class: "about", text: (step.why ?? []).map(why).join(" · ") }),
          );
        }),
      ),
    );
  };
  return { node, show };
}
