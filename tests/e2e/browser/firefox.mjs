// The same page in Firefox: its offer, its ICE and its data channel are others. It speaks a tone of 1 kHz all the time.
import { ADMIN, BASE, call, captions, check, demo, equal, events, over, pause, play, reaches, types } from "./page.mjs";

/** The pitch of what the caller said, by the zero crossings of the recording's left side between its 2nd and 4th second. */
async function spoken(id) {
  const answer = await fetch(`${BASE}/api/v1/calls/${id}/recording`, { headers: { Authorization: `Bearer ${ADMIN}` } });
  const bytes = Buffer.from(await answer.arrayBuffer());
  const rate = bytes.readUInt32LE(24);
  const at = (n) => bytes.readInt16LE(44 + 4 * n);
  let crossings = 0;
  for (let n = 2 * rate; n < 4 * rate; n++) crossings += at(n) < 0 && at(n + 1) >= 0 ? 1 : 0;
  return crossings / 2;
}

await play(async (open) => {
  const page = await demo(await open({ fox: true }), { microphone: false, permissions: [] });
  await call(page);
  await reaches(page, "speaking");
  let loudest = 0;
  for (let n = 0; n < 40; n++, await pause(100)) {
    const stats = () =>
      window.probe.peers[0].getStats().then((all) => [...all.values()].find((entry) => entry.type === "inbound-rtp"));
    loudest = Math.max(loudest, (await page.evaluate(stats)).audioLevel);
  }
  check(loudest > 0.03, `the bot is heard: ${loudest}`);
  await types(page, "book a room");
  check((await captions(page)).includes("book a room"), "what was typed is taken");
  // It believes that it hears nothing, and restarts ICE.
  const ufrag = () => page.evaluate(() => /a=ice-ufrag:(.*)/.exec(window.probe.peers[0].remoteDescription.sdp)[1]);
  const before = await ufrag();
  await page.evaluate(() => {
    const { getStats } = RTCRtpReceiver.prototype;
    RTCRtpReceiver.prototype.getStats = async () => new Map();
    window.hearAgain = () => (RTCRtpReceiver.prototype.getStats = getStats);
  });
  await reaches(page, "reconnecting");
  await page.evaluate(() => void window.hearAgain());
  await reaches(page, ["listening", "speaking", "thinking"]);
  check((await ufrag()) !== before, "ICE was restarted");
  const [{ call: id }] = await events(page, "hello");
  await page.locator("button.hangup").click();
  const ended = await over(id);
  equal(ended.end, { blame: "caller", reason: "hung up" }, "the end");
  check(
    ended.turns.some((turn) => turn.speaker === "caller"),
    JSON.stringify(ended.turns),
  );
  const tone = await spoken(id);
  check(tone > 900 && tone < 1100, `the recording holds the tone: ${tone} Hz`);
  equal(page.problems, [], "problems");
  console.log(`by Firefox: heard at ${loudest.toFixed(2)}, speaks ${tone} Hz`);
});
