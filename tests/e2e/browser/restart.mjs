// The connection is lost in the middle of a call and comes back: ICE restarts, and the conversation goes on where it was.
import { call, captions, check, demo, equal, events, hearsOut, order, over, pause, play, reaches, say, state, until } from "./page.mjs";

await play(async (open) => {
  const page = await demo(await open());
  const patches = [];
  page.on("response", (answer) => answer.request().method() === "PATCH" && patches.push([answer.request().headers()["if-match"], answer.status()]));
  await call(page);
  await hearsOut(page);
  await say(page, "book-a-room");
  await pause(1000);
  await hearsOut(page);
  check((await captions(page)).includes("book a room"), "the first turn");
  const ufrag = () => page.evaluate(() => /a=ice-ufrag:(.*)/.exec(window.probe.peers.at(-1).remoteDescription.sdp)[1]);
  const before = await ufrag();

  // No packet of the peer connection gets through, while the web does: a phone that changes its network.
  const wire = await page.context().newCDPSession(page);
  const lossy = (packetLoss) => wire.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1, packetLoss, packetQueueLength: 0, packetReordering: false });
  await lossy(100);
  const cut = Date.now();
  await reaches(page, "reconnecting", 8000);
  const noticed = Date.now() - cut;
  equal(await page.locator(".says .word").textContent(), "Reconnecting…", "words");
  await pause(1500);
  await lossy(0);
  const healed = Date.now();
  await reaches(page, ["listening", "speaking", "thinking"], 15000);
  const back = Date.now() - healed;
  check((await ufrag()) !== before, "ICE was restarted");
  check(patches.some(([match, status]) => match === "*" && status === 200), `a restart by PATCH: ${JSON.stringify(patches)}`);
  check(patches.every(([, status]) => status < 500), `no PATCH fails: ${JSON.stringify(patches)}`);
  // The bot may say again what was lost.
  await pause(500);
  await hearsOut(page);
  await say(page, "mountain-view");
  await until("the second turn", async () => (await captions(page)).includes("mountain view"));
  await hearsOut(page);
  console.log(`lost: noticed after ${noticed} ms, back ${back} ms after the network was`);

  // The server stands still for a moment: the same from the other side.
  await order("freeze");
  await reaches(page, "reconnecting", 8000);
  await pause(1000);
  await order("thaw");
  await reaches(page, ["listening", "speaking", "thinking"], 15000);
  await page.locator("button.hangup").click();
  equal(await state(page), "ended", "state");
  const record = await over((await events(page, "hello"))[0].call);
  equal([record.end.blame, record.slots.place], ["caller", "mountain view"], "the record");
  equal((await events(page, "end")).length, 1, "ends");
});
