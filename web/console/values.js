// Fields for the values of a bot's slots: which slots there are, and of a choice which values.
import { h } from "./dom.js";
import { slotsOf, slotTitle } from "./tasks.js";
import { t } from "./words.js";

/** What a field of a slot is called: the bot's own words, and its name where they differ. */
export function slotLabel(bot, name) {
  const title = slotTitle(bot, name);
  return title === name ? name : `${title} (${name})`;
}

/** A field for one value: a list where the slot has only so many, and what stands in it stays possible. */
export function valueField(bot, name, { value = "", ...props } = {}) {
  const choices = slotsOf(bot).find((slot) => slot.name === name)?.choices ?? [];
  if (!choices.length) return h("input", { value, maxlength: 200, autocomplete: "off", ...props });
  const known = value === "" || choices.includes(value) ? choices : [value, ...choices];
  const field = h(
    "select",
    props,
    h("option", { value: "", text: t("choose_value") }),
    ...known.map((one) => h("option", { value: one, text: one })),
  );
  field.value = value;
  return field;
}

/** The slots that may be given: of the task that is under way, those that are not known first; of no task, all. */
function givable(bot, task, has) {
  const all = slotsOf(bot);
  const wanted = slotsOf(bot, task);
  const open = (wanted.length ? wanted : all).filter(({ name }) => !has(name));
  return { open, others: all.filter((slot) => !open.includes(slot)) };
}

/** A name and a value, which change together. `has(name)`: whether the slot is known. A bot whose slots are not known has its names typed. */
export function slotPair(bot, task, has, { id = null } = {}) {
  const { open, others } = givable(bot, task, has);
  const option = ({ name }) => h("option", { value: name, text: slotLabel(bot, name) });
  const group = (word, slots) => slots.length > 0 && h("optgroup", { label: t(word) }, ...slots.map(option));
  const name = slotsOf(bot).length
    ? h(
        "select",
        { id, "aria-label": t("slot_name") },
        h("option", { value: "", text: t("choose_slot") }),
        group("slots_open", open),
        group("slots_others", others),
      )
    : h("input", { id, "aria-label": t("slot_name"), placeholder: t("slot_name"), maxlength: 60, autocomplete: "off" });
  const make = (of) => valueField(bot, of, { "aria-label": t("slot_value"), placeholder: t("slot_value") });
  let field = make("");
  const node = h("div", { class: "pair" }, name, field);
  name.addEventListener("change", () => {
    const next = make(name.value.trim());
    if (next.tagName === field.tagName && next.tagName === "INPUT") return;
    field.replaceWith(next);
    field = next;
  });
  return {
    node,
    name,
    /** `[name, value]`, both without blanks around them. */
    given: () => [name.value.trim(), field.value.trim()],
    focusValue: () => field.focus(),
    empty: () => {
      name.value = "";
      name.dispatchEvent(new Event("change"));
      field.value = "";
    },
  };
}
