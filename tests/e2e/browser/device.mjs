// Chromium's own microphone, which plays a file: nothing in the page is replaced.
import path from "node:path";
import { CLIPS, call, captions, check, demo, equal, pause, play, state, until } from "./page.mjs";

await play(async (open) => {
  const page = await demo(await open({ device: path.join(CLIPS, "timeline.wav") }), { microphone: false });
  await call(page);
  let loudest = 0;
  // Once in sixteen seconds: a round that a busy machine did not hear does not count.
  await until(
    "what the file says",
    async () => {
      loudest = Math.max(loudest, await page.evaluate(() => window.probe.face.call.level));
      // A bot that understood nothing for long hangs up.
      if ((await state(page)) === "ended") await page.locator("button.begin").click();
      return (await captions(page)).includes("book a room");
    },
    100000,
  );
  check(loudest > 0.3, `the meter moves with the microphone: ${loudest}`);
  const heard = await page.evaluate(async () => {
    const stats = [...(await window.probe.peers.at(-1).getStats()).values()];
    const of = (type) => stats.find((entry) => entry.type === type && entry.kind === "audio");
    return {
      codec: stats.find((entry) => entry.id === of("inbound-rtp").codecId).mimeType,
      received: of("inbound-rtp").packetsReceived,
      lost: of("inbound-rtp").packetsLost,
      sent: of("outbound-rtp").packetsSent,
      energy: of("inbound-rtp").totalAudioEnergy,
    };
  });
  equal(heard.codec, "audio/opus", "the codec");
  check(heard.energy > 0.01 && heard.received > 300 && heard.sent > 300, JSON.stringify(heard));
  await page.evaluate(() => (window.held = window.probe.peers.at(-1).getSenders()[0].track));
  await page.locator("button.hangup").click();
  await pause(200);
  equal(await page.evaluate(() => window.held.readyState), "ended", "the microphone's light");
  console.log(`by Chromium's own microphone: ${JSON.stringify(heard)}`);
});
