// What the scenarios share: a Chromium, a page whose microphone a scenario speaks into, what the page hears, and checks.
import { createRequire } from "node:module";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import readline from "node:readline";
import { chromium, firefox } from "playwright-core";

/** Of the test that runs us: where the server is, the operator's token, the clips, where pictures go. */
export const {
  BASE,
  ADMIN,
  CLIPS,
  OUT,
  CHROMIUM = "/usr/bin/chromium",
  FIREFOX = "/usr/bin/firefox-esr",
} = process.env;
/** To try a change without building the server: the path of web/, with the widget built (`node web/widget/build.mjs`). */
const { WEB } = process.env;
export const SHOP_PORT = Number(process.env.SHOP_PORT);
export const SHOP = `http://127.0.0.1:${SHOP_PORT}`;

export function check(holds, what) {
  if (!holds) throw new Error(what);
}

export function equal(found, wanted, what) {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  check(a === b, `${what}: ${a}, wanted ${b}`);
}

export const pause = (ms) => new Promise((done) => setTimeout(done, ms));

export async function until(what, ask, limit = 30000) {
  for (const end = Date.now() + limit; ; await pause(50)) {
    const answer = await ask();
    if (answer) return answer;
    check(Date.now() < end, `waited ${limit} ms in vain for ${what}`);
  }
}

/** Has the test that runs us do something to the server: `restart`, `stop`, `freeze`, `thaw`. */
const replies = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
export async function order(what) {
  process.stdout.write(`order ${what}\n`);
  const { value, done } = await replies.next();
  check(!done && value === "done", `the order ${what} was not carried out: ${value}`);
}

/** The operator's view of the calls. */
export async function api(route) {
  const answer = await fetch(`${BASE}${route}`, { headers: { Authorization: `Bearer ${ADMIN}` } });
  check(answer.ok, `${route}: ${answer.status}`);
  return answer.json();
}

export async function over(id) {
  return until("the call to end", async () => {
    const call = await api(`/api/v1/calls/${id}`);
    return call.state === "ended" && call;
  });
}

const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-background-timer-throttling",
  "--disable-renderer-backgrounding",
  "--disable-backgrounding-occluded-windows",
];

/** Debian's own Firefox, its fake microphone a tone of 1 kHz. */
const FOX = {
  "media.navigator.streams.fake": true,
  "media.navigator.permission.disabled": true,
  "media.autoplay.default": 0,
};

/** A Firefox, or a Chromium; `device: true` gives it Chromium's own fake microphone, a file's name a microphone that plays it. */
export function launch({ device, flags = [], fox = false } = {}) {
  if (fox)
    return firefox.launch({ channel: "moz-firefox", executablePath: FIREFOX, headless: true, firefoxUserPrefs: FOX });
  const fake = device ? ["--use-fake-device-for-media-stream"] : [];
  if (typeof device === "string") fake.push(`--use-file-for-fake-audio-capture=${device}`);
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...FLAGS, ...fake, ...flags] });
}

/** Runs in the page before anything else: a microphone to speak into, and an ear on what comes. `rtc`: how connections are made. */
function equip({ microphone, rtc }) {
  const probe = { events: [], peers: [], channels: [], tracks: [], heard: [] };
  window.probe = probe;
  const Peer = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Peer {
    constructor(plan) {
      super({ ...plan, ...rtc });
      probe.peers.push(this);
      this.addEventListener("track", ({ track }) => probe.listen(track));
    }
    createDataChannel(...all) {
      const channel = super.createDataChannel(...all);
      probe.channels.push(channel);
      return channel;
    }
  };
  probe.context = () => (probe.sound ??= new AudioContext({ sampleRate: 48000 }));
  const worklet = `registerProcessor("ear", class extends AudioWorkletProcessor {
    process([[block]]) { if (block) this.port.postMessage([currentFrame, block.slice()]); return true; } });`;
  probe.listen = async (track) => {
    if (!probe.record) return;
    const context = probe.context();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([worklet], { type: "text/javascript" })));
    const ear = new AudioWorkletNode(context, "ear", { numberOfOutputs: 0 });
    ear.port.onmessage = ({ data }) => probe.heard.push(data);
    context.createMediaStreamSource(new MediaStream([track])).connect(ear);
  };
  if (microphone && navigator.mediaDevices) {
    const open = () => {
      const context = probe.context();
      context.resume();
      probe.line = context.createMediaStreamDestination();
      // A quiet room, -66 dB.
      const room = context.createBufferSource();
      room.buffer = context.createBuffer(1, 48000, 48000);
      const noise = room.buffer.getChannelData(0);
      for (let n = 0; n < noise.length; n++) noise[n] = (Math.random() - 0.5) * 0.0017;
      room.loop = true;
      room.connect(probe.line);
      room.start();
      return probe.line.stream;
    };
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      probe.wanted = wanted;
      const stream = open();
      probe.tracks.push(...stream.getTracks());
      return stream;
    };
  }
  /** Says a clip; gives the moment its sound begins, by the clock of the recording, and how long it lasts, in ms. */
  probe.say = async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
    const clip = await probe.sound.decodeAudioData(bytes.buffer);
    const source = probe.sound.createBufferSource();
    source.buffer = clip;
    source.connect(probe.line);
    const at = probe.sound.currentTime + 0.02;
    source.start(at);
    const wave = clip.getChannelData(0);
    const first = wave.findIndex((sample) => Math.abs(sample) > 0.02);
    return { at: (at + first / clip.sampleRate) * 1000, ms: clip.duration * 1000, now: performance.now() };
  };
  /** What was heard, as 8000 samples a second from `from` ms on by the clock of the recording. */
  probe.take = () => {
    const from = probe.heard[0]?.[0] ?? 0;
    const last = probe.heard.at(-1);
    const wave = new Float32Array(last ? last[0] + last[1].length - from : 0);
    for (const [at, block] of probe.heard) wave.set(block, at - from);
    const out = [];
    for (let n = 0; n + 6 <= wave.length; n += 6)
      out.push((wave[n] + wave[n + 1] + wave[n + 2] + wave[n + 3] + wave[n + 4] + wave[n + 5]) / 6);
    return { from: from / 48, wave: out.map((x) => Math.round(x * 32767)) };
  };
  addEventListener("DOMContentLoaded", () => {
    const watch = (face) => {
      probe.face = face;
      for (const type of [
        "state",
        "caption",
        "bot",
        "spoken",
        "interrupted",
        "slot",
        "latency",
        "error",
        "end",
        "expect",
        "hello",
      ]) {
        face.addEventListener(type, ({ detail }) =>
          probe.events.push({ type, at: performance.now(), ...structuredClone(detail) }),
        );
      }
    };
    const find = () => {
      const face = document.querySelector("switchboard-call");
      if (face && face !== probe.face) watch(face);
    };
    find();
    new MutationObserver(find).observe(document, { subtree: true, childList: true });
  });
}

/** Answers with a file of `WEB` instead of the server's own, and with the headers of that. */
async function tryOut(route) {
  const url = new URL(route.request().url());
  if (url.origin !== new URL(BASE).origin) return route.continue();
  const name =
    url.pathname === "/"
      ? "demo/index.html"
      : url.pathname.startsWith("/widget")
        ? `widget/dist${url.pathname}`
        : `demo${url.pathname}`;
  await route.fulfill({ response: await route.fetch(), path: path.join(WEB, name) });
}

/** A page with the widget on it. Problems of the page itself are collected in `page.problems`. */
export async function visit(
  browser,
  address = `${BASE}/`,
  { microphone = true, record = false, rtc, permissions = ["microphone"], ...more } = {},
) {
  const context = await browser.newContext({
    permissions,
    bypassCSP: record,
    locale: "en-GB",
    viewport: { width: 1280, height: 900 },
    ...more,
  });
  const page = await context.newPage();
  page.problems = [];
  page.on("pageerror", (why) => page.problems.push(String(why.stack)));
  page.on("console", (line) => line.type() === "error" && page.problems.push(line.text()));
  if (WEB) await page.route(/\/(widget|demo)\.(js|css)$|\/(\?.*)?$/, tryOut);
  await page.addInitScript(equip, { microphone, rtc });
  if (record) await page.addInitScript(() => (window.probe.record = true));
  await page.goto(address);
  return page;
}

/** The whole demo page, with the bot of this name chosen. */
export async function demo(browser, options = {}) {
  const page = await visit(browser, `${BASE}/?lang=${options.lang || "en"}`, options);
  await page.waitForSelector("switchboard-call[ready]");
  return page;
}

export const events = (page, type) =>
  page.evaluate((type) => window.probe.events.filter((event) => !type || event.type === type), type);
export const state = (page) => page.evaluate(() => window.probe.face?.state);

export async function reaches(page, wanted, limit = 20000) {
  const list = [wanted].flat();
  return until(`the state ${list}`, async () => list.includes(await state(page)), limit);
}

/** Starts a call by a click, and waits until the channel is open. */
export async function call(page, button = "button.begin") {
  await page.locator(button).click();
  await until("the call to be connected", async () => (await events(page, "hello")).length, 20000);
}

/** Waits until the bot has nothing more to say: it listens, and what it meant to say has been heard. */
export async function hearsOut(page, limit = 40000) {
  let since = 0;
  await until(
    "the bot to finish",
    async () => {
      const quiet = await page.evaluate(() => {
        const said = window.probe.events.filter((event) => event.type === "bot").map((event) => event.say);
        const over = new Set(
          window.probe.events.filter((event) => event.type === "interrupted" || event.done).map((event) => event.say),
        );
        const last = Math.max(...said);
        return (
          said.length > 0 &&
          window.probe.face.state === "listening" &&
          (over.has(last) || window.probe.events.some((event) => event.type === "interrupted" && event.say <= last))
        );
      });
      since = quiet ? since || Date.now() : 0;
      return since && Date.now() - since > 250;
    },
    limit,
  );
}

export const say = (page, name) =>
  page.evaluate((clip) => window.probe.say(clip), fs.readFileSync(path.join(CLIPS, `${name}.wav`)).toString("base64"));

/** Writes words, and again if the bot was at work or the line was being mended; gives how many captions stand then. */
export async function types(page, words) {
  const before = (await captions(page)).length;
  const input = page.locator("input.input");
  await until(
    `"${words}" to be taken`,
    async () => {
      await reaches(page, ["listening", "thinking", "speaking"]);
      if ((await captions(page)).length > before) return true;
      await input.fill(words);
      await input.press("Enter");
      return until(
        "an answer to that",
        async () => (await captions(page)).length > before || (await input.inputValue()) !== "",
        5000,
      )
        .catch(() => false)
        .then(async () => (await captions(page)).length > before);
    },
    60000,
  );
}

/** Waits until the bot has said what nobody can interrupt: so many of its first clauses. */
export const disclosed = (page, clauses = 1) =>
  until(
    "the disclosure to be over",
    () => page.evaluate((clauses) => window.probe.events.filter((event) => event.done).length >= clauses, clauses),
    40000,
  );

/** Says a clip, and hears the whole answer to it; gives what the bot said. `meanwhile` runs while the clip sounds. */
export async function tells(page, name, meanwhile = () => {}) {
  const before = [(await captions(page)).length, (await events(page, "bot")).length];
  const { ms } = await say(page, name);
  for (const end = Date.now() + ms; Date.now() < end; await pause(60)) await meanwhile();
  await until(
    `the answer to ${name}`,
    async () => (await captions(page)).length > before[0] && (await events(page, "bot")).length > before[1],
  );
  await hearsOut(page);
  return (await events(page, "bot"))
    .slice(before[1])
    .map((event) => event.text)
    .join(" ");
}

/** The captions that stand, in order. */
export const captions = async (page) =>
  (await events(page, "caption")).filter((event) => event.final && event.text != null).map((event) => event.text);

/** Another site: its pages by path, each HTML. Its address is among the server's allowed origins. */
export async function shop(pages) {
  const server = http.createServer((request, answer) => {
    const { pathname } = new URL(request.url, SHOP);
    // Browsers ask for one by themselves, and count its absence among a page's problems.
    const body = pathname === "/favicon.ico" ? "" : pages[pathname];
    answer.writeHead(body === undefined ? 404 : 200, {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": pages.policy || "",
    });
    answer.end(body);
  });
  await new Promise((done) => server.listen(SHOP_PORT, "127.0.0.1", done));
  return server;
}

export const html = (body, lang = "en") =>
  `<!doctype html><html lang="${lang}"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>A shop</title><main><h1>A shop</h1>${body}</main></html>`;

const axe = fs.readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe finds serious or critical in what is to be seen now. */
export async function offences(page) {
  if (!(await page.evaluate(() => !!window.axe))) await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const grave = violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
  return grave.map(
    ({ id, help, nodes }) =>
      `${id}: ${help}: ${nodes.map((node) => `${node.target} ${node.any.map((one) => one.message)}`).join(" | ")}`,
  );
}

/** Plays a scenario to its end; a check that does not hold is told with what the page has seen, and fails the test. */
export async function play(scenario) {
  const browsers = [];
  const open = async (options) => {
    const browser = await launch(options);
    browsers.push(browser);
    return browser;
  };
  try {
    await scenario(open);
  } catch (why) {
    process.exitCode = 1;
    console.log(why.stack);
    for (const page of browsers.flatMap((browser) => browser.contexts()).flatMap((context) => context.pages())) {
      console.log("problems", page.problems);
      console.log(
        (
          await page.evaluate(() => (window.probe?.events || []).map((event) => JSON.stringify(event))).catch(() => [])
        ).join("\n"),
      );
    }
  }
  await Promise.all(browsers.map((browser) => browser.close().catch(() => {})));
  process.exit();
}
