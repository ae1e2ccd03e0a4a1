// A supervisor's own telephone: the server calls it or is called by it, and its keys do what the buttons of the page do.
import { request } from "./api.js";
import { attribute, dialog, h } from "./dom.js";
import { t } from "./words.js";

/** Which of the two this server has turned out not to have, by the word that says so. */
const absent = new Set();

/** Says that something is not set up, and offers it no more. */
function without(button, word) {
  absent.add(word);
  attribute(button, "disabled", true);
  attribute(button, "title", t(word));
}

/** Has the server call the telephone of whoever has signed in, for a seat in this call. */
export function phoneButton(id, toast) {
  const button = h("button", {
    type: "button",
    class: "button",
    title: t("phone_seat_help"),
    text: t("phone_seat"),
    onclick: async () => {
      attribute(button, "disabled", true);
      try {
        await request("POST", `calls/${id}/seats/phone`);
        toast(t("phone_seat_rings"));
      } catch (why) {
        if (why.code === "no_phone") {
          toast(t("phone_seat_none"), "bad");
          return without(button, "phone_seat_none");
        }
        toast(why.status ? why.message : t("fault_network"), "bad");
      }
      attribute(button, "disabled", null);
    },
  });
  if (absent.has("phone_seat_none")) without(button, "phone_seat_none");
  return button;
}

/** Has the server expect a call of whoever has signed in, and shows what they dial and enter. */
export function dialInButton(id, toast) {
  const button = h("button", {
    type: "button",
    class: "button",
    title: t("dial_in_help"),
    text: t("dial_in"),
    onclick: async () => {
      attribute(button, "disabled", true);
      try {
        shown(await (await request("POST", `calls/${id}/seats/dial-in`)).json());
      } catch (why) {
        if (why.code === "no_dial_in") {
          toast(t("dial_in_none"), "bad");
          return without(button, "dial_in_none");
        }
        toast(why.status ? why.message : t("fault_network"), "bad");
      }
      attribute(button, "disabled", null);
    },
  });
  if (absent.has("dial_in_none")) without(button, "dial_in_none");
  return button;
}

function shown({ dial, pin, seconds }) {
  const box = dialog(
    t("dial_in"),
    h("p", { class: "about", text: t("dial_in_lead", { minutes: Math.round(seconds / 60) }) }),
    h("p", {}, t("dial_in_number"), " ", h("b", { text: dial })),
    h("p", {}, t("dial_in_pin"), " ", h("b", { text: pin })),
    h("p", { class: "about", text: t("phone_seat_keys") }),
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", class: "button primary", text: t("close"), onclick: () => box.close() }),
    ),
  );
}
