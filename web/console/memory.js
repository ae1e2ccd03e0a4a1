// What bots remember of a caller from earlier calls: each with the day it is from, and by whoever may, forgotten.
import { get, request } from "./api.js";
import { h, write } from "./dom.js";
import { day, readable } from "./format.js";
import { panel } from "./panels.js";
import { known, t } from "./words.js";

const reason = (fault) => (fault.status === 0 ? t("fault_network") : fault.message);

/** What one thing is called. */
function name({ kind, name: own }) {
  return kind === "fact" ? own : (known(`memory_${own}`) ?? own);
}

function shown({ kind, value: given, until }) {
  if (kind === "consent") return t("memory_until", { day: day(until) });
  if (kind === "promise") return given === null ? "" : readable(given);
  if (kind === "language") return known(`language_${given}`) ?? readable(given);
  return readable(given);
}

/** Hidden while nothing is remembered. */
export function memoryPanel(id, { may }) {
  const { node, body } = panel("memory");
  const list = h("dl", { class: "facts" });
  const fault = h("p", { class: "fault", role: "alert" });
  node.hidden = true;

  async function forget() {
    try {
      await request("DELETE", `calls/${id}/memory`);
      node.hidden = true;
    } catch (why) {
      write(fault, reason(why));
    }
  }

  body.append(list);
  if (may("erase"))
    body.append(h("button", { type: "button", class: "button", text: t("memory_forget"), onclick: forget }));
  body.append(fault);
  get(`calls/${id}/memory`)
    .then(({ remembered }) => {
      node.hidden = !remembered.length;
      list.replaceChildren(
        ...remembered.map((one) =>
          h(
            "div",
            {},
            h("dt", { text: name(one) }),
            h("dd", {}, h("span", { text: shown(one) }), " ", h("time", { datetime: one.at, text: day(one.at) })),
          ),
        ),
      );
    })
    .catch((why) => {
      node.hidden = false;
      write(fault, reason(why));
    });
  return { node };
}
