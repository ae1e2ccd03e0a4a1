// Notes and tags of a call: what people write of it, of a moment or of the whole.
import { get, request } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { clock, day } from "./format.js";
import { panel } from "./panels.js";
import { t } from "./words.js";

const reason = (fault) => (fault.status === 0 ? t("fault_network") : fault.message);

/** `now()`: the moment that a new note is about, in ms; `seek(ms)` leads there; `told(notes)` is given all of them. */
export function notesPanel(id, { may, now, seek = null, told = () => {} }) {
  const { node, body } = panel("notes");
  const list = h("ol", { class: "notes" });
  const tags = h("ul", { class: "tags", "aria-label": t("tags") });
  const fault = h("p", { class: "fault", role: "alert" });
  const text = h("textarea", { id: "note", rows: 2, maxlength: 2000, placeholder: t("note_example") });
  const about = h("input", { type: "checkbox", checked: true });
  const tag = h("input", { "aria-label": t("add_tag"), placeholder: t("add_tag"), maxlength: 40, autocomplete: "off" });
  let known = { notes: [], tags: [] };

  async function add(event) {
    event.preventDefault();
    const given = text.value.trim();
    if (!given) return text.focus();
    const json = { text: given };
    if (about.checked) json.at_ms = Math.max(0, Math.round(now()));
    try {
      const answer = await request("POST", `calls/${id}/notes`, { json });
      known.notes.push(await answer.json());
      text.value = "";
      write(fault, "");
      show();
    } catch (why) {
      write(fault, reason(why));
    }
  }

  async function set(wanted) {
    try {
      const answer = await request("PUT", `calls/${id}/tags`, { json: { tags: wanted } });
      known.tags = (await answer.json()).tags;
      write(fault, "");
      show();
    } catch (why) {
      write(fault, reason(why));
    }
  }

  function show() {
    tags.replaceChildren(
      ...known.tags.map((name) =>
        h(
          "li",
          {},
          h("span", { text: name }),
          may("annotate") &&
            h("button", {
              type: "button",
              text: "×",
              "aria-label": t("remove_tag", { name }),
              onclick: () => set(known.tags.filter((one) => one !== name)),
            }),
        ),
      ),
    );
    attribute(tags, "hidden", !known.tags.length);
    list.replaceChildren(
      ...known.notes.map(({ by, at, at_ms, text: said }) =>
        h(
          "li",
          {},
          h(
            "div",
            { class: "head" },
            h("b", { text: by }),
            h("span", { class: "about", text: day(at) }),
            at_ms !== null &&
              (seek
                ? h("button", { type: "button", class: "at", text: clock(at_ms), onclick: () => seek(at_ms) })
                : h("span", { class: "at", text: clock(at_ms) })),
          ),
          h("p", { text: said }),
        ),
      ),
    );
    told(known.notes);
  }

  body.append(tags, list);
  if (may("annotate"))
    body.append(
      h(
        "form",
        { class: "inline", onsubmit: add },
        h("label", { for: "note", text: t("note") }),
        h("div", {}, text, h("button", { class: "button", text: t("add_note") })),
        h("label", { class: "check" }, about, h("span", { text: t("note_of_moment") })),
      ),
      h(
        "form",
        {
          class: "inline",
          onsubmit: (event) => {
            event.preventDefault();
            const name = tag.value.trim();
            tag.value = "";
            if (name) set([...known.tags, name]);
          },
        },
        h("div", {}, tag, h("button", { class: "button", text: t("add_note") })),
      ),
    );
  body.append(fault);
  get(`calls/${id}/notes`)
    .then((found) => {
      known = found;
      show();
    })
    .catch((why) => write(fault, reason(why)));
  return { node };
}
