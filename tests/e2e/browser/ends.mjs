// Ends that are nobody's wish: the server restarts, leaves, or is not there. The page says so, and lets go of everything.
import { call, check, demo, equal, events, hearsOut, order, pause, play, reaches, until } from "./page.mjs";

const farewell = (page) => page.locator(".says .hint").textContent();
const released = (page) =>
  page.evaluate(
    () =>
      window.probe.tracks.every((track) => track.readyState === "ended") &&
      window.probe.peers.every((peer) => peer.connectionState === "closed"),
  );

await play(async (open) => {
  const browser = await open();
  const page = await demo(browser);
  await call(page);
  await reaches(page, "speaking");
  const began = Date.now();
  await order("crash");
  await reaches(page, "ended", 30000);
  console.log(`after a crash and a restart of the server the page knows in ${Date.now() - began} ms`);
  equal(
    (await events(page, "end")).map((event) => [event.blame, event.reason]),
    [["server", "gone"]],
    "the end",
  );
  check(/service was restarted/.test(await farewell(page)), await farewell(page));
  check(await released(page), "nothing is held on to");

  // The next call from the same page works.
  await page.evaluate(() => (window.probe.events.length = 0));
  await page.locator("button.begin").click();
  await until("the channel", async () => (await events(page, "hello")).length);
  await hearsOut(page);

  // A server that is asked to leave tells the page. The bot listens, and the drain's limit passes.
  await order("leave");
  await reaches(page, "ended", 30000);
  const [end] = await events(page, "end");
  check(end.blame === "server" || end.blame === "nobody", JSON.stringify(end));
  check((await farewell(page)).length > 10, await farewell(page));
  check(await released(page), "nothing is held on to");

  // Nobody answers any more.
  await pause(500);
  await page.locator("button.begin").click();
  await until("the reason", () => page.locator(".notice").isVisible());
  check(/cannot be reached/.test(await page.locator(".notice").innerText()), await page.locator(".notice").innerText());
  equal(await page.locator("button.begin").innerText(), "Try again", "what the button says");
  check(await released(page), "nothing is held on to");
});
