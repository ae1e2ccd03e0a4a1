// Typed turns, keys, mute, volume, what a screen reader gets, and a call without a microphone, all by keyboard.
import {
  api,
  call,
  captions,
  check,
  demo,
  disclosed,
  equal,
  events,
  hearsOut,
  over,
  play,
  reaches,
  types,
  until,
} from "./page.mjs";

const focused = (page) =>
  page.evaluate(() => {
    const inner = document.activeElement?.shadowRoot?.activeElement;
    return inner && (inner.getAttribute("aria-label") || inner.textContent);
  });

await play(async (open) => {
  const browser = await open();
  const page = await demo(browser);
  // By keyboard alone: the button is reached and pressed, and focus stays in the widget.
  await page.locator("button.begin").focus();
  await page.keyboard.press("Enter");
  await until("the channel", async () => (await events(page, "hello")).length);
  check(
    await page.evaluate(() => document.activeElement.localName === "switchboard-call"),
    "focus stays in the widget",
  );
  // Words in writing stop the greeting at once, and are an answer.
  await disclosed(page);
  await types(page, "book a room");
  check((await captions(page)).includes("book a room"), "the answer to what was typed");
  equal(
    (await events(page, "caption")).filter((event) => event.final && event.text).map((event) => event.by),
    ["text"],
    "by what it was said",
  );
  await hearsOut(page);
  await types(page, "mountain view");
  await hearsOutNext(page, "day");
  equal(await page.locator(".turn.partial").count(), 0, "drafts that are left");
  equal(await page.locator(".turn.you p").allTextContents(), ["book a room", "mountain view"], "each is shown once");

  // Mute sends silence, and says so.
  await page.locator("button.mute").click();
  check(await page.evaluate(() => window.probe.tracks.every((track) => !track.enabled)), "mute silences the track");
  await until(
    "mute to be told in words",
    async () => (await page.locator(".says .word").textContent()) === "You are muted",
  );
  await page.locator("button.mute").click();
  // The volume is the loudspeaker's.
  await page.locator("button.sound").click();
  await page.locator(".mixer input[type=range]").fill("40");
  equal(await page.evaluate(() => window.probe.face.volume), 0.4, "volume");
  await page.keyboard.press("Escape");
  equal(await focused(page), "Sound", "Escape closes, and gives focus back");

  // Keys: a code for a cancelled booking, on the pad and on the keyboard. Each counts once.
  await page.locator("button.hangup").click();
  await reaches(page, "ended");
  equal(await focused(page), "Call again", "focus after the call");
  const first = (await events(page, "hello"))[0].call;
  const record = await over(first);
  equal(
    [record.end.blame, record.end.reason, record.slots.place],
    ["caller", "hung up", "mountain view"],
    "the first call",
  );
  await page.evaluate(() => (window.probe.events.length = 0));
  await page.keyboard.press("Enter");
  await until("the channel", async () => (await events(page, "hello")).length);
  await disclosed(page);
  await types(page, "cancel a booking");
  await until("the question for the code", async () =>
    (await events(page, "bot")).some((event) => /code/.test(event.text)),
  );
  check((await events(page, "expect")).at(-1).keys, "the page is told that keys are expected");
  await page.locator("button.pad").click();
  equal(await focused(page), "1", "focus in the keypad");
  await page.locator('[data-key="4"]').click();
  await page.keyboard.press("2");
  await page.locator('[data-key="7"]').click();
  await page.keyboard.press("9");
  await until("the code to be read back", async () =>
    (await events(page, "slot")).some((event) => event.name === "code" && event.value),
  );
  await page.keyboard.press("Escape");
  equal(await focused(page), "Keypad", "Escape closes the keypad, and gives focus back");
  await hearsOut(page);
  await types(page, "yes");
  await reaches(page, "ended", 40000);
  const second = await over((await events(page, "hello"))[0].call);
  equal(second.slots, { code: "4279" }, "each key counted once");
  equal(page.problems, [], "problems of the page");
  await page.context().close();

  // Without a microphone: nothing is asked for, the line stays alive, captions are read out.
  const silent = await demo(browser, { permissions: [] });
  await call(silent, "button.plain");
  equal(await silent.evaluate(() => window.probe.tracks.length), 0, "microphones asked for");
  await hearsOut(silent);
  check((await silent.locator("[aria-live=polite] p").count()) > 0, "a screen reader gets the captions");
  await types(silent, "book a room");
  check((await captions(silent)).includes("book a room"), "the answer");
  const live = (await events(silent, "hello"))[0].call;
  const { lines } = await api(`/api/v1/calls/${live}`);
  check(
    lines.every((line) => line.received > 100),
    `the line is alive: ${JSON.stringify(lines)}`,
  );
  // From here on by voice.
  await silent.context().grantPermissions(["microphone"]);
  await silent.locator("button.mute").click();
  await until("the microphone", () =>
    silent.evaluate(() => window.probe.tracks.length === 1 && window.probe.face.call.hears),
  );
  await silent.locator("button.hangup").click();
  equal(silent.problems, [], "problems of the page");
  console.log("typed turns, keys, and a call without a microphone");
});

async function hearsOutNext(page, words) {
  await until(`the question for the ${words}`, async () =>
    (await events(page, "bot")).some((event) => new RegExp(words).test(event.text)),
  );
  await hearsOut(page);
}
