// A browser that reaches us over TCP alone: heard both ways, and again after a restart of ICE. Beside it one that reaches us by UDP
// too, which never takes TCP.
import { call, captions, check, demo, equal, events, hearsOut, pause, play, reaches, tells } from "./page.mjs";

const way = (page) =>
  page.evaluate(async () => {
    const stats = [...(await window.probe.peers.at(-1).getStats()).values()];
    const transport = stats.find((entry) => entry.type === "transport");
    const pair = stats.find((entry) => entry.id === transport.selectedCandidatePairId);
    const inbound = stats.find((entry) => entry.type === "inbound-rtp");
    const received = stats
      .filter((entry) => entry.type === "candidate-pair" && entry.bytesReceived > 5000)
      .map((entry) => stats.find(({ id }) => id === entry.localCandidateId).protocol);
    return {
      protocol: stats.find((entry) => entry.id === pair.localCandidateId).protocol,
      received,
      energy: inbound.totalAudioEnergy,
    };
  });

await play(async (open) => {
  const browser = await open();
  const page = await demo(browser);
  // It never learns where we are by UDP, as if a firewall were between.
  await page.route(/\/widget\/calls/, async (route) => {
    if (!["POST", "PATCH"].includes(route.request().method())) return route.continue();
    const answer = await route.fetch().catch(() => null);
    if (!answer) return route.abort().catch(() => {});
    const lines = (await answer.text()).split("\r\n").filter((line) => !/^a=candidate:\S+ 1 udp/i.test(line));
    await route.fulfill({ response: answer, body: lines.join("\r\n") }).catch(() => {});
  });
  await call(page);
  await hearsOut(page);
  const before = await way(page);
  check(before.protocol === "tcp" && before.energy > 0.01, `the bot is heard over TCP: ${JSON.stringify(before)}`);
  const said = await tells(page, "book-a-room");
  check((await captions(page)).includes("book a room") && /city/i.test(said), `the bot hears over TCP: ${said}`);
  // It believes that it hears nothing, and restarts ICE.
  await page.evaluate(() => {
    const { getStats } = RTCRtpReceiver.prototype;
    RTCRtpReceiver.prototype.getStats = async () => new Map();
    window.hearAgain = () => (RTCRtpReceiver.prototype.getStats = getStats);
  });
  await reaches(page, "reconnecting", 10000);
  await page.evaluate(() => void window.hearAgain());
  await reaches(page, ["listening", "speaking", "thinking"], 20000);
  await pause(500);
  await hearsOut(page);
  await tells(page, "mountain-view");
  check(
    (await captions(page)).includes("mountain view") && (await way(page)).protocol === "tcp",
    "after a restart of ICE",
  );
  await page.locator("button.hangup").click();
  equal(
    (await events(page, "end")).map((event) => event.reason),
    ["hung up"],
    "the end",
  );
  equal(page.problems, [], "problems of the page");

  const free = await demo(browser);
  await call(free);
  await hearsOut(free);
  const udp = await way(free);
  check(
    udp.protocol === "udp" && udp.received.every((protocol) => protocol === "udp"),
    `UDP where it can be had: ${JSON.stringify(udp)}`,
  );
  await free.locator("button.hangup").click();
});
