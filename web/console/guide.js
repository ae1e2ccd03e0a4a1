// Help for the bot: a sentence that it says, a task, values of slots; and the form by which a call goes back to it.
import { request } from "./api.js";
import { dialog, h, write } from "./dom.js";
import { clock, value } from "./format.js";
import { panel } from "./panels.js";
import { tasksOf, taskTitle } from "./tasks.js";
import { slotLabel, slotPair, valueField } from "./values.js";
import { t } from "./words.js";

const send = (call, json) => request("POST", `calls/${call}/guidance`, { json });

function reason(fault) {
  return fault.status === 0 ? t("fault_network") : fault.message;
}

/** The tasks of a bot to choose from; of one that is not known their names are written. */
function taskField(bot) {
  const tasks = tasksOf(bot);
  if (!tasks.length) return h("input", { id: "task", maxlength: 60, autocomplete: "off", spellcheck: "false" });
  const options = tasks.map(([name, title]) => h("option", { value: name, text: title }));
  return h("select", { id: "task" }, h("option", { value: "", text: t("choose_task") }), ...options);
}

/** `sent(words)` is told what the bot was given. */
export function guidancePanel(call, bot, sent) {
  const { node, body } = panel("guidance");
  const say = h("textarea", { id: "say", rows: 2, maxlength: 500, placeholder: t("say_example") });
  const fault = h("p", { class: "fault", role: "alert" });
  const submit = (field, key) => async (event) => {
    event.preventDefault();
    const given = field.value.trim();
    if (!given) return field.focus();
    write(fault, "");
    try {
      await send(call, { [key]: given });
      field.value = "";
      sent(t(`sent_${key}`));
    } catch (why) {
      write(fault, reason(why));
    }
  };
  const form = (field, label, key, action) =>
    h(
      "form",
      { class: "inline", onsubmit: submit(field, key) },
      h("label", { for: field.id, text: t(label) }),
      h("div", {}, field, h("button", { class: "button", text: t(action) })),
    );
  // Enter sends; with shift it begins a line.
  say.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    say.form.requestSubmit();
  });
  const taskForm = (of) => form(taskField(of), "task", "task", "task_action");
  let current = bot;
  let tasks = taskForm(current);
  let about = { task: null, slots: new Map() };
  let pair = null;
  const values = h("div", { class: "pairs" });
  const offerSlots = () => {
    pair = slotPair(current, about.task, (name) => about.slots.has(name), { id: "give" });
    values.replaceChildren(pair.node, h("button", { class: "button", text: t("slot_action") }));
  };
  offerSlots();
  const giveForm = h(
    "form",
    {
      class: "inline",
      onsubmit: async (event) => {
        event.preventDefault();
        const [name, one] = pair.given();
        if (!name) return pair.name.focus();
        if (!one) return pair.focusValue();
        write(fault, "");
        try {
          await send(call, { slots: { [name]: one } });
          pair.empty();
          sent(t("sent_slot", { name: slotLabel(current, name) }));
        } catch (why) {
          write(fault, reason(why));
        }
      },
    },
    h("label", { for: "give", text: t("give_value") }),
    values,
  );
  const given = h("ol", { class: "given" });
  body.append(
    h("p", { class: "about", text: t("guidance_lead") }),
    form(say, "say", "say", "say_action"),
    giveForm,
    tasks,
    fault,
    given,
  );
  /** Offers a sentence, which whoever reads it may change before it is sent. */
  const offer = (words) => {
    say.value = words;
    say.focus();
  };
  let offered = "";
  /** `of`: the bot that speaks now; `task` and `slots`: what it does and what it knows. */
  const show = (guidance, of, task = null, slots = new Map()) => {
    if (of !== current) {
      const next = taskForm(of);
      tasks.replaceWith(next);
      [tasks, current] = [next, of];
    }
    about = { task, slots };
    const key = JSON.stringify([of, task, [...slots.keys()]]);
    // Not under the hands of whoever fills it in.
    if (key !== offered && !giveForm.contains(document.activeElement) && !pair.given().some(Boolean)) {
      offered = key;
      offerSlots();
    }
    receipts(given, guidance, of);
  };
  return { node, focus: () => say.focus(), say: offer, show };
}

/** What the bot was given, and what has become of it. */
function receipts(list, guidance, bot) {
  const what = ({ task, slots, say, back }) =>
    [
      back && t("handback"),
      say && t("given_say"),
      task && t("given_task", { name: taskTitle(bot, task) }),
      slots?.length && t("given_slots", { names: slots.join(", ") }),
    ].filter(Boolean);
  const outcome = ({ used, turn, refused }) => {
    if (refused) return t("guidance_refused", { why: refused });
    if (!used) return t("guidance_waits");
    return typeof turn === "number" ? t("guidance_used", { turn: turn + 1 }) : t("guidance_taken");
  };
  list.replaceChildren(
    ...[...guidance.values()].map((one) =>
      h(
        "li",
        { "data-refused": one.refused ? "" : null },
        h("span", { class: "at", text: clock(one.at) }),
        h("span", { text: `${one.by}: ${what(one).join(", ")}` }),
        h("span", { class: "about", text: outcome(one) }),
      ),
    ),
  );
}

/** Asks for a slot's value and gives it to the bot. */
export function editSlot(call, name, before, sent, bot = null) {
  const field = valueField(bot, name, { id: "slot", value: before });
  const fault = h("p", { class: "fault", role: "alert" });
  const form = h(
    "form",
    {},
    h("label", { for: "slot", text: slotLabel(bot, name) }),
    field,
    fault,
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
      h("button", { type: "button", class: "button", text: t("clear_slot"), onclick: () => give(null) }),
      h("button", { class: "button primary", text: t("give_slot") }),
    ),
  );
  const give = async (given) => {
    try {
      await send(call, { slots: { [name]: given } });
      sent(t("sent_slot", { name: slotLabel(bot, name) }));
      box.close();
    } catch (why) {
      write(fault, reason(why));
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    give(field.value.trim() || null);
  });
  const box = dialog(t("change_slot", { name }), form);
  field.focus();
  field.select?.();
}

/**
 * The form that shows slots and promises, and gives the call back to the bot. A value of `spoken` was said in the takeover: it stands in
 * the form, with who said it. `done` is called when the bot has it.
 */
export function handBack(call, { slots, spoken, bot, task }, done) {
  const fields = [...new Set([...slots.keys(), ...spoken.keys()])].map((name) => {
    const before = slots.has(name) ? value(slots.get(name).value) : "";
    const said = spoken.get(name);
    const shown = said ? value(said.value) : before;
    const field = valueField(bot, name, { id: `slot-${name}`, value: shown });
    const from =
      said &&
      h("span", {
        class: "from",
        text: t(`${said.seat === 0 ? "said_by_caller" : "said_by_person"}${said.sure ? "" : "_unsure"}`, {
          at: clock(said.at),
        }),
      });
    // What the field gives: `undefined` where nothing is new.
    const given = () => {
      if (said && field.value === shown) return said.value;
      return field.value === before ? undefined : field.value.trim() || null;
    };
    return [name, given, h("div", {}, h("label", { for: field.id, text: slotLabel(bot, name) }), field, from)];
  });
  const more = h("div", { class: "more" });
  const others = [];
  const add = () => {
    const pair = slotPair(bot, task, (name) => slots.has(name) || spoken.has(name));
    others.push(pair);
    more.append(pair.node);
    pair.name.focus();
  };
  const promise = h("textarea", { id: "promise", rows: 2, maxlength: 500, placeholder: t("promise_example") });
  const fault = h("p", { class: "fault", role: "alert" });
  const form = h(
    "form",
    { class: "handback" },
    h("p", { class: "about", text: t("handback_lead") }),
    h(
      "fieldset",
      {},
      h("legend", { text: t("slots") }),
      ...fields.map(([, , line]) => line),
      more,
      h("button", { type: "button", class: "button", text: t("add_slot"), onclick: add }),
    ),
    h("label", { for: "promise", text: t("promise") }),
    promise,
    fault,
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
      h("button", { class: "button primary", text: t("handback") }),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = {};
    // What was not touched stays as it is.
    for (const [name, now] of fields) {
      const value = now();
      if (value !== undefined) given[name] = value;
    }
    for (const pair of others) {
      const [name, value] = pair.given();
      if (name) given[name] = value || null;
    }
    const json = { slots: given };
    if (promise.value.trim()) json.promise = promise.value.trim();
    try {
      await request("POST", `calls/${call}/handback`, { json });
      box.close();
      done(given);
    } catch (why) {
      write(fault, reason(why));
    }
  });
  const box = dialog(t("handback"), form);
}

/** The values that the bot has refused, to be corrected and given again. */
export function correct(call, slots, why, done, bot = null) {
  const fields = [...slots].map(([name, { value: given }]) => {
    const field = valueField(bot, name, { id: `again-${name}`, value: given === null ? "" : value(given) });
    return [name, field, h("div", {}, h("label", { for: field.id, text: slotLabel(bot, name) }), field)];
  });
  const fault = h("p", { class: "fault", role: "alert", text: t("guidance_refused", { why }) });
  const form = h(
    "form",
    { class: "handback" },
    h("p", { class: "about", text: t("handback_again_lead") }),
    h("fieldset", {}, h("legend", { text: t("slots") }), ...fields.map(([, , line]) => line)),
    fault,
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
      h("button", { class: "button primary", text: t("give_again") }),
    ),
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await send(call, {
        slots: Object.fromEntries(fields.map(([name, field]) => [name, field.value.trim() || null])),
      });
      box.close();
      done();
    } catch (fresh) {
      write(fault, reason(fresh));
    }
  });
  const box = dialog(t("handback"), form);
}
