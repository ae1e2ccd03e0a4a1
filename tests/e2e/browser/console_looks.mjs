// What every page and state of the console looks like: pictures in both languages, light and dark, on a desk and on a phone; and axe's
// opinion of each.
import fs from "node:fs";
import path from "node:path";
import { OUT, check, offences, pause, play, until } from "./page.mjs";
import { ALERTS, callId, callSnapshot, console_, detail, dice, pushed, row, snapshot, sound } from "./supervisor.mjs";

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
        live: (socket) => {
          socket.send(callSnapshot(details[LIVE], lang));
          socket.send(JSON.stringify({ event: "live", call: LIVE, change: "levels", caller: 74, bot: 12 }));
        },
        ...options,
      });
    const look = async (page, name) => {
      await pause(150);
      await page.screenshot({ path: path.join(out, `${name}-${lang}-${colorScheme}-${width}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${name} ${lang} ${width}: ${wide} pixels too wide`);
      for (const offence of await offences(page)) found.push(`${name} ${lang} ${colorScheme} ${width}: ${offence}`);
    };
    const over = async (page, known = []) => {
      // A browser counts each refusal that it is given among the problems.
      const problems = page.problems.filter((line) => !known.some((one) => one.test(line)));
      check(problems.length === 0, `problems: ${problems.join("\n")}`);
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
    await page.click("form.door button.primary");
    await until("the refusal", () => page.locator(".fault:not(:empty)").count());
    await look(page, "sign-in-refused");
    await page.context().close();

    page = await show({
      session: null,
      answer: async (route, path) => {
        if (path !== "sign-in") return false;
        await route.fulfill({ json: { password: false, provider: { name: "Shop & Co" } } });
        return true;
      },
    });
    await page.waitForSelector(".door .provider");
    await look(page, "sign-in-provider");
    await page.locator(".door .provider").click();
    await until("the fault", () => page.locator(".fault:not(:empty)").count());
    await look(page, "sign-in-provider-fault");
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
      await page.keyboard.press("j");
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
    const inIt = page.locator(".people li");
    await until("an agent and a supervisor in the call", async () => (await inIt.count()) === 2);
    check(/^hoa/.test(await inIt.first().textContent()), "the agent is named");
    await inIt.first().scrollIntoViewIfNeeded();
    await look(page, "call-people");
    await page.locator("#panel-memory").scrollIntoViewIfNeeded();
    await look(page, "call-memory");
    await page.locator("details summary").first().click();
    await page.locator("details summary").first().scrollIntoViewIfNeeded();
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

    // The same moment in the recording of the people beside the call.
    page = await show({ hash: `#/call/${OVER}/12200` });
    await until("the choice of voices", () => page.locator(".replay select").count());
    const [people] = await Promise.all([
      page.waitForRequest(/recording\?of=people$/),
      page.selectOption(".replay select >> nth=-1", "people"),
    ]);
    check(people.method() === "GET", "it is read");
    await until("the same moment", () =>
      page.evaluate(() => document.querySelector("canvas").getAttribute("aria-valuenow") === "12"),
    );
    const file_ = await page.locator(".moreactions a[download]").getAttribute("href");
    check(file_ === `/api/v1/calls/${OVER}/rehearsal`, file_);
    await look(page, "replay-people");
    await over(page);

    // The marks along the loudness, the score's moments, the link, what erases.
    page = await show({ hash: `#/call/${OVER}/12200` });
    await until("the mark of the moment", () => page.locator(".turn.marked").count());
    await until("tools, alerts and notes along the loudness", async () => (await page.locator(".point").count()) >= 4);
    await page.locator(".criteria .at").first().click();
    const place = () => page.evaluate(() => Number(document.querySelector("canvas").getAttribute("aria-valuenow")));
    await until("a criterion's moment", async () => (await place()) === 18);
    for (const part of [".criteria", ".notes"]) {
      await page.locator(part).first().scrollIntoViewIfNeeded();
      await look(page, `replay-${part.slice(1)}`);
    }
    await page.locator("details summary").last().click();
    await page.locator(".ladder").scrollIntoViewIfNeeded();
    await look(page, "replay-signalling");
    await page.locator(".moreactions .button").first().click();
    await page.locator("dialog .primary").click();
    await until("the link", () => page.locator("dialog input[readonly]:visible").count());
    await look(page, "replay-share");
    await page.keyboard.press("Escape");
    await page.locator(".moreactions .danger").click();
    await look(page, "replay-erase");
    await over(page);

    // The ladder of a page's call grows while it lives; who may not see numbers sees no address.
    const told = detail(LIVE, lang, { live: true });
    told.via = told.timeline[0].via = "widget shop.example";
    const ice = (at_ms, step, data) => ({ ...told.timeline[1], event: "mark", at_ms, name: `ice_${step}`, data });
    const pair = { transport: "udp", kind: "srflx", local: "192.0.2.1:7000", remote: "198.51.100.7:46154" };
    told.timeline.splice(
      1,
      0,
      ice(3, "candidates", { ours: 2, theirs: 1 }),
      ice(9, "check", { transport: "udp", remote: "198.51.100.7:46154" }),
      ice(14, "pair", pair),
    );
    let pushes = null;
    page = await show({
      hash: `#/call/${LIVE}`,
      live: (socket) => {
        pushes = socket;
        socket.send(callSnapshot(told, lang));
      },
    });
    const ladder = page.locator("details", { has: page.locator(".ladder") });
    await until("the call", () => page.locator(".turn").count());
    await ladder.locator("summary").click();
    const rungs = () => ladder.locator(".rung").allTextContents();
    await until("the pair", async () =>
      (await rungs()).some((rung) => rung.includes("192.0.2.1:7000 – 198.51.100.7:46154")),
    );
    const before = await rungs();
    check(before[0] === "SDP offer" && before[2] === "SDP answer" && before.length === 7, before.join(", "));
    check((await ladder.locator(".at").nth(5).textContent()) === "0:00.014", "to the millisecond");
    for (const event of [
      ice(21000, "disconnected", {}),
      ice(21500, "restarted", { session: 2 }),
      ice(21900, "pair", { ...pair, kind: "prflx", local: "•••", remote: "•••" }),
    ])
      pushes.send(JSON.stringify({ call: LIVE, at: told.timeline[0].at, ...event }));
    await until("the new pair", async () => (await rungs()).length === before.length + 3);
    check((await rungs()).at(-1).includes("••• – •••"), "masked");
    await page.locator(".ladder").scrollIntoViewIfNeeded();
    await look(page, "live-signalling");
    await over(page);

    // What is pushed besides calls: each page is there from when the server tells of it.
    const tell = (socket) => {
      const { approvals, queue, offers } = pushed();
      socket.send(snapshot(rows(40)));
      socket.send(JSON.stringify({ event: "approvals", approvals }));
      socket.send(JSON.stringify({ event: "queue", queue }));
      return offers;
    };
    page = await show({ alerts: ALERTS, wall: tell, hash: "#/approvals" });
    await until("approvals", () => page.locator(".card").count());
    await look(page, "approvals");
    const [asked] = await Promise.all([page.waitForRequest(/approvals\/1$/), page.keyboard.press("y")]);
    check(asked.postDataJSON().decision === "approve", "the key decides");
    await over(page, [/404/]);
    page = await show({ alerts: ALERTS, wall: tell, hash: "#/alerts" });
    await until("alerts", () => page.locator(".alerts li").count());
    await look(page, "alerts");
    await over(page);
    page = await show({
      alerts: ALERTS,
      wall: (socket) => {
        const offers = tell(socket);
        socket.send(JSON.stringify({ event: "alert", alert: { ...ALERTS[0], id: "10" } }));
        socket.send(JSON.stringify({ event: "offers", offers }));
      },
      hash: "#/people",
    });
    await until("the offer", () => page.locator(".offer").count());
    await look(page, "people");
    await over(page);

    page = await show({ hash: "#/today" });
    await until("numbers", () => page.locator(".tiles b").count());
    await look(page, "today");
    const [file] = await Promise.all([page.waitForEvent("download"), page.locator(".bar .button").click()]);
    const text = fs.readFileSync(await file.path(), "utf8");
    check(text.startsWith("bot,ended,") && text.includes('"places.vi",61,59,50'), text);
    await over(page);

    page = await show({ hash: "#/callbacks" });
    await until("who wants to be called back", async () => (await page.locator("tbody tr").count()) === 2);
    await look(page, "callbacks");
    await page.locator(".check input").click();
    await until("all of them", async () => (await page.locator("tbody tr").count()) === 3);
    await page.locator("tbody button").first().click();
    await until("that it is noted", async () => (await page.locator("tbody button").count()) === 1);
    await look(page, "callbacks-all");
    await over(page);

    page = await show({ hash: "#/calls" });
    await until("calls", () => page.locator("table tbody tr").count());
    await look(page, "calls");
    await over(page);
  }
  check(found.length === 0, `serious or critical:\n${found.join("\n")}`);
  console.log(`pictures: ${fs.readdirSync(out).length} in ${path.basename(OUT)}/console`);
});
