// A supervisor's place in a call, by one click or key: listening without a microphone, whispering while a key is held, taking over (and who
// has done so already), handing back, leaving. The far end of the sound is another page of this browser.
import fs from "node:fs";
import path from "node:path";
import { BASE, OUT, check, equal, offences, play, until } from "./page.mjs";
import { callId, callSnapshot, console_, detail } from "./supervisor.mjs";

const LIVE = callId(1);
const PLACE = `/api/v1/calls/${LIVE}/seats/3`;

/** Answers an offer with a tone, and counts what sound comes. */
const answering = async (sdp) => {
  const context = new AudioContext();
  await context.resume();
  const tone = context.createOscillator();
  const out = context.createMediaStreamDestination();
  tone.connect(out);
  tone.start();
  const peer = new RTCPeerConnection();
  window.peer = peer;
  peer.addEventListener("track", ({ track }) => {
    const stream = new MediaStream([track]);
    // Chromium plays a far end's sound to nobody unless an element plays it.
    window.ear = Object.assign(new Audio(), { srcObject: stream, muted: true });
    window.ear.play();
    const source = context.createMediaStreamSource(stream);
    const meter = context.createAnalyser();
    source.connect(meter);
    const wave = new Float32Array(meter.fftSize);
    window.loud = () => {
      meter.getFloatTimeDomainData(wave);
      return Math.max(...wave.map(Math.abs)) > 0.01;
    };
  });
  await peer.setRemoteDescription({ type: "offer", sdp });
  const [transceiver] = peer.getTransceivers();
  transceiver.direction = "sendrecv";
  await transceiver.sender.replaceTrack(out.stream.getTracks()[0]);
  await peer.setLocalDescription();
  await new Promise((done) => {
    if (peer.iceGatheringState === "complete") done();
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done());
  });
  return peer.localDescription.sdp;
};

await play(async (open) => {
  const browser = await open({ flags: ["--autoplay-policy=no-user-gesture-required"] });
  const asked = [];
  let taken = "minh";
  let far;
  const details = { [LIVE]: detail(LIVE, "en", { live: true }) };
  const answer = async (route, path, method) => {
    const request = route.request();
    if (!/\/(seats|guidance|handback)/.test(path)) return false;
    const mode = new URL(request.url()).searchParams.get("mode") ?? request.postDataJSON?.()?.mode;
    asked.push([method, mode ?? request.postDataJSON()]);
    check(request.headers()["x-csrf-token"] === "c", `${method} ${path} carries no token`);
    if (mode === "takeover" && taken) {
      const body = JSON.stringify({ title: "Conflict", status: 409, detail: `${taken} has taken this call over` });
      await route.fulfill({ status: 409, contentType: "application/problem+json", body });
    } else if (method === "POST" && path.endsWith("/seats")) {
      const sdp = request.postData();
      check(sdp.includes("a=sendrecv"), "the offer goes both ways");
      const body = await far.evaluate(answering, sdp);
      await route.fulfill({ status: 201, contentType: "application/sdp", headers: { location: PLACE }, body });
    } else await route.fulfill({ status: 204 });
    return true;
  };
  const page = await console_(browser, {
    details,
    answer,
    live: (socket) => socket.send(callSnapshot(details[LIVE], "en")),
    hash: `#/call/${LIVE}`,
    locale: "en",
  });
  far = await page.context().newPage();
  await far.goto(`${BASE}/favicon.svg`);
  await page.bringToFront();
  await until("the transcript", () => page.locator(".turn").count());
  await page.evaluate(() => {
    window.microphones = 0;
    const ask = navigator.mediaDevices.getUserMedia;
    navigator.mediaDevices.getUserMedia = async (...all) => {
      window.microphones++;
      const stream = await ask.apply(navigator.mediaDevices, all);
      const tone = window.probe.sound.createOscillator();
      tone.connect(window.probe.line);
      tone.start();
      return stream;
    };
  });
  const state = () => page.locator(".seatstate").innerText();
  const reaches = (words) => until(`"${words}"`, async () => (await state()).includes(words));
  const out = path.join(OUT, "console");
  fs.mkdirSync(out, { recursive: true });
  const look = async (name) => {
    await page.screenshot({ path: path.join(out, `seat-${name}.png`) });
    const found = await offences(page);
    check(found.length === 0, `${name}: ${found.join("\n")}`);
  };
  const loud = () => far.evaluate(() => window.loud?.() ?? false);
  const silent = async () => {
    for (let n = 0; n < 10; n++) check(!(await loud()), "the supervisor is heard");
  };

  // One key, and the call is heard. The microphone is not asked for.
  const begun = Date.now();
  await page.keyboard.press("l");
  await reaches("You are listening");
  await until("sound", () => page.evaluate(() => document.querySelector(".meter i").style.transform > "scaleX(0.05"));
  console.log(`from the key to the sound: ${Date.now() - begun} ms`);
  equal(await page.evaluate(() => window.microphones), 0, "microphones asked for");
  await page.keyboard.down(" ");
  await silent();
  await page.keyboard.up(" ");

  // Whisper: heard while the key is held, and not before or after.
  await page.keyboard.press("i");
  await reaches("your microphone is closed");
  equal(await page.evaluate(() => window.microphones), 1, "microphones asked for");
  await silent();
  await page.keyboard.down(" ");
  await reaches("An agent hears you");
  await until("the voice", loud);
  await look("whisper");
  await page.keyboard.up(" ");
  await reaches("your microphone is closed");
  await until("silence", async () => !(await loud()));
  await page.keyboard.press("m");
  await until("the voice of an open microphone", loud);
  await page.keyboard.press("m");

  // Who comes second is told who has the call; the place stays as it was.
  await page.keyboard.press("t");
  await until("the refusal", () => page.locator(".toast.bad", { hasText: "minh has taken this call over" }).count());
  await reaches("Whisper");
  taken = "";
  await page.click("text=Take over");
  await reaches("The caller hears you");
  await until("the voice", loud);
  await look("takeover");

  // Help for the bot, and the call goes back to it.
  await page.keyboard.press("g");
  await page.keyboard.type("Breakfast is included.");
  await page.keyboard.press("Enter");
  await until("the receipt", () => page.locator(".toast", { hasText: "The bot says it" }).count());
  // What the bot lacks is given without a hand-back too, from the list of what is open.
  const open_ = page.locator("#give optgroup").first().locator("option");
  equal(await open_.allTextContents(), ["date", "time"], "what is open");
  await page.selectOption("#give", "date");
  await page.locator(".pairs input").fill("tomorrow");
  await page.locator(".pairs button").click();
  await until("the word of it", () => page.locator(".toast", { hasText: "The bot takes date" }).count());
  await page.locator("h1").click();
  await page.keyboard.press("h");
  await page.selectOption("#slot-place", "old town");
  await page.click("text=Add a value");
  await page.selectOption("dialog .pair select", "time");
  await page.locator("dialog .pair input").fill("half past two");
  await page.fill("#promise", "We call back");
  await look("handback");
  await page.locator("dialog .primary").click();
  await reaches("You are listening");
  await until("silence", async () => !(await loud()));
  await silent();
  await page.keyboard.press("x");
  await reaches("You are not in this call");
  equal(
    asked,
    [
      ["POST", "monitor"],
      ["PATCH", "whisper"],
      ["PATCH", "takeover"],
      ["PATCH", "takeover"],
      ["POST", { say: "Breakfast is included." }],
      ["POST", { slots: { date: "tomorrow" } }],
      ["POST", { slots: { place: "old town", time: "half past two" }, promise: "We call back" }],
      ["DELETE", null],
    ],
    "what the server was asked",
  );

  // Who leaves the page leaves the call.
  await page.keyboard.press("l");
  await reaches("You are listening");
  await page.keyboard.press("w");
  await until("the seat to be left", () => asked.at(-1)[0] === "DELETE");
  const odd = page.problems.filter((line) => !line.includes("409"));
  check(odd.length === 0, odd.join("\n"));
});
