// A room is booked by voice: captions, slots, the meter, latencies, and the microphone is let go of at the end.
import { call, captions, check, demo, equal, events, hearsOut, over, play, reaches, say, tells } from "./page.mjs";

const TURNS = [
  ["book a room", "which city|In which city"],
  ["mountain view", "day"],
  ["today", "time"],
  ["two thirty p m", "how long"],
  ["half an hour", "many people"],
  ["two people", "at 2:30 pm for half an hour for 2 people\\. Is that right"],
];

await play(async (open) => {
  const page = await demo(await open());
  await call(page);
  const asked = await page.evaluate(() => window.probe.wanted.audio);
  check(
    asked.echoCancellation && asked.noiseSuppression && asked.autoGainControl,
    "the microphone is asked for with all three on",
  );
  await hearsOut(page);
  let loudest = 0;
  for (const [words, next] of TURNS) {
    const said = await tells(page, words.replaceAll(" ", "-"), async () => {
      loudest = Math.max(loudest, await page.evaluate(() => window.probe.face.call.level));
    });
    check(new RegExp(next, "i").test(said), `after "${words}" the bot asks for ${next}: ${said}`);
  }
  check(loudest > 0.3, `the meter moves with the microphone: ${loudest}`);
  await say(page, "yes");
  await reaches(page, "ended", 40000);
  equal(await captions(page), [...TURNS.map(([words]) => words), "yes"], "captions");
  const shown = await page.locator(".turn.you:not(.partial)").allTextContents();
  equal(
    shown.map((text) => text.replace(/^You: /, "")),
    [...TURNS.map(([words]) => words), "yes"],
    "what is shown of the caller",
  );
  const drafts = (await events(page, "caption")).filter((event) => !event.final && event.text);
  check(drafts.length > 0, "captions come while the caller speaks");
  const ids = await events(page, "hello");
  const record = await over(ids[0].call);
  equal(
    (({ place, time, duration, people }) => ({ place, time, duration, people }))(record.slots),
    { place: "mountain view", time: "14:30", duration: "PT30M", people: 2 },
    "slots",
  );
  check(/^\d{4}-\d\d-\d\d$/.test(record.slots.date), `a date: ${record.slots.date}`);
  equal(record.end.blame, "nobody", "whose end it was");
  equal(
    (await events(page, "end")).map((event) => event.blame),
    ["nobody"],
    "one end",
  );
  const slots = new Map((await events(page, "slot")).map((event) => [event.name, event.value]));
  check(
    ["place", "date", "time", "duration", "people"].every((name) => slots.get(name) != null),
    `slots in the page: ${JSON.stringify([...slots])}`,
  );
  const latencies = await events(page, "latency");
  check(latencies.length >= TURNS.length, `a latency for each answer: ${latencies.length}`);
  for (const one of latencies)
    equal(
      one.endpoint_ms + one.recognise_ms + one.think_ms + one.synthesise_ms + one.playout_ms,
      one.total_ms,
      "the parts of a latency sum up",
    );
  equal(await page.locator("#turns tbody tr").count(), latencies.length, "lines in the demo's table");
  check(
    await page.evaluate(
      () => window.probe.tracks.length > 0 && window.probe.tracks.every((track) => track.readyState === "ended"),
    ),
    "the microphone is let go of",
  );
  equal(page.problems, [], "problems of the page");
  const totals = latencies.map((one) => one.total_ms).sort((a, b) => a - b);
  console.log(
    `booked in ${record.turns.length} turns; answers after ${totals.join(", ")} ms; level up to ${loudest.toFixed(2)}`,
  );
});
