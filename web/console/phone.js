// A supervisor's own telephone: the server calls it or is called by it, and its keys do what the buttons of the page do.
import { request } from "./api.js";
import { attribute, dialog, h } from "./dom.js";
import { t } from "./words.js";

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
        const words = why.code === "no_phone" ? t("phone_seat_none") : why.status ? why.message : t("fault_network");
        toast(words, "bad");
      }
      attribute(button, "disabled", null);
    },
  });
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
        const words = why.code === "no_dial_in" ? t("dial_in_none") : why.status ? why.message : t("fault_network");
        toast(words, "bad");
      }
      attribute(button, "disabled", null);
    },
  });
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
