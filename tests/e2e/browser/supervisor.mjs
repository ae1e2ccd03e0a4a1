// What the scenarios of the console share: a page of it, and a server in the page's place whose calls stand still for a picture or are
// as many as a scenario wants.
import { BASE, visit } from "./page.mjs";

export const RIGHTS = [
  "see_calls",
  "see_numbers",
  "see_transcripts",
  "hear_recordings",
  "monitor",
  "whisper",
  "barge",
  "take_over",
  "guide",
  "end_calls",
  "pause_recording",
  "annotate",
  "approve",
  "answer",
  "export",
  "erase",
];

const SAID = {
  en: {
    bot: "booking.en",
    task: "book",
    asked: ["In which city do you need the room?", "For which day?", "At what time?", "For how many people?"],
    given: [
      "mountain view",
      "i want to book a room please",
      "two thirty p m",
      "for two people",
      "can i talk to a person",
    ],
    slots: { place: "mountain view", date: "2026-12-01", time: "14:30", people: 2 },
  },
  vi: {
    bot: "places.vi",
    task: "tìm chỗ",
    asked: ["Quý khách tìm cà phê, khách sạn, karaoke, mát xa, hay trạm ATM?", "Ở quận nào ạ?", "Cho mấy người ạ?"],
    given: ["tìm khách sạn", "ở quận hoàn kiếm", "hai người", "cho tôi gặp nhân viên"],
    slots: { kind: "khách sạn", district: "Hoàn Kiếm", people: 2 },
  },
};

const WORRIES = [
  [],
  [],
  [],
  [],
  [{ reason: "silence", value: 11200, points: 26 }],
  [{ reason: "not_understood", value: 3, points: 38 }],
  [
    { reason: "person_wanted", value: 1, points: 30 },
    { reason: "not_understood", value: 4, points: 50 },
  ],
  [
    { reason: "slow_answers", value: 3400, points: 19 },
    { reason: "poor_line", value: 2.9, points: 24 },
  ],
  [{ reason: "interruptions", value: 5, points: 16 }],
  [{ reason: "no_sound", value: 14000, points: 60 }],
];

const MOODS = [
  null,
  null,
  { state: "calm", trend: "steady", why: [] },
  { state: "calm", trend: "steady", why: [] },
  { state: "pleased", trend: "rising", why: [{ code: "thanks", words: "thank you", at_ms: 9000 }] },
  { state: "tense", trend: "falling", why: [{ code: "repeats", value: 3, at_ms: 9000 }] },
  {
    state: "upset",
    trend: "falling",
    why: [
      { code: "raised_voice", value: 9, at_ms: 15000 },
      { code: "asks_person", value: 2, at_ms: 3610 },
    ],
  },
];

const STEPS = [
  { code: "take_over", why: [{ code: "asked_person", value: 2 }, { code: "upset" }] },
  { code: "say_line", line: "I am sorry about that. Which day suits you?", why: [{ code: "misses", value: 3 }] },
  { code: "ask_by_keys", why: [{ code: "misses", value: 3 }] },
];

/** Numbers that look thrown and are the same each time. */
export function dice(seed = 7) {
  let state = seed;
  return (many) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return Math.floor((state / 0x7fffffff) * many) % many;
  };
}

/** The id of the n-th call, as the server makes them: they sort by time. */
export const callId = (n) => `01a2043e-4218-747a-975b-${n.toString(16).padStart(12, "0")}`;

/** The row of the n-th live call. */
export function row(n, throwDice, { since = 300 } = {}) {
  const language = n % 3 === 2 ? "vi" : "en";
  const said = SAID[language];
  const pick = (list) => list[throwDice(list.length)];
  const started = Date.now() - 1000 * (15 + throwDice(since));
  const concerns = pick(WORRIES);
  const known = Object.entries(said.slots).slice(0, throwDice(5));
  return {
    id: callId(n),
    bot: said.bot,
    language,
    direction: n % 11 === 5 ? "outbound" : "inbound",
    via: n % 7 === 3 ? "widget shop.example" : "trunk provider",
    from: n % 7 === 3 ? "" : `sip:+8424${String(3900000 + n * 37)}@provider.example`,
    to: "sip:booking@here.example",
    started_at: new Date(started).toISOString(),
    answered_at: new Date(started + 300).toISOString(),
    floor: pick(["bot", "caller", "waiting", "thinking", "bot", "waiting"]),
    floor_since: new Date().toISOString(),
    caller_words: pick([...said.given, null]),
    bot_words: pick(said.asked),
    task: known.length ? said.task : null,
    slots: Object.fromEntries(known.map(([name, value], at) => [name, { value, confirmed: at === 0 }])),
    mood: MOODS[n % MOODS.length],
    next: [],
    mos: pick([4.3, 4.2, 4.1, 3.4, 2.8, null]),
    seats: n % 9 === 4 ? [{ name: n % 2 ? "telephone" : "hoa", mode: "agent" }] : [],
    health: { score: 100 - concerns.reduce((sum, { points }) => sum + points, 0), concerns },
  };
}

const json = (body, status = 200) => ({ status, contentType: "application/json", body: JSON.stringify(body) });

/**
 * The console, signed in, with a wall and calls of the scenario's own. `wall` and `live` are given each socket that the page opens;
 * `details` are calls by their id, as the API gives them; `answer(route, path)` may answer anything else.
 */
export async function console_(
  browser,
  { session = {}, wall, live, details = {}, recording, answer, alerts = [], hash = "#/", ...options } = {},
) {
  const page = await visit(browser, "about:blank", { microphone: true, ...options });
  const who = { user: { name: "lan.nguyen", role: "supervisor", bots: null }, rights: RIGHTS, csrf: "c", ...session };
  await page.route("**/api/v1/**", async (route) => {
    const request = route.request();
    const path = new URL(request.url()).pathname.replace("/api/v1/", "");
    const method = request.method();
    if (await answer?.(route, path, method)) return;
    if (path === "session" && method === "GET")
      return route.fulfill(session ? json(who) : json({ detail: "sign in" }, 401));
    if (path === "bots") return route.fulfill(json({ bots: BOTS }));
    if (path === "sign-in") return route.fulfill(json({ password: true, provider: { name: "Shop & Co" } }));
    if (path === "session" && method === "DELETE") return route.fulfill({ status: 204 });
    const [, id, rest] = /^calls\/([\w-]+)(\/.*)?$/.exec(path) ?? [];
    if (id && !rest && details[id]) return route.fulfill(json(details[id]));
    if (id && rest === "/recording" && recording)
      return route.fulfill({
        status: 200,
        contentType: "audio/wav",
        headers: { "accept-ranges": "bytes" },
        body: recording,
      });
    if (rest === "/memory") return route.fulfill(json(MEMORY));
    if (rest === "/notes") return route.fulfill(method === "GET" ? json(NOTES) : json(noted(request), 201));
    if (rest === "/tags") return route.fulfill(json(request.postDataJSON()));
    if (rest === "/shares")
      return route.fulfill(json({ secret: "s".repeat(43), until: new Date(Date.now() + 86400000).toISOString() }, 201));
    if (/^callers\//.test(path)) return route.fulfill(json({ calls: 3, recordings: 3 }));
    if (path === "callbacks") return route.fulfill(json(callbacks(request)));
    if (/^callbacks\//.test(path))
      return route.fulfill(json({ ...CALLBACKS[0], done_at: new Date().toISOString(), done_by: "lan.nguyen" }));
    if (path === "agents") return route.fulfill(json({ agents: AGENTS }));
    if (path === "alerts") return route.fulfill(json({ alerts, before: null }));
    if (path === "numbers") return route.fulfill(json(numbers()));
    if (path === "calls") return route.fulfill(json({ calls: Object.values(details), before: null }));
    return route.fulfill(json({ detail: `no ${path} here` }, 404));
  });
  await page.routeWebSocket(/\/api\/v1\/wall$/, (socket) => wall?.(socket));
  await page.routeWebSocket(/\/api\/v1\/calls\/[\w-]+\/live$/, (socket) => live?.(socket));
  await page.goto(`${BASE}/console/${hash}`);
  return page;
}

const BOTS = [
  {
    name: "booking.en",
    language: "en",
    tasks: [{ name: "book", title: "book a room", slots: ["place", "date", "time", "people"] }],
    slots: [
      { name: "place", kind: "choice", title: "place", choices: ["mountain view", "old town"] },
      { name: "date", kind: "date", title: "date" },
      { name: "time", kind: "time", title: "time" },
      { name: "people", kind: "number", title: "people" },
    ],
    fault: null,
  },
  { name: "places.vi", language: "vi", tasks: [{ name: "tìm chỗ", title: "tìm một chỗ" }], fault: null },
];

/** What bots remember of the caller. */
const MEMORY = {
  remembered: [
    ["fact", "name", "Lan Phạm"],
    ["promise", "call_back", null],
    ["promise", "unfinished", "book"],
    ["language", "language", "vi"],
  ].map(([kind, name, value]) => ({
    ...{
      kind,
      name,
      value,
      shared: "reception",
      call: "0197a",
      at: "2026-10-02T08:00:00Z",
      until: "2026-12-31T08:00:00Z",
    },
  })),
};

const NOTES = {
  notes: [
    {
      id: 1,
      at: "2026-11-30T08:12:44Z",
      by: "minh",
      at_ms: 12200,
      text: "The tool was slow here; called back, all is well.",
    },
    { id: 2, at: "2026-11-30T08:20:01Z", by: "an", at_ms: null, text: "Khách muốn phòng yên tĩnh." },
  ],
  tags: ["breakfast", "call back"],
};

const noted = (request) => ({
  id: 3,
  at: new Date().toISOString(),
  by: "lan.nguyen",
  at_ms: null,
  ...request.postDataJSON(),
});

const AGENTS = [
  { name: "an", available: true, skills: ["billing"], offer: null, call: null, since: "2026-11-30T08:00:00Z" },
  { name: "lan.nguyen", available: true, skills: [], offer: 7, call: null, since: "2026-11-30T08:00:00Z" },
  { name: "minh", available: true, skills: [], offer: null, call: callId(3), since: "2026-11-30T08:00:00Z" },
  { name: "tuấn", available: false, skills: ["tiếng Anh"], offer: null, call: null, since: "2026-11-30T08:00:00Z" },
];

/** Callers who want to be called back: two who wait, and one who was called. */
const CALLBACKS = [
  ["+84243900037", "booking.en", "desk", null],
  ["", "places.vi", null, null],
  ["+84912345678", "booking.en", "billing", "minh"],
].map(([caller, bot, destination, done_by], n) => ({
  call: callId(n + 2),
  bot,
  language: bot.slice(-2),
  destination,
  caller: caller && `sip:${caller}@provider.example`,
  at: "2026-11-30T08:12:44Z",
  done_at: done_by && "2026-11-30T09:01:00Z",
  done_by,
}));

const callbacks = (request) => {
  const open = new URL(request.url()).searchParams.get("open") === "true";
  return { callbacks: CALLBACKS.filter(({ done_by }) => !open || !done_by), before: null };
};

const soon = (ms) => new Date(Date.now() + ms).toISOString();

/** What the server pushes besides calls: actions that wait for a supervisor, an offer, who waits. */
export function pushed() {
  const approval = (id, action, values, ms, by) => ({
    id,
    call: callId(Number(id)),
    bot: "booking.en",
    task: "refund",
    action,
    values,
    asked_at: soon(-20000),
    until: soon(ms),
    default: by,
  });
  return {
    approvals: [
      approval(
        "1",
        "A refund",
        [
          { slot: "amount", label: "amount", text: "$ 40" },
          { slot: "order", label: "order", text: "A-1204" },
        ],
        9000,
        "decline",
      ),
      approval("2", "Hủy đặt phòng", [{ slot: "code", label: "mã", text: "7731" }], 48000, "approve"),
    ],
    queue: [
      {
        call: callId(4),
        bot: "booking.en",
        destination: "front-desk",
        position: 1,
        since: soon(-42000),
        waited_s: 42,
        expected_s: 60,
        skills: [],
        offered_to: "lan.nguyen",
      },
      {
        call: callId(5),
        bot: "places.vi",
        destination: "lễ tân",
        position: 2,
        since: soon(-9000),
        waited_s: 9,
        expected_s: null,
        skills: [],
        offered_to: null,
      },
    ],
    offers: [
      {
        id: 7,
        call: callId(4),
        bot: "booking.en",
        destination: "front-desk",
        why: "asked for a person",
        waited_s: 42,
        summary: [
          { speaker: "bot", text: "In which city do you need the room?" },
          { speaker: "caller", text: "can i talk to a person" },
        ],
        task: "book",
        slots: [{ name: "people", value: 2, confirmed: true }],
        next: "date",
        mood: null,
        until: soon(18000),
      },
    ],
  };
}

/** Alerts as the server tells them, newest first. */
export const ALERTS = [
  ["9", "critical", { kind: "mood", reason: { code: "mood", state: "upset" } }],
  ["8", "warning", { kind: "silence", reason: { code: "silence", value: 11200 } }],
  ["7", "warning", { kind: "words", reason: { code: "words", word: "lawyer", by: "caller" } }],
  [
    "6",
    "info",
    {
      kind: "long_call",
      reason: { code: "long_call", value: 660000 },
      seen: { by: "minh", at: "2026-11-30T08:20:01Z" },
    },
  ],
].map(([id, severity, more]) => ({
  id,
  severity,
  rule: `rule-${id}`,
  call: callId(Number(id)),
  bot: "booking.en",
  at: new Date(Date.now() - 60000 * (10 - Number(id))).toISOString(),
  from_ms: 15000,
  to_ms: 17000,
  turn: null,
  seen: null,
  ...more,
}));

/** The numbers of a day with some calls. */
function numbers() {
  const of = (ended, ways, answers) => {
    const [contained, transferred, abandoned, given_up, failed] = ways;
    const [median_answer_ms, p95_answer_ms] = answers;
    const hours = Array.from({ length: 24 }, (_, hour) => (hour < 7 ? 0 : Math.round((ended * (24 - hour)) / 150)));
    const rates = { understood: ended * 5, not_understood: Math.round(ended / 3) };
    return {
      ended,
      answered: ended - 2,
      contained,
      transferred,
      abandoned,
      given_up,
      failed,
      mean_ms: 83000,
      median_answer_ms,
      p95_answer_ms,
      ...rates,
      hours,
    };
  };
  const bots = {
    "booking.en": of(120, [84, 12, 15, 6, 3], [412, 1240]),
    "places.vi": of(61, [50, 3, 5, 2, 1], [530, 1610]),
  };
  return { since: new Date().toISOString(), live: 12, bots, all: of(181, [134, 15, 20, 8, 4], [450, 1400]) };
}

/** What a socket of the wall is sent first. */
export const snapshot = (rows) => JSON.stringify({ event: "wall", now: new Date().toISOString(), calls: rows });

export const changes = (rows, ended = []) =>
  JSON.stringify({ event: "rows", now: new Date().toISOString(), calls: rows, ended });

/** A call's timeline as a server writes it, with one turn cut off, a key, a secret and a tool that failed. */
export function timeline(id, language, { live }) {
  const said = SAID[language];
  const at = (ms, event) => ({ call: id, at: new Date(Date.now() - 60000 + ms).toISOString(), at_ms: ms, ...event });
  const turn = (speaker, text, from, to, more = {}) =>
    at(to, {
      event: "turn",
      speaker,
      text,
      heard: text,
      interrupted: false,
      started_ms: from,
      ended_ms: to,
      confidence: null,
      by: speaker === "caller" ? "voice" : null,
      ...more,
    });
  const mark = (ms, name, data = {}) => at(ms, { event: "mark", name, data: { ms, ...data } });
  const latency = (ms, n, parts) =>
    at(ms, {
      event: "latency",
      turn: n,
      endpoint_ms: parts[0],
      recognise_ms: parts[1],
      think_ms: parts[2],
      synthesise_ms: parts[3],
      playout_ms: parts[4],
      total_ms: parts.reduce((a, b) => a + b),
    });
  const slot = (ms, name, value, confirmed = false) => at(ms, { event: "slot", name, value, confirmed });
  const [first, second, third = first] = said.asked;
  const [name] = Object.keys(said.slots);
  const events = [
    at(0, {
      event: "started",
      direction: "inbound",
      via: "trunk provider",
      from: "sip:+84243900037@provider.example",
      to: "sip:booking@here.example",
      bot: said.bot,
      language,
    }),
    at(20, { event: "answered" }),
    at(40, { event: "recording", path: "x.wav", recorded: "part", closed: false }),
    mark(60, "bot_sounds"),
    turn("bot", `${language === "vi" ? "Xin chào." : "Hello, this is the room booking line."} ${first}`, 60, 3900, {
      heard: language === "vi" ? "Xin chào." : "Hello, this is the room",
      interrupted: true,
    }),
    mark(3600, "speech_started"),
    mark(4700, "speech_stopped"),
    mark(4800, "recognised"),
    turn("caller", said.given[0], 3610, 4700, { confidence: 0.91 }),
    slot(4810, name, said.slots[name]),
    latency(5100, 1, [240, 80, 12, 60, 8]),
    turn("bot", second, 5100, 6900),
    mark(8200, "not_understood"),
    mark(9000, "key"),
    turn("caller", "2", 9000, 9400, { by: "keys" }),
    slot(9410, "people", 2, true),
    mark(9420, "tool_called", { id: 1, tool: "find_room" }),
    mark(11900, "tool_failed", { id: 1, tool: "find_room", why: "no answer in time" }),
    latency(12200, 3, [200, 0, 2520, 60, 8]),
    turn("bot", third, 12200, 14100),
    turn("caller", "•••", 15000, 17000, { heard: "•••", by: "keys" }),
    mark(15900, "person_joined", { seat: 1, name: live ? "hoa" : "telephone", destination: "desk" }),
    mark(16000, "seat_joined", { seat: 3, name: "minh", mode: "monitor" }),
    mark(16500, "guidance", { id: 1, by: "minh", task: null, slots: [name], say: true }),
    mark(17005, "guidance_used", { id: 1, turn: 5 }),
    mark(17006, "guidance", { id: 2, by: "minh", task: "cancel", slots: [], say: false }),
    mark(17007, "guidance_refused", { id: 2, why: "this bot has no task `cancel`" }),
    mark(17010, "tool_called", { id: 2, tool: "find_room" }),
    mark(17400, "tool_answered", { id: 2, tool: "find_room", why: null }),
    mark(17450, "mood", MOODS.at(-1)),
    mark(17460, "task", { task: said.task }),
    latency(17800, 5, [210, 60, 410, 70, 9]),
    at(18000, {
      event: "line",
      seat: "caller",
      received: 900,
      lost: 12,
      late: 2,
      mos: 3.9,
      loss: 0.013,
      jitter_ms: 8,
      round_trip_ms: 48,
      delay_ms: 42,
      remote_loss: 0.004,
    }),
    turn("bot", second, 17800, 19600),
  ];
  if (!live)
    events.push(
      at(24000, { event: "recording", path: "x.wav", recorded: "whole", closed: true }),
      at(24100, { event: "ended", blame: "caller", reason: "hung up" }),
    );
  return events;
}

/** As the server judges the call below. */
const SCORE = {
  percent: 56,
  criteria: [
    { name: "goal", points: 0, most: 30, value: null, moments: [17800] },
    { name: "understood", points: 3, most: 20, value: 1, moments: [8200] },
    { name: "quick", points: 15, most: 15, value: 757, moments: [12200] },
    { name: "heard_out", points: 5, most: 10, value: 1, moments: [3900] },
    { name: "no_dead_air", points: 10, most: 10, value: 0, moments: [] },
    { name: "tools_work", points: 5, most: 10, value: 1, moments: [11900] },
    { name: "clear_line", points: 5, most: 5, value: 3.9, moments: [18000] },
  ],
};

/** A call as `GET /api/v1/calls/{id}` tells it. */
export function detail(id, language, { live }) {
  const began = Date.now() - 60000;
  return {
    id,
    direction: "inbound",
    via: "trunk provider",
    from: "sip:+84243900037@provider.example",
    to: "sip:booking@here.example",
    bot: SAID[language].bot,
    language,
    headers: { "X-Customer": "4711" },
    state: live ? "live" : "ended",
    started_at: new Date(began).toISOString(),
    answered_at: new Date(began + 20).toISOString(),
    ended_at: live ? null : new Date(began + 24100).toISOString(),
    end: live ? null : { blame: "caller", reason: "hung up" },
    recorded: live ? "part" : "whole",
    ...(live ? {} : { score: SCORE }),
    timeline: timeline(id, language, { live }),
  };
}

/** What a watcher of a live call is sent first. */
export function callSnapshot(call, language) {
  const throwDice = dice(3);
  const said = SAID[language];
  const concerns = WORRIES[6];
  const about = {
    ...row(1, throwDice),
    id: call.id,
    bot: call.bot,
    language,
    health: { score: 20, concerns },
    mood: MOODS.at(-1),
    next: STEPS,
    floor: "caller",
  };
  const under_way = [
    { change: "floor", floor: "caller" },
    { change: "clause", say: 9, turn: 7, text: said.asked[0] },
    { change: "heard", say: 9, chars: 14, done: false },
    { change: "partial", turn: 8, text: said.given.at(-1), secret: false },
  ];
  return JSON.stringify({
    event: "call",
    now: new Date().toISOString(),
    row: about,
    timeline: call.timeline,
    under_way,
  });
}

/** A WAV file of two voices that take turns: tones, with silence between. */
export function sound(seconds = 24, rate = 8000) {
  const bytes = Buffer.alloc(44 + seconds * rate * 4);
  bytes.write("RIFF", 0);
  bytes.writeUInt32LE(bytes.length - 8, 4);
  bytes.write("WAVEfmt ", 8);
  bytes.writeUInt32LE(16, 16);
  for (const [place, value] of [
    [20, 1],
    [22, 2],
    [32, 4],
    [34, 16],
  ])
    bytes.writeUInt16LE(value, place);
  bytes.writeUInt32LE(rate, 24);
  bytes.writeUInt32LE(rate * 4, 28);
  bytes.write("data", 36);
  bytes.writeUInt32LE(bytes.length - 44, 40);
  for (let n = 0; n < seconds * rate; n++) {
    const at = n / rate;
    const wave = (pitch) => Math.sin(2 * Math.PI * pitch * at) * (0.3 + 0.25 * Math.sin(at * 9)) * 20000;
    const caller = (at > 3.6 && at < 4.7) || (at > 9 && at < 9.4) || (at > 15 && at < 17);
    const bot = at < 3.9 || (at > 5.1 && at < 6.9) || (at > 12.2 && at < 14.1) || (at > 17.8 && at < 19.6);
    bytes.writeInt16LE(caller ? Math.round(wave(220)) : 0, 44 + n * 4);
    bytes.writeInt16LE(bot ? Math.round(wave(160)) : 0, 46 + n * 4);
  }
  return bytes;
}
