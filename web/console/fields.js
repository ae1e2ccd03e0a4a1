// Fields of forms that several pages have: names, passwords, bots, rights; and faults in words.
import { get } from "./api.js";
import { attribute, h, write } from "./dom.js";
import { t } from "./words.js";

/** As the server asks for them. */
export const SHORTEST = 12;
const LONGEST = 256;
const NAME = /^[a-z0-9._@-]{1,64}$/;

/** A fault in words: the page's own for a status or a code, else the server's. */
export function faultOf(fault, own = {}) {
  if (fault.status === 0) return t("fault_network");
  const word = own[fault.code] ?? own[fault.status];
  return word ? t(word) : fault.message;
}

/** What is wrong with a name, in words; nothing where it is good. */
export function nameFault(name) {
  const folded = name.trim().toLowerCase();
  if (folded === "admin.token") return t("user_name_own");
  return NAME.test(folded) ? null : t("user_name_wrong");
}

/** What is wrong with a new password, in words; nothing where it is good. */
export function passwordFault(password, again = password) {
  const length = [...password].length;
  if (length < SHORTEST) return t("password_short", { n: SHORTEST });
  if (length > LONGEST) return t("password_long");
  return password === again ? null : t("password_differs");
}

let fields = 0;

/** A label with its field; `rule` is said beforehand. */
export function field(label, props, rule = null) {
  const id = `rule-${++fields}`;
  const input = h("input", { required: true, "aria-describedby": rule && id, ...props });
  const node = h(
    "div",
    { class: "field" },
    h("label", {}, h("span", { text: label }), input),
    rule && h("p", { id, class: "about", text: rule }),
  );
  return { node, input };
}

export const nameField = (label, rule = null) =>
  field(
    label,
    { name: "name", autocomplete: "username", autocapitalize: "none", spellcheck: "false", maxlength: 64 },
    rule,
  );

/** A password with a button that shows it. */
export function passwordField(label, props, rule = null) {
  const made = field(label, { type: "password", name: "password", ...props }, rule);
  const button = h("button", { type: "button", class: "quiet" });
  const show = () => {
    const hidden = made.input.type === "password";
    write(button, t(hidden ? "password_show" : "password_hide"));
    attribute(button, "aria-label", t(hidden ? "password_show_of" : "password_hide_of"));
    attribute(button, "aria-pressed", String(!hidden));
  };
  button.addEventListener("click", () => {
    made.input.type = made.input.type === "password" ? "text" : "password";
    show();
  });
  show();
  made.node.classList.add("revealed");
  made.node.querySelector("label").after(button);
  return made;
}

/** Says what is wrong, and leads to the field that it is about. */
export function refuse(fault, text, input) {
  write(fault, text);
  input?.setAttribute("aria-invalid", "true");
  input?.focus();
  input?.addEventListener("input", () => input.removeAttribute("aria-invalid"), { once: true });
}

const check = (name, words, checked) => {
  const box = h("input", { type: "checkbox", value: name, checked });
  return { box, node: h("label", { class: "check" }, box, h("span", { text: words })) };
};

/** Some of many, each with a box; `quiet`: their legend stands above already. `value()`: the names of those that are chosen. */
export function choices(legend, options, chosen = [], quiet = false) {
  const boxes = options.map(([name, words]) => check(name, words, chosen.includes(name)));
  const node = h(
    "fieldset",
    { class: "choices" },
    h("legend", { class: quiet ? "unseen" : null, text: legend }),
    ...boxes.map((one) => one.node),
  );
  const value = () => boxes.filter(({ box }) => box.checked).map(({ box }) => box.value);
  return { node, value, first: boxes[0]?.box };
}

/** All bots (`null`), or some of those that there are. */
export function botsChoice(all, chosen = null) {
  // One that was taken away meanwhile is still among those of a user.
  const names = [...new Set([...all.map(({ name }) => name), ...(chosen ?? [])])].sort();
  const some = check("", t("some_bots"), chosen !== null);
  const list = choices(
    t("some_bots"),
    names.map((name) => [name, name]),
    chosen ?? [],
    true,
  );
  const show = () => attribute(list.node, "hidden", !some.box.checked);
  some.box.addEventListener("change", show);
  show();
  const node = h("div", { class: "field" }, h("b", { text: t("which_bots") }), some.node, list.node);
  return { node, value: () => (some.box.checked ? list.value() : null), first: list.first ?? some.box };
}

export const botsWords = (bots) => (bots === null ? t("all_bots") : bots.join(", ") || "–");

/** The bots that this server has. */
export const readBots = async () => (await get("bots")).bots;
