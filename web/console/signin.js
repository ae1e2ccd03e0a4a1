// The way in: signing in, and the first admin.
import { signIn, welcome } from "./api.js";
import { h, write } from "./dom.js";
import { t } from "./words.js";

/** As the server asks for it. */
const SHORTEST = 12;

/** Why somebody does not come in, in words. */
function words(fault) {
  if (fault.status === 0) return t("fault_network");
  if (fault.status === 401) return t("fault_password");
  if (fault.status === 429) return t("fault_too_often", { n: fault.retry || 60 });
  if (fault.code === "link_over") return t("fault_link");
  return fault.message;
}

function field(label, props) {
  return h("label", {}, h("span", { text: label }), h("input", { required: true, ...props }));
}

function door(main, { title, lead, fields, action, enter }) {
  const fault = h("p", { class: "fault", role: "alert" });
  const button = h("button", { class: "button primary", text: action });
  const inputs = fields.map((label) => label.querySelector("input"));
  const form = h(
    "form",
    { class: "door", "aria-labelledby": "door" },
    h("h1", { id: "door", text: title }),
    lead && h("p", { class: "lead", text: lead }),
    ...fields,
    fault,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    write(fault, "");
    button.disabled = true;
    try {
      await enter(...inputs.map((input) => input.value));
    } catch (why) {
      write(fault, words(why));
      inputs.at(-1).select();
    }
    button.disabled = false;
  });
  main.append(form);
  return { shown: () => inputs[0].focus() };
}

export function signInPage(main, enter) {
  return door(main, {
    title: t("sign_in"),
    fields: [
      field(t("name"), { name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false" }),
      field(t("password"), { name: "password", type: "password", autocomplete: "current-password" }),
    ],
    action: t("sign_in"),
    enter: async (name, password) => enter(await signIn(name.trim(), password)),
  });
}

export function welcomePage(main, link, enter) {
  return door(main, {
    title: t("welcome"),
    lead: t("welcome_lead", { n: SHORTEST }),
    fields: [
      field(t("name"), { name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false" }),
      field(t("new_password"), {
        name: "password",
        type: "password",
        autocomplete: "new-password",
        minlength: SHORTEST,
      }),
    ],
    action: t("welcome_action"),
    enter: async (name, password) => enter(await welcome(link, name.trim(), password)),
  });
}
