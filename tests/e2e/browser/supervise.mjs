// A supervisor in a real Chromium: how soon a call is heard there, and a takeover whose browser is killed.
import { chromium } from "playwright-core";
import { ADMIN, BASE, CHROMIUM, check, pause } from "./page.mjs";

const { CALL } = process.env;
const args = [
  "--no-sandbox",
  "--disable-gpu",
  "--use-fake-device-for-media-stream",
  "--use-fake-ui-for-media-stream",
  "--autoplay-policy=no-user-gesture-required",
];

/** Joins the call; returns the milliseconds from the click to the first sound, and the seat's address. */
async function join({ call, admin, mode }) {
  const clicked = performance.now();
  const peer = new RTCPeerConnection();
  window.peers = [...(window.peers ?? []), peer];
  if (mode === "monitor") peer.addTransceiver("audio", { direction: "recvonly" });
  else {
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    for (const track of microphone.getTracks()) peer.addTrack(track, microphone);
  }
  peer.addEventListener("track", ({ streams: [stream], track }) => {
    const audio = new Audio();
    audio.srcObject = stream ?? new MediaStream([track]);
    audio.play();
    document.body.append(audio);
  });
  await peer.setLocalDescription();
  const answer = await fetch(`/api/v1/calls/${call}/seats?mode=${mode}`, {
    method: "POST",
    headers: { Authorization: `Bearer ${admin}`, "Content-Type": "application/sdp" },
    body: peer.localDescription.sdp,
  });
  if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
  await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
  for (;;) {
    const stats = [...(await peer.getStats()).values()];
    const inbound = stats.find((entry) => entry.type === "inbound-rtp" && entry.kind === "audio");
    // Of a takeover the caller alone is heard, who says nothing.
    const heard = mode === "monitor" ? inbound?.totalAudioEnergy > 0 : inbound?.packetsReceived > 10;
    if (heard) return { ms: performance.now() - clicked, seat: answer.headers.get("location") };
    if (performance.now() - clicked > 20000) throw new Error(`no sound: ${JSON.stringify(inbound)}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

const server = await chromium.launchServer({ executablePath: CHROMIUM, headless: true, args });
const browser = await chromium.connect(server.wsEndpoint());
const page = await browser.newPage();
await page.goto(`${BASE}/health/live`);
const times = [];
for (let round = 0; round < 5; round += 1) {
  const { ms, seat } = await page.evaluate(join, { call: CALL, admin: ADMIN, mode: "monitor" });
  times.push(Math.round(ms));
  const headers = { Authorization: `Bearer ${ADMIN}` };
  const left = await fetch(`${BASE}${seat}`, { method: "DELETE", headers });
  check(left.ok, `leaving: ${left.status}`);
}
times.sort((a, b) => a - b);
console.log(`supervise: click → first sound in Chromium: median ${times[2]} ms, worst ${times[4]} ms (≤ 700 ms)`);
await page.evaluate(join, { call: CALL, admin: ADMIN, mode: "takeover" });
console.log("taken");
await pause(2500);
server.process().kill("SIGKILL");
console.log("killed");
process.exit(0);
