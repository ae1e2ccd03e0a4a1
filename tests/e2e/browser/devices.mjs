// Microphones and loudspeakers to choose from, the meters of both voices, what a new call begins with, and a copy of what was said.
import { call, check, demo, equal, events, hearsOut, pause, play, reaches, types, until } from "./page.mjs";

const sent = (page) => page.evaluate(() => window.probe.peers.at(-1).getSenders()[0].track.label);
const options = (page, kind) => page.locator("label.pick").filter({ hasText: kind }).locator("option").allInnerTexts();

await play(async (open) => {
  const browser = await open({ device: true });
  const page = await demo(browser, {
    microphone: false,
    permissions: ["microphone", "clipboard-read", "clipboard-write"],
  });
  await page.evaluate(() => {
    const { setSinkId } = HTMLMediaElement.prototype;
    HTMLMediaElement.prototype.setSinkId = function (id) {
      window.player = this;
      return setSinkId.call(this, id);
    };
  });
  equal(await page.evaluate(() => window.probe.face.transcript), [], "nothing was said yet");
  check(!(await page.locator("button.copy").isVisible()), "nothing to copy");
  await call(page);

  // The meter shows the bot while it speaks: a measure of the sound that arrives.
  let loudest = 0,
    highest = 0;
  await until("the bot to be seen", async () => {
    if ((await page.evaluate(() => window.probe.face.state)) !== "speaking") return false;
    const [level, bar] = await page.evaluate(() => [
      window.probe.face.call.botLevel,
      Math.max(
        ...[...window.probe.face.shadowRoot.querySelectorAll(".meter i")].map(
          (bar) => new DOMMatrix(getComputedStyle(bar).transform).d,
        ),
      ),
    ]);
    [loudest, highest] = [Math.max(loudest, level), Math.max(highest, bar)];
    return loudest > 0.3 && highest > 0.3;
  });
  await hearsOut(page);
  await pause(300);
  check((await page.evaluate(() => window.probe.face.call.botLevel)) < 0.2, "and falls when the bot is silent");

  // Another microphone, in the middle of the call.
  await page.locator("button.sound").click();
  await until("the devices", async () => (await options(page, "Microphone")).length >= 2);
  const microphones = await options(page, "Microphone");
  equal(
    await page.locator("label.pick").filter({ hasText: "Speaker" }).isVisible(),
    (await options(page, "Speaker")).length > 1,
    "speakers where there is a choice",
  );
  const before = await sent(page);
  const other = microphones.filter((name) => name !== before).at(-1);
  await page.evaluate(() => (window.held = window.probe.peers.at(-1).getSenders()[0].track));
  await page.getByLabel("Microphone").selectOption({ label: other });
  await until("the other microphone", async () => (await sent(page)) === other);
  equal(await page.evaluate(() => window.held.readyState), "ended", "the light of the first one");
  await until("its sound", () => page.evaluate(() => window.probe.face.call.level > 0.2));
  equal(await page.getByLabel("Microphone").locator("option:checked").innerText(), other, "what is shown as chosen");

  // Another loudspeaker.
  const speakers = await options(page, "Speaker");
  check(speakers.length > 1, `speakers: ${speakers}`);
  await page.getByLabel("Speaker").selectOption({ label: speakers.at(-1) });
  const { speaker } = await until("the other speaker", () =>
    page.evaluate(() => window.probe.face.call.chosen.speaker && window.probe.face.call.chosen),
  );
  equal(
    await page.evaluate(() => [window.player.sinkId, !window.player.paused]),
    [speaker, true],
    "where the sound goes",
  );

  // One that is not there: the one that is open stays, and the notice goes when another one is taken.
  equal(
    await page.evaluate(() => window.probe.face.call.use({ microphone: "no-such-device" })),
    false,
    "a microphone that is not there",
  );
  equal([await sent(page), await page.locator(".notice").isVisible()], [other, true], "what goes on");
  await page.getByLabel("Microphone").selectOption({ label: before });
  await until("the first microphone", async () => (await sent(page)) === before);
  check(!(await page.locator(".notice").isVisible()), "the notice is gone");
  equal(
    await page.evaluate(() => window.probe.face.call.use({ speaker: "no-such-device" })),
    false,
    "a speaker that is not there",
  );
  check(
    /That speaker cannot be used/.test(await page.locator(".notice").innerText()),
    await page.locator(".notice").innerText(),
  );

  // Muted in one call, heard in the next, with what was chosen.
  await page.locator("button.mute").click();
  equal(await page.evaluate(() => window.probe.face.mute), true, "mute");
  await page.locator("button.hangup").click();
  await reaches(page, "ended");
  await page.evaluate(() => (window.probe.events.length = 0));
  await call(page);
  equal(
    await page.evaluate(() => [window.probe.face.mute, window.probe.peers.at(-1).getSenders()[0].track.enabled]),
    [false, true],
    "a new call is not muted",
  );
  equal(
    [await sent(page), await page.evaluate(() => window.player.sinkId)],
    [before, speaker],
    "what was chosen stays chosen",
  );
  equal(await page.locator("button.mute .name").innerText(), "Mute", "what its button says");

  // A copy of what was said: what was heard of the bot, and what the caller wrote.
  await until("the disclosure to be over", async () =>
    (await events(page, "bot")).some((event) => /book a room, or cancel/.test(event.text)),
  );
  await hearsOut(page);
  await types(page, "book a room");
  await hearsOut(page);
  await page.locator("button.copy").click();
  const copy = await page.evaluate(() => navigator.clipboard.readText());
  check(
    /^Assistant: You are speaking with an automated assistant, this call is recorded and may be monitored\. .*\nYou: book a room\nAssistant: .*city/s.test(
      copy,
    ),
    copy,
  );
  equal(
    await page.locator("[role=status]").last().textContent(),
    "The conversation is copied",
    "what a screen reader is told",
  );
  equal(
    (await page.evaluate(() => window.probe.face.transcript)).map(({ who }) => who),
    ["bot", "caller", "bot"],
    "who said it",
  );
  await page.locator("button.hangup").click();
  check(await page.locator("button.copy").isVisible(), "it can be copied after the call too");
  // Where the browser forbids it, it is selected.
  await page.evaluate(
    () =>
      (navigator.clipboard.writeText = async () => {
        throw new DOMException("no", "NotAllowedError");
      }),
  );
  await page.locator("button.copy").click();
  await until("the selection", async () =>
    (await page.locator("[role=status]").last().textContent()).includes("selected"),
  );
  equal(page.problems, [], "problems of the page");
  await page.context().close();

  // A microphone that comes late takes the notice about it away.
  const late = await demo(browser, { microphone: false });
  await late.evaluate(() => {
    const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    let tries = 0;
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      if (!tries++) throw new DOMException("none", "NotFoundError");
      return real(wanted);
    };
  });
  await call(late, "button.plain");
  await late.locator("button.mute").click();
  await until("the notice", () => late.locator(".notice").isVisible());
  await late.locator("button.mute").click();
  await until("the microphone", () => late.evaluate(() => window.probe.face.call.hears));
  check(!(await late.locator(".notice").isVisible()), "the notice is gone with its reason");
  // The same by code: a call that begins takes along nothing of the one before.
  await late.evaluate(() => window.probe.face.stop());
  await late.evaluate(() => void window.probe.face.start({ microphone: false }));
  await reaches(late, ["speaking", "listening"]);
  check(/^0:0\d$/.test(await late.locator(".sub").innerText()), "the clock begins anew");
  // An operator's hang-up has a name.
  for (const [lang, sentence] of [
    ["en", "The call was ended by our staff."],
    ["vi", "Nhân viên đã kết thúc cuộc gọi."],
  ]) {
    await late.evaluate((lang) => window.probe.face.setAttribute("lang", lang), lang);
    if (lang === "vi") {
      await late.evaluate(() => void window.probe.face.start({ microphone: false }));
      await reaches(late, ["speaking", "listening"]);
    }
    await late.evaluate(() =>
      window.probe.channels
        .at(-1)
        .dispatchEvent(
          new MessageEvent("message", { data: '{"type":"end","blame":"nobody","reason":"ended by operator"}' }),
        ),
    );
    await reaches(late, "ended");
    equal(await late.locator(".says .hint").innerText(), sentence, "an operator's hang-up");
  }
  console.log(
    `the bot's level up to ${loudest.toFixed(2)}, its bars to ${highest.toFixed(2)}; microphones: ${microphones.join(", ")}; speakers: ${speakers.join(", ")}`,
  );
});
