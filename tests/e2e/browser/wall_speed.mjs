// A wall of 500 calls that change all the time: only the rows on the screen exist, each shows what is so, and what it costs is printed.
import { check, pause, play, until } from "./page.mjs";
import { changes, console_, dice, row, snapshot } from "./supervisor.mjs";

const CALLS = 500;
/** A call changes about once a second: so many of them in each batch of the server. */
const CHANGED = 50;
const BATCH = 100;
const SECONDS = 6;

const share = (list, part) =>
  [...list].sort((a, b) => a - b)[Math.min(list.length - 1, Math.floor(list.length * part))];

await play(async (open) => {
  const browser = await open();
  const throwDice = dice(5);
  const rows = Array.from({ length: CALLS }, (_, n) => row(n, throwDice));
  let socket;
  const page = await console_(browser, {
    wall: (opened) => {
      socket = opened;
      socket.send(snapshot(rows));
    },
  });
  await until("the wall", () => page.locator(".rows li:visible").count());
  const tools = await page.context().newCDPSession(page);
  // The processor's time of the page's thread: on a busy machine the time of the wall says more of the others.
  await tools.send("Performance.enable", { timeDomain: "threadTicks" });
  const PARTS = { Task: "all", Script: "script", RecalcStyle: "style", Layout: "layout" };
  const spent = async () => {
    const { metrics } = await tools.send("Performance.getMetrics");
    const of = (name) => 1000 * metrics.find((one) => one.name === `${name}Duration`).value;
    return Object.fromEntries(Object.keys(PARTS).map((name) => [name, of(name)]));
  };
  await page.evaluate(() => {
    window.long = [];
    new PerformanceObserver((list) => window.long.push(...list.getEntries().map(({ duration }) => duration))).observe({
      entryTypes: ["longtask"],
    });
  });
  const change = () => {
    const some = Array.from({ length: CHANGED }, () => {
      const n = throwDice(CALLS);
      rows[n] = { ...row(n, throwDice), started_at: rows[n].started_at, answered_at: rows[n].answered_at };
      return rows[n];
    });
    socket.send(changes([...new Map(some.map((call) => [call.id, call])).values()]));
  };
  const frames = (seconds, speed) =>
    page.evaluate(
      ([ms, speed]) =>
        new Promise((done) => {
          const list = document.querySelector(".wall .scroll");
          const times = [];
          const begun = performance.now();
          const frame = (now) => {
            times.push(now);
            list.scrollTop += speed;
            if (list.scrollTop + list.clientHeight >= list.scrollHeight - 1) list.scrollTop = 0;
            if (now - begun < ms) requestAnimationFrame(frame);
            else done(times.slice(1).map((time, n) => time - times[n]));
          };
          requestAnimationFrame(frame);
        }),
      [seconds * 1000, speed],
    );

  for (const [name, speed] of [
    ["still", 0],
    ["scrolling", 24],
  ]) {
    await page.evaluate(() => window.long.splice(0));
    const before = await spent();
    let batches = 0;
    const timer = setInterval(() => {
      batches++;
      change();
    }, BATCH);
    const gaps = await frames(SECONDS, speed);
    clearInterval(timer);
    const after = await spent();
    const cost = Object.fromEntries(Object.keys(PARTS).map((name) => [name, after[name] - before[name]]));
    const long = await page.evaluate(() => window.long);
    const perSecond = (1000 * gaps.length) / gaps.reduce((sum, gap) => sum + gap, 0);
    console.log(
      `${name}: ${CALLS} calls, ${batches} batches of ${CHANGED}: ${perSecond.toFixed(1)} frames/s, ` +
        `p95 between frames ${share(gaps, 0.95).toFixed(1)} ms, longest ${Math.max(...gaps).toFixed(1)} ms; ` +
        `page's thread ${(cost.Task / SECONDS / 10).toFixed(1)} % of a core, per batch with its frames ` +
        `${Object.entries(PARTS)
          .map(([name, word]) => `${word} ${(cost[name] / batches).toFixed(1)}`)
          .join(", ")} ms; ` +
        `tasks above 50 ms: ${long.length}${long.length ? ` (longest ${Math.max(...long).toFixed(0)} ms)` : ""}`,
    );
    const nodes = await page.locator(".rows li").count();
    check(nodes < 60, `${nodes} rows exist for ${CALLS} calls`);
  }

  // What a row shows is what was told last, wherever the list stands.
  await pause(1500);
  const shown = await page.evaluate(() =>
    [...document.querySelectorAll(".rows li:not([hidden])")].map((node) => [
      node.dataset.id,
      Number(node.querySelector(".score").textContent),
      Number(node.getAttribute("aria-posinset")),
    ]),
  );
  check(shown.length > 5, "rows are shown");
  for (const [id, score] of shown) {
    const call = rows.find((one) => one.id === id);
    check(call.health.score === score, `${id} shows ${score}, and has ${call.health.score}`);
  }
  const places = shown.map(([, , place]) => place);
  check(
    places.every((place, n) => n === 0 || place === places[n - 1] + 1),
    `the rows stand in their order: ${places}`,
  );
  await page.keyboard.press("j");
  const worst = Math.min(...rows.map(({ health }) => health.score));
  const focused = await page.evaluate(() => Number(document.activeElement.querySelector(".score")?.textContent));
  check(Math.abs(focused - worst) < 5, `the key leads to a call of ${focused}, the worst has ${worst}`);
  // Where the focus is it stays, whatever changes around it.
  const id = await page.evaluate(() => document.activeElement.closest("li").dataset.id);
  for (let n = 0; n < 20; n++) {
    change();
    await pause(120);
  }
  const still = await page.evaluate(() => document.activeElement.closest("li")?.dataset.id);
  check(still === id, `the focus moved from ${id} to ${still}`);
  // A filter that was saved as a view is there again, also after the page was loaded anew.
  await page.keyboard.press("/");
  await page.keyboard.type("hoàn kiếm");
  await page.selectOption("[aria-label='State']", "attention");
  const fit = () =>
    page.evaluate(() => [...document.querySelectorAll(".rows li:not([hidden])")].map((node) => node.innerText));
  await until("the filter", async () => (await fit()).every((text) => /hoàn kiếm/i.test(text)));
  check((await fit()).length > 0, "some calls fit");
  await page.click("text=Save view");
  await page.fill("dialog input", "Hoàn Kiếm");
  await page.click("dialog .primary");
  await page.selectOption("[aria-label='View']", "");
  await until("all calls", async () => (await fit()).some((text) => !/hoàn kiếm/i.test(text)));
  await page.reload();
  await until("the wall again", () => page.locator(".rows li:visible").count());
  await page.selectOption("[aria-label='View']", "Hoàn Kiếm");
  await until("the view", async () => (await fit()).every((text) => /hoàn kiếm/i.test(text)));
  check((await page.inputValue("input[type=search]")) === "hoàn kiếm", "the search stands in its field");
  await page.click("text=Delete view");
  check((await page.locator("[aria-label='View'] option").count()) === 1, "the view is gone");
  check(page.problems.length === 0, page.problems.join("\n"));
});
