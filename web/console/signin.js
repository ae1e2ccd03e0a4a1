// The way in: signing in, and the first admin.
import { signIn, welcome } from "./api.js";
import { h, write } from "./dom.js";
import { nameFault, nameField, passwordFault, passwordField, refuse, SHORTEST } from "./fields.js";
import { end, faultWords, leave, ways } from "./provider.js";
import { t } from "./words.js";

/** Why somebody does not come in, in words. */
function words(fault) {
  if (fault.status === 0) return t("fault_network");
  if (fault.status === 401) return t("fault_password");
  if (fault.status === 429) return t("fault_too_often", { n: fault.retry || 60 });
  if (fault.code === "link_over") return t("fault_link");
  return fault.message;
}

/** `wrong(name, password)`: what is wrong with each before it is sent. */
function door(main, { title, lead, fields, action, enter, wrong = () => [] }) {
  const fault = h("p", { class: "fault", role: "alert" });
  const button = h("button", { class: "button primary", text: action });
  const inputs = fields.map(({ input }) => input);
  const form = h(
    "form",
    { class: "door", "aria-labelledby": "door", novalidate: true },
    h("h1", { id: "door", text: title }),
    lead && h("p", { class: "lead", text: lead }),
    ...fields.map(({ node }) => node),
    fault,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    write(fault, "");
    const faults = wrong(...inputs.map((input) => input.value));
    const at = inputs.findIndex((input, n) => faults[n] || !input.value);
    if (at >= 0) return refuse(fault, faults[at] ?? t("door_empty"), inputs[at]);
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
  return { form, fault, shown: () => inputs[0].focus() };
}

/** `answer`: what the provider has sent this browser back with. */
export function signInPage(main, enter, answer = null) {
  const place = h(
    "div",
    { class: "alone", "aria-busy": "true" },
    h("p", { text: answer ? t("signing_in") : t("loading") }),
  );
  main.append(place);
  offer(main, place, enter, answer);
  return {};
}

async function offer(main, place, enter, answer) {
  const offered = await ways();
  let fault = null;
  if (answer) {
    try {
      return enter(await end(answer));
    } catch (why) {
      fault = faultWords(why, offered.provider);
    }
  }
  // Somebody may be on another page by now.
  if (!place.isConnected) return;
  place.remove();
  const page = offered.password ? passwordDoor(main, enter) : bareDoor(main);
  if (offered.provider) page.form.append(providerPart(offered, page, fault));
  else if (fault) write(page.fault, fault);
  page.shown();
}

/** The button of the provider, and what went wrong on the way. */
function providerPart({ password, provider }, page, fault) {
  if (fault) write(page.fault, fault);
  const button = h("button", {
    type: "button",
    class: `button provider${password ? "" : " primary"}`,
    text: t("sign_in_by", { name: provider.name }),
    onclick: async () => {
      write(page.fault, "");
      button.disabled = true;
      try {
        await leave();
      } catch (why) {
        button.disabled = false;
        write(page.fault, faultWords(why, provider));
      }
    },
  });
  if (!password) page.shown = () => button.focus();
  return h("div", { class: "ways" }, password && h("p", { class: "or", text: t("or") }), button);
}

function passwordDoor(main, enter) {
  return door(main, {
    title: t("sign_in"),
    fields: [nameField(t("name")), passwordField(t("password"), { autocomplete: "current-password" })],
    action: t("sign_in"),
    enter: async (name, password) => enter(await signIn(name.trim(), password)),
  });
}

/** Where the provider alone lets people in. */
function bareDoor(main) {
  const fault = h("p", { class: "fault", role: "alert" });
  const form = h(
    "section",
    { class: "door", "aria-labelledby": "door" },
    h("h1", { id: "door", text: t("sign_in") }),
    fault,
  );
  main.append(form);
  return { form, fault, shown: () => {} };
}

export function welcomePage(main, link, enter) {
  return door(main, {
    title: t("welcome"),
    lead: t("welcome_lead", { n: SHORTEST }),
    fields: [
      nameField(t("name"), t("user_name_rule")),
      passwordField(t("new_password"), { autocomplete: "new-password" }, t("password_rule", { n: SHORTEST })),
    ],
    wrong: (name, password) => [nameFault(name), passwordFault(password)],
    action: t("welcome_action"),
    enter: async (name, password) => enter(await welcome(link, name.trim(), password)),
  });
}
