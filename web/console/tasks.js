// What bots call their tasks: people read a bot's own words, the server its names.
import { get } from "./api.js";

/** By bot, then by task. */
let titles = new Map();

/** Reads them anew; what was known stays where the server does not answer. */
export async function readTasks() {
  try {
    const { bots } = await get("bots");
    titles = new Map(bots.map(({ name, tasks = [] }) => [name, new Map(tasks.map((task) => [task.name, task.title]))]));
  } catch {
    // Names are shown in their place.
  }
}

export const taskTitle = (bot, name) => titles.get(bot)?.get(name) ?? name;

/** Names with titles, in the order of the bot's file. */
export const tasksOf = (bot) => [...(titles.get(bot) ?? [])];
