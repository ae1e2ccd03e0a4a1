// What comes between the moments of a call: an end while it begins, another begun at once, an answer that cannot be used; and the
// line test, which has no conversation and shows a call all the same.
import {
  ADMIN,
  BASE,
  api,
  call,
  check,
  demo,
  equal,
  events,
  hearsOut,
  over,
  pause,
  play,
  reaches,
  state,
  types,
  until,
} from "./page.mjs";

await play(async (open) => {
  const browser = await open();
  const page = await demo(browser);
  const live = async () => (await api("/api/v1/calls?state=live")).calls.map((call) => call.id);

  // Hung up while its offer is on the way, and called again at once: the answers come later, the first one last.
  const held = [];
  await page.route("**/api/v1/widget/calls", async (route) => {
    await new Promise((go) => held.push(go));
    await route.continue();
  });
  await page.locator("button.begin").click();
  await until("the first offer", () => held.length === 1);
  await page.evaluate(() => {
    window.probe.face.stop();
    window.probe.face.start();
  });
  await until("the second offer", () => held.length === 2);
  held[1]();
  await until("the second call", async () => (await events(page, "hello")).length);
  held[0]();
  const { call: second } = (await events(page, "hello"))[0];
  const { calls } = await until("both in the record", async () => {
    const all = await api("/api/v1/calls");
    return all.calls.length === 2 && all;
  });
  const first = calls.find(({ id }) => id !== second).id;
  const record = await over(first);
  equal([record.end.blame, record.end.reason], ["caller", "hung up"], "the end of the first");
  await hearsOut(page);
  await types(page, "book a room");
  equal([await live(), (await events(page, "hello")).length], [[second], 1], "calls that live");
  await page.locator("button.hangup").click();
  equal((await over(second)).end.reason, "hung up", "the second is hung up by its own address");
  await page.unroute("**/api/v1/widget/calls");

  // An answer that this browser cannot use: its place on the server is given back at once.
  await page.route("**/api/v1/widget/calls", async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: "v=0\r\nnonsense" });
  });
  const began = Date.now();
  await page.locator("button.begin").click();
  await until("the reason", () => page.locator(".notice").isVisible());
  await until("the place to be free", async () => (await live()).length === 0, 8000);
  equal(
    (await events(page, "error")).map((event) => event.code),
    ["incompatible"],
    "errors",
  );
  const [unused] = (await api("/api/v1/calls")).calls;
  equal([unused.end.blame, unused.end.reason], ["caller", "hung up"], "its end");
  console.log(`an answer of no use: the place is free after ${Date.now() - began} ms`);
  await page.unroute("**/api/v1/widget/calls");

  // A page that goes away without a word: the record says so.
  await page.locator("button.begin").click();
  await until("the channel", async () => (await events(page, "hello")).length === 2);
  await page.evaluate(() => {
    window.fetch = () => new Promise(() => {});
    window.probe.peers.at(-1).close();
  });
  const left = await over((await events(page, "hello"))[1].call);
  equal(
    [left.end.blame, left.end.reason],
    ["caller", "the page closed the connection"],
    "the end of a call that was left",
  );
  await page.context().close();

  // The line test: a state, a hello, and an end with its reason.
  const test = await demo(browser);
  const minted = await fetch(`${BASE}/api/v1/widget/sessions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN}` },
    body: JSON.stringify({ bot: "echo", origin: BASE }),
  });
  const session = await minted.json();
  await test.evaluate((session) => {
    const { face } = window.probe;
    face.setAttribute("bot", "echo");
    face.token = session;
  }, session);
  await call(test);
  equal(
    (await events(test, "hello")).map(({ bot, language }) => [bot, language]),
    [["echo", "en"]],
    "hello",
  );
  await reaches(test, "listening");
  // What is written there is not taken, and stays to be read.
  await test.locator("input.input").fill("hello");
  await test.locator("input.input").press("Enter");
  await until("the refusal", async () => (await events(test, "error")).some(({ code }) => code === "not_taken"));
  equal(
    [await test.locator(".turn.you").count(), await test.locator("input.input").inputValue()],
    [0, "hello"],
    "what was written",
  );
  await pause(300);
  equal(await state(test), "listening", "state");
  const [{ call: line }] = await events(test, "hello");
  const ended = await fetch(`${BASE}/api/v1/calls/${line}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${ADMIN}` },
  });
  check(ended.ok, `hanging up: ${ended.status}`);
  await reaches(test, "ended");
  equal(
    (await events(test, "end")).map(({ blame, reason }) => [blame, reason]),
    [["nobody", "ended by operator"]],
    "the end of the line test",
  );
  equal(
    await test.locator(".says .hint").textContent(),
    "The call was ended by our staff.",
    "an operator's hang-up has a name",
  );
  equal(test.problems, [], "problems of the page");
});
