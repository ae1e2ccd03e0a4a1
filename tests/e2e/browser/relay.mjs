// Through a TURN server alone, as behind a firewall that lets no UDP out to us: heard both ways, and after a restart of ICE again,
// with credentials of its own.
import { call, captions, check, demo, equal, events, hearsOut, order, pause, play, reaches, tells } from "./page.mjs";

await play(async (open) => {
  const page = await demo(await open(), { rtc: { iceTransportPolicy: "relay" } });
  await call(page);
  const way = () =>
    page.evaluate(async () => {
      const stats = [...(await window.probe.peers.at(-1).getStats()).values()];
      const transport = stats.find((entry) => entry.type === "transport");
      const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId);
      const inbound = stats.find((entry) => entry.type === "inbound-rtp");
      return {
        kind: stats.find((entry) => entry.id === pair.localCandidateId).candidateType,
        energy: inbound.totalAudioEnergy,
      };
    });
  const user = () =>
    page.evaluate(
      () =>
        window.probe.peers
          .at(-1)
          .getConfiguration()
          .iceServers.find((server) => server.username)?.username,
    );
  await hearsOut(page);
  const before = await way();
  check(
    before.kind === "relay" && before.energy > 0.01,
    `the bot is heard through the relay: ${JSON.stringify(before)}`,
  );
  const said = await tells(page, "book-a-room");
  check(
    (await captions(page)).includes("book a room") && /city/i.test(said),
    `the bot hears through the relay: ${said}`,
  );
  const first = await user();

  // The way is lost for a moment.
  await order("freeze");
  await reaches(page, "reconnecting", 10000);
  await pause(500);
  await order("thaw");
  await reaches(page, ["listening", "speaking", "thinking"], 20000);
  const second = await user();
  check(first && second && first !== second, `fresh credentials: ${first}, ${second}`);
  await pause(500);
  await hearsOut(page);
  await tells(page, "mountain-view");
  const after = await way();
  check(
    (await captions(page)).includes("mountain view") && after.kind === "relay" && after.energy > before.energy,
    `after a restart: ${JSON.stringify(after)}`,
  );
  await page.locator("button.hangup").click();
  equal(
    (await events(page, "end")).map((event) => event.reason),
    ["hung up"],
    "the end",
  );
  equal(page.problems, [], "problems of the page");
});
