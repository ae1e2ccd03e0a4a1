// What bots call their tasks and slots: people read a bot's own words, the server its names.
import { get } from "./api.js";

/** By bot: its tasks and its slots, by name. */
let known = new Map();

const byName = (list) => new Map((list ?? []).map((one) => [one.name, one]));

/** Reads them anew; what was known stays where the server does not answer. */
export async function readTasks() {
  try {
    const { bots } = await get("bots");
    known = new Map(bots.map(({ name, tasks, slots }) => [name, { tasks: byName(tasks), slots: byName(slots) }]));
  } catch {
    // Names are shown in their place.
  }
}

export const taskTitle = (bot, name) => known.get(bot)?.tasks.get(name)?.title ?? name;

/** Names with titles, in the order of the bot's file. */
export const tasksOf = (bot) => [...(known.get(bot)?.tasks.values() ?? [])].map(({ name, title }) => [name, title]);

export const slotTitle = (bot, name) => known.get(bot)?.slots.get(name)?.title || name;

/** The slots of a bot, or of one of its tasks. A server may not tell them. */
export function slotsOf(bot, task = null) {
  const slots = known.get(bot)?.slots ?? new Map();
  if (task === null) return [...slots.values()];
  const names = known.get(bot)?.tasks.get(task)?.slots ?? [];
  return names.map((name) => slots.get(name)).filter(Boolean);
}
