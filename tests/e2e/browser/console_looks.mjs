// What every page and state of the console looks like: pictures in both languages, light and dark, on a desk and on a phone; and axe's
// opinion of each.
import fs from "node:fs";
import path from "node:path";
import { OUT, check, offences, pause, play, until } from "./page.mjs";
import { callId, callSnapshot, console_, detail, dice, row, snapshot, sound } from "./supervisor.mjs";

const LIVE = callId(1);
const OVER = callId(2);

await play(async (open) => {
  const out = path.join(OUT, "console");
  fs.mkdirSync(out, { recursive: true });
  const browser = await open({ flags: ["--autoplay-policy=no-user-gesture-required"] });
  const found = [];
  const sights = [
    ["en", "light", 1280],
    ["vi", "dark", 1280],
    ["en", "dark", 390],
    ["vi", "light", 390],
  ];
  for (const [lang, colorScheme, width] of sights) {
    const size = {
      colorScheme,
      locale: lang,
      viewport: { width, height: width === 390 ? 800 : 860 },
      hasTouch: width === 390,
    };
    const rows = (many) => {
      const throwDice = dice(11);
      return Array.from({ length: many }, (_, n) => row(n, throwDice));
    };
    const details = { [LIVE]: detail(LIVE, lang, { live: true }), [OVER]: detail(OVER, lang, { live: false }) };
    const show = (options) =>
      console_(browser, {
        ...size,
        details,
        recording: sound(),
        wall: (socket) => socket.send(snapshot(rows(40))),
        live: (socket) => socket.send(callSnapshot(details[LIVE], lang)),
        ...options,
      });
    const look = async (page, name) => {
      await pause(150);
      await page.screenshot({ path: path.join(out, `${name}-${lang}-${colorScheme}-${width}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${name} ${lang} ${width}: ${wide} pixels too wide`);
      for (const offence of await offences(page)) found.push(`${name} ${lang} ${colorScheme} ${width}: ${offence}`);
    };
    const over = async (page) => {
      check(page.problems.length === 0, `problems: ${page.problems.join("\n")}`);
      await page.context().close();
    };

    let page = await show({ session: null });
    await page.waitForSelector("form.door");
    await look(page, "sign-in");
    await page.fill("input[name=name]", "lan");
    await page.fill("input[name=password]", "wrong");
    await page.route("**/api/v1/session", (route) =>
      route.fulfill({ status: 401, contentType: "application/problem+json", body: "{}" }),
    );
    await page.click("form.door button");
    await until("the refusal", () => page.locator(".fault:not(:empty)").count());
    await look(page, "sign-in-refused");
    await page.context().close();

    page = await show({ session: null, hash: "#welcome=secret" });
    await page.waitForSelector("form.door");
    check(!(await page.evaluate(() => location.href)).includes("secret"), "the secret stays in the address");
    await look(page, "welcome");
    await page.context().close();

    page = await show({ wall: (socket) => socket.send(snapshot([])) });
    await until("an empty wall", () => page.locator(".empty:visible").count());
    await look(page, "wall-empty");
    await over(page);

    page = await show();
    await until("rows", () => page.locator(".rows li:visible").count());
    await look(page, "wall");
    if (width > 400) {
      await page.keyboard.press("n");
      await look(page, "wall-worst");
    }
    for (const density of ["compact", "screen"]) {
      await page.selectOption(".tools select >> nth=-1", density);
      await look(page, `wall-${density}`);
    }
    await page.selectOption(".tools select >> nth=-1", "roomy");
    await page.fill("input[type=search]", "nobody says this");
    await until("no row", async () => (await page.locator(".rows li:visible").count()) === 0);
    await look(page, "wall-none");
    await page.fill("input[type=search]", "");
    await page.selectOption(".tools select >> nth=1", "attention");
    await page.locator("h1").click();
    await page.keyboard.press("?");
    await look(page, "keys");
    await over(page);

    page = await show({ hash: `#/call/${LIVE}` });
    await until("the transcript", () => page.locator(".turn.live.caller").count());
    await look(page, "call");
    await page.locator("details summary").click();
    await page.locator("details summary").scrollIntoViewIfNeeded();
    await look(page, "call-timeline");
    await page.locator(".slots button").first().click();
    await look(page, "call-slot");
    await page.keyboard.press("Escape");
    await page.locator(".moreactions .danger").click();
    await look(page, "call-end");
    await over(page);

    page = await show({ hash: `#/call/${OVER}` });
    await until("the loudness", () => page.evaluate(() => document.querySelector("canvas")?.width > 200));
    await page.evaluate(() => document.querySelector(".word[data-at]")?.click());
    await pause(900);
    await page.locator(".replay .round").click();
    await look(page, "replay");
    await over(page);

    page = await show({ hash: "#/today" });
    await until("numbers", () => page.locator(".tiles b").count());
    await look(page, "today");
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".bar .button").click()]);
    const text = fs.readFileSync(await file.path(), "utf8");
    check(text.startsWith("bot,ended,") && text.includes('"places.vi",61,59,50'), text);
    await over(page);

    page = await show({ hash: "#/calls" });
    await until("calls", () => page.locator("table tbody tr").count());
    await look(page, "calls");
    await over(page);
  }
  check(found.length === 0, `serious or critical:\n${found.join("\n")}`);
  console.log(`pictures: ${fs.readdirSync(out).length} in ${path.basename(OUT)}/console`);
});
