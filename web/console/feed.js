// What the server pushes to who has signed in: live calls, actions that wait for a supervisor, alerts, callers who wait for a person.
import { follow, get } from "./api.js";
import { botsOf, caller, grade, setClock } from "./format.js";

/** So many alerts are kept; the oldest go. */
const ALERTS = 200;

/** The calls of the wall, in the order in which they need somebody. */
export class Calls {
  constructor() {
    this.all = new Map();
    this.ready = false;
  }

  /** Takes a message of the server. Gives whether anything is new. */
  take(message) {
    if (message.now) setClock(message.now);
    if (message.event === "wall") {
      this.ready = true;
      this.all = new Map(message.calls.map((call) => [call.id, prepared(call)]));
    } else if (message.event === "rows") {
      for (const call of message.calls) this.all.set(call.id, prepared(call));
      for (const id of message.ended) this.all.delete(id);
    } else return false;
    return true;
  }

  /** Those that pass the filter, the worst first; of equals the one that lasts longest. */
  list(filter) {
    const search = filter.search.trim().toLocaleLowerCase();
    const passes = (call) =>
      (!filter.bot || call.bot === filter.bot) &&
      (filter.state === "all" || filter.state === call.floor || (filter.state === "attention" && call.worry > 0)) &&
      (!search || call.text.includes(search));
    return [...this.all.values()].filter(passes).sort((a, b) => b.worry - a.worry || (a.id < b.id ? -1 : 1));
  }

  /** The call that needs somebody most; after the one with this id, the next. Nothing where none needs anybody. */
  worst(after = null) {
    const needy = this.list({ search: "", bot: "", state: "attention" });
    return needy[(needy.findIndex(({ id }) => id === after) + 1) % needy.length];
  }

  count(kind) {
    let many = 0;
    for (const call of this.all.values()) if (grade(call.health.score) === kind) many++;
    return many;
  }

  bots() {
    return [...new Set([...this.all.values()].map((call) => call.bot))].sort();
  }
}

/** With what is looked for and sorted by. Scores that differ little sort alike, so that rows do not change places all the time. */
function prepared(call) {
  const slots = Object.values(call.slots).map(({ value }) => JSON.stringify(value));
  const text = [caller(call), botsOf(call), call.via, call.task, call.caller_words, call.bot_words, ...slots];
  call.text = text.join(" ").toLocaleLowerCase();
  call.worry = Math.ceil((100 - call.health.score) / 5);
  return call;
}

/**
 * Everything of it that is for everybody who has signed in, on whichever page they are. What a server does not send is `null`.
 * Tells `message` (each as it comes), `approvals`, `queue`, `offers`, `alert`, and `state` of the connection.
 */
export class Feed extends EventTarget {
  constructor() {
    super();
    Object.assign(this, {
      calls: new Calls(),
      approvals: null,
      queue: null,
      offers: null,
      alerts: null,
      connected: true,
    });
    this.socket = follow(
      "wall",
      (message) => this.#take(message),
      (connected) => {
        this.connected = connected;
        // What was raised meanwhile was pushed to nobody here.
        if (!connected) this.recalled = false;
        this.#tell("state", connected);
      },
    );
  }

  end() {
    this.socket.close();
  }

  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  #take(message) {
    switch (message.event) {
      case "approvals":
      case "queue":
      case "offers":
        this[message.event] = message[message.event];
        this.#tell(message.event, this[message.event]);
        return;
      case "alert":
        this.#alert(message.alert);
        return;
      default:
        if (this.calls.take(message)) this.#tell("message", message);
        if (!this.recalled && message.event === "wall") this.#recall();
    }
  }

  #alert(alert) {
    const fresh = !this.alerts?.has(alert.id);
    this.alerts ??= new Map();
    this.alerts.set(alert.id, alert);
    if (this.alerts.size > ALERTS) this.alerts.delete(this.alerts.keys().next().value);
    this.#tell("alert", { alert, fresh });
  }

  /** The alerts of lately, where this server has any. */
  async #recall() {
    this.recalled = true;
    try {
      const { alerts } = await get(`alerts?limit=${ALERTS}`);
      const now = this.alerts ?? new Map();
      this.alerts = new Map([...alerts].reverse().map((alert) => [alert.id, alert]));
      for (const [id, alert] of now) this.alerts.set(id, alert);
      this.#tell("alert", { alert: null, fresh: false });
    } catch {
      // What is new is pushed all the same.
    }
  }
}
