// What is known of one call: the sum of its events, and of what is just being said.
export class CallRecord {
  constructor() {
    this.events = [];
    this.turns = new Map();
    this.clauses = [];
    this.partial = null;
    this.slots = new Map();
    this.latency = new Map();
    this.lines = new Map();
    this.tools = [];
    this.seats = new Map();
    // Also those who have left.
    this.sat = new Map();
    this.guidance = new Map();
    // Values that were said while a person speaks in the bot's place, by slot.
    this.spoken = new Map();
    // Who has given a value that the bot has not taken yet, by slot.
    this.givers = new Map();
    // What was promised by those who had the call, and what people did with it, for the transcript.
    this.promises = [];
    this.happened = [];
    this.names = new Map();
    this.floor = null;
    this.task = null;
    // The bot that has gone on with the call.
    this.bot = null;
    this.mood = null;
    this.levels = null;
    this.ended = null;
    this.answeredMs = null;
    this.recorded = false;
    this.paused = false;
  }

  /** An event of the timeline. */
  add(event) {
    this.events.push(event);
    const { at_ms } = event;
    switch (event.event) {
      case "answered":
        this.answeredMs ??= at_ms;
        break;
      case "turn":
        this.turn(event);
        break;
      case "slot":
        this.slot(event);
        break;
      case "latency":
        this.latency.set(event.turn, event);
        break;
      case "line":
        this.lines.set(event.seat, event);
        break;
      case "mark":
        this.mark(event);
        break;
      case "recording":
        this.recorded = true;
        break;
      case "ended":
        this.ended = event;
        this.clauses = [];
        this.partial = null;
        break;
    }
  }

  turn(event) {
    this.turns.set(`${event.speaker} ${event.started_ms}`, event);
    if (event.speaker === "bot") {
      // The turns of the bot are recorded in their order: this is the first of those under way.
      const first = this.clauses[0]?.turn;
      this.clauses = this.clauses.filter(({ turn }) => turn !== first);
    }
    if (event.speaker === "caller") {
      this.confidence = event.confidence;
      this.answered = event.text;
      if (this.partial?.taken) this.partial = null;
    }
  }

  slot({ name, value, confirmed, at_ms }) {
    const by = this.givers.get(name) ?? null;
    const before = this.slots.get(name);
    // A value that a person gave stays theirs when the caller confirms it.
    const giver = by ?? (before && JSON.stringify(before.value) === JSON.stringify(value) ? before.by : null);
    this.givers.delete(name);
    if (value === null || value === undefined) this.slots.delete(name);
    else
      this.slots.set(name, {
        ...{ value, confirmed, at_ms },
        by: giver,
        confidence: giver ? null : (this.confidence ?? null),
      });
  }

  mark({ name, data, at_ms }) {
    const at = data?.ms ?? at_ms;
    if (name === "tool_called") this.tools.push({ id: data?.id, name: data?.tool ?? null, at, outcome: null });
    else if (name === "tool_answered" || name === "tool_failed" || name === "tool_cancelled") {
      const tool = this.tools.find(({ outcome, id }) => !outcome && (data?.id === undefined || data.id === id));
      const outcome = name.slice("tool_".length);
      if (tool) Object.assign(tool, { outcome, took: at - tool.at, why: data?.why ?? null });
    } else if (name === "seat_joined" || name === "seat_mode") this.sits(data);
    else if (name === "person_joined") this.sits({ seat: data.seat, name: data.name, mode: "agent" });
    else if (name === "seat_left" || name === "person_left") this.seats.delete(data?.seat);
    else if (name === "value_spoken") this.spoken.set(data.slot, { ...data, at });
    else if (name === "spoke") this.names.set(at, data.name);
    else if (name === "taken_over" || name === "bot_back") {
      this.spoken.clear();
      this.changesHands(name, at);
    } else if (name === "guidance" || name === "handed_back") this.given(data, at, name === "handed_back");
    else if (name === "guidance_used" || name === "guidance_refused") {
      const given = this.guidance.get(data.id);
      if (given)
        Object.assign(given, name === "guidance_used" ? { used: true, turn: data.turn } : { refused: data.why });
      if (name === "guidance_refused") for (const slot of given?.slots ?? []) this.givers.delete(slot);
    } else if (name === "task") this.task = data?.task ?? null;
    else if (name === "handed_on") this.bot = data?.bot ?? this.bot;
    else if (name === "mood") this.mood = data?.state ? data : this.mood;
    else if (name === "recording_paused" || name === "recording_resumed") this.paused = name === "recording_paused";
  }

  sits({ seat, name, mode }) {
    this.seats.set(seat, { name, mode });
    this.sat.set(seat, { name });
    if (mode === "takeover") this.holder = name;
  }

  /** What the bot was given, by whom. */
  given(data, at, back) {
    this.guidance.set(data.id, { ...data, at, back });
    for (const slot of data.slots ?? []) this.givers.set(slot, data.by);
    if (!back) return;
    this.handedBack = true;
    if (!data.promise) return;
    this.promises.push({ by: data.by, text: data.promise });
    this.happened.push({ at, word: "promised_by", name: data.by, text: data.promise });
  }

  /** Somebody has the call in the bot's place, or the bot has it again. */
  changesHands(mark, at) {
    if (mark === "taken_over") this.happened.push({ at, word: "took_over", name: this.holder ?? "?" });
    else if (this.holder)
      this.happened.push({ at, word: this.handedBack ? "gave_back" : "bot_goes_on", name: this.holder });
    this.handedBack = false;
    if (mark === "bot_back") this.holder = null;
  }

  /** Whether others than caller and bot have spoken, or could. */
  hasPeople() {
    const speaks = ({ event, name, data }) =>
      event === "mark" &&
      (name === "person_joined" ||
        (["seat_joined", "seat_mode"].includes(name) && ["whisper", "barge", "takeover"].includes(data?.mode)));
    return this.events.some(speaks);
  }

  /** What changes from moment to moment and is not kept. */
  live(change) {
    switch (change.change) {
      case "floor":
        this.floor = change.floor;
        break;
      case "clause":
        this.clauses.push({ ...change, chars: 0, done: false });
        break;
      case "heard": {
        const clause = this.clauses.find(({ say }) => say === change.say);
        if (clause) Object.assign(clause, { chars: change.chars, done: change.done });
        break;
      }
      case "interrupted":
        this.clauses = this.clauses.filter(({ say }) => say <= change.say);
        for (const clause of this.clauses)
          if (clause.say === change.say) Object.assign(clause, { chars: change.chars, done: true, cut: true });
        break;
      case "levels":
        this.levels = change;
        break;
      case "partial":
        this.answered = null;
        this.partial = { turn: change.turn, text: change.text, secret: change.secret };
        break;
      case "withdrawn":
        this.partial = null;
        break;
      case "taken":
        // Its turn may stand in the timeline already.
        if (this.answered === change.text) this.partial = null;
        else this.partial = { turn: change.turn, text: change.text, secret: change.secret, taken: true };
        this.answered = null;
        break;
    }
  }

  /** The turns that are over, by when they began. */
  finished() {
    return [...this.turns.values()].sort((a, b) => a.started_ms - b.started_ms);
  }

  /** What is being said: lines like turns, with what was heard of them so far. */
  underWay() {
    const lines = new Map();
    for (const { turn, text, chars, done, cut } of this.clauses) {
      const line = lines.get(turn) ?? { key: `live ${turn}`, speaker: "bot", turn, parts: [], live: true };
      const whole = [...text];
      const upto = done && !cut ? whole.length : chars;
      line.parts.push([whole.slice(0, upto).join(""), whole.slice(upto).join("")]);
      line.interrupted ||= cut;
      lines.set(turn, line);
    }
    if (this.partial) {
      const { turn, text, secret, taken } = this.partial;
      lines.set(`caller ${turn}`, {
        key: "partial",
        speaker: "caller",
        turn,
        parts: [[text, ""]],
        live: true,
        open: !taken,
        secret,
      });
    }
    return [...lines.values()].sort((a, b) => a.turn - b.turn);
  }
}
