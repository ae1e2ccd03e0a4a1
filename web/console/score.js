// How well a call went, in points, with the moments that each criterion goes by.
import { h } from "./dom.js";
import { clock, figure, grade } from "./format.js";
import { panel } from "./panels.js";
import { t } from "./words.js";

/** `seek(ms)` leads to a moment. */
export function scorePanel(seek) {
  const { node, body } = panel("score");
  /** `{ percent, criteria: [{ name, points, most, value, moments }] }`, as the call's record has it. */
  const show = ({ percent, criteria: all }) => {
    const kind = grade(percent);
    const value = ({ name, value: given }) =>
      given === null
        ? ""
        : ` ${figure(name === "no_dead_air" ? given / 1000 : given, name === "clear_line" || name === "no_dead_air" ? 1 : 0)}`;
    body.replaceChildren(
      h(
        "p",
        { class: "health", "data-grade": kind },
        h("span", { class: "score", text: String(percent) }),
        h("span", { text: t(`score_${kind}`) }),
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
