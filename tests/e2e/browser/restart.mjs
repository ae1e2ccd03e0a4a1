// The connection is lost in the middle of a call and comes back: ICE restarts, and the conversation goes on where it was.
import dgram from "node:dgram";
import {
  call,
  captions,
  check,
  demo,
  equal,
  events,
  hearsOut,
  order,
  over,
  pause,
  play,
  reaches,
  state,
  tells,
} from "./page.mjs";

/** A network between the page and the server, which can be cut, and comes back under other addresses like a phone's. */
async function network(page) {
  const front = dgram.createSocket("udp4");
  await new Promise((done) => front.bind(0, "127.0.0.1", done));
  const ways = new Map();
  let [server, whole] = [0, true];
  front.on("message", (packet, { address, port }) => {
    if (!whole) return;
    const key = `${address}:${port}`;
    if (!ways.has(key)) {
      const back = dgram.createSocket("udp4");
      back.on("message", (answer) => whole && front.send(answer, port, address));
      ways.set(key, back);
    }
    ways.get(key).send(packet, server, "127.0.0.1");
  });
  const bent = (text) => {
    server = Number(/a=candidate:\S+ 1 udp \d+ 127\.0\.0\.1 (\d+) typ host/i.exec(text)?.[1] ?? server);
    const lines = text.split("\r\n").filter((line) => !line.startsWith("a=candidate:") || line.includes(` ${server} `));
    return lines
      .join("\r\n")
      .replace(
        new RegExp(`(a=candidate:\\S+ 1 udp \\d+ 127\\.0\\.0\\.1) ${server} `, "gi"),
        `$1 ${front.address().port} `,
      );
  };
  // Neither side learns the other's own address.
  await page.route(/\/widget\/calls/, async (route) => {
    const request = route.request();
    if (!["POST", "PATCH"].includes(request.method())) return route.continue();
    const postData = request
      .postData()
      ?.split("\r\n")
      .filter((line) => !line.startsWith("a=candidate:"))
      .join("\r\n");
    const answer = await route.fetch({ postData }).catch(() => null);
    if (!answer) return route.abort().catch(() => {});
    await route.fulfill({ response: answer, body: bent(await answer.text()) }).catch(() => {});
  });
  return {
    cut: () => (whole = false),
    mend: () => {
      for (const back of ways.values()) back.close();
      ways.clear();
      whole = true;
    },
  };
}

await play(async (open) => {
  const page = await demo(await open());
  const net = await network(page);
  const patches = [];
  page.on(
    "response",
    (answer) =>
      answer.request().method() === "PATCH" && patches.push([answer.request().headers()["if-match"], answer.status()]),
  );
  await call(page);
  await hearsOut(page);
  await tells(page, "book-a-room");
  check((await captions(page)).includes("book a room"), "the first turn");
  const ufrag = () => page.evaluate(() => /a=ice-ufrag:(.*)/.exec(window.probe.peers.at(-1).remoteDescription.sdp)[1]);
  const before = await ufrag();

  // Packets are lost while the web works: a phone that changes its network.
  net.cut();
  const cut = Date.now();
  await reaches(page, "reconnecting", 8000);
  const noticed = Date.now() - cut;
  equal(await page.locator(".says .word").textContent(), "Reconnecting…", "words");
  await pause(1500);
  net.mend();
  const healed = Date.now();
  await reaches(page, ["listening", "speaking", "thinking"], 15000);
  const back = Date.now() - healed;
  check((await ufrag()) !== before, "ICE was restarted");
  check(
    patches.some(([match, status]) => match === "*" && status === 200),
    `a restart by PATCH: ${JSON.stringify(patches)}`,
  );
  check(
    patches.every(([, status]) => status < 500),
    `no PATCH fails: ${JSON.stringify(patches)}`,
  );
  // The bot may say again what was lost.
  await pause(500);
  await hearsOut(page);
  await tells(page, "mountain-view");
  check((await captions(page)).includes("mountain view"), "the second turn");
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
