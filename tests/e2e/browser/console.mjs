// The console against a real server with a real call: the first admin, signing in, the wall, the call as it goes, its end, its replay;
// in Chromium, and what Firefox makes of it.
import fs from "node:fs";
import path from "node:path";
import {
  BASE,
  CLIPS,
  FIREFOX,
  OUT,
  call,
  check,
  demo,
  events,
  hearsOut,
  pause,
  play,
  types,
  until,
  visit,
} from "./page.mjs";

const PASSWORD = "a quiet morning in Hue";

/** Who is not signed in is told so: the browser counts it among a page's problems. */
const problems = (page) => page.problems.filter((line) => !line.includes("401"));

async function signIn(page, name, password) {
  await page.fill("input[name=name]", name);
  await page.fill("input[name=password]", password);
  await page.click("form.door button.primary");
}

const signedIn = (page) => page.waitForSelector(".top nav");

/** The link of the first start, which stands in the server's log. */
const link = () =>
  until("the link", () => /#welcome=(\S+)/.exec(fs.readFileSync(path.join(CLIPS, "server.log"), "utf8"))?.[1]);

await play(async (open) => {
  const out = path.join(OUT, "console");
  fs.mkdirSync(out, { recursive: true });
  const browser = await open({ flags: ["--autoplay-policy=no-user-gesture-required"] });
  const page = await visit(browser, `${BASE}/console/#welcome=${await link()}`);

  // The first admin, who goes out and comes in again.
  await page.waitForSelector("form.door");
  await signIn(page, "lan", PASSWORD);
  await signedIn(page);
  check(!page.url().includes("welcome"), "the link is taken out of the address");
  await page.click("button[aria-label='Sign out']");
  await page.waitForSelector("form.door");
  await signIn(page, "lan", "not this one, surely");
  await until("the refusal", () => page.locator(".fault:not(:empty)").count());
  await signIn(page, "lan", PASSWORD);
  await signedIn(page);
  await page.reload();
  await signedIn(page);
  check((await page.locator(".empty:visible").count()) === 1, "no call is live");

  // A visitor calls: the row is there at once, and follows every word.
  const visitor = await demo(browser);
  await call(visitor);
  const row = page.locator(".rows li:visible");
  await until("the row", async () => (await row.count()) === 1);
  await hearsOut(visitor);
  await until("the bot's words", async () => /book a room/i.test(await row.innerText()));
  await types(visitor, "book a room");
  await hearsOut(visitor);
  const delays = [];
  for (const words of ["mountain view", "today"]) {
    await page.evaluate((words) => {
      window.shown = new Promise((done) => {
        const look = () => document.querySelector(".rows")?.innerText.includes(words);
        const watch = new MutationObserver(() => {
          if (!look()) return;
          watch.disconnect();
          done(Date.now());
        });
        watch.observe(document.querySelector(".rows"), { subtree: true, childList: true, characterData: true });
      });
    }, words);
    await visitor.evaluate(() => {
      window.probe.face.addEventListener("caption", ({ detail }) => {
        if (detail.final) window.taken = Date.now();
      });
    });
    await types(visitor, words);
    delays.push((await page.evaluate(() => window.shown)) - (await visitor.evaluate(() => window.taken)));
    await hearsOut(visitor);
  }
  console.log(`from the visitor's own page to the wall: ${delays.join(", ")} ms`);
  await page.screenshot({ path: path.join(out, "real-wall.png") });

  // The call's page.
  await row.locator("a").click();
  await until("the transcript", () => page.locator(".turn.caller").count());
  const said = await page.locator(".transcript").innerText();
  for (const words of ["mountain view", "today"]) check(said.includes(words), `the transcript lacks ${words}: ${said}`);
  check((await page.locator("dl.slots dt").allInnerTexts()).includes("place"), "the place is known");
  check((await page.locator(".answers li").count()) > 0, "answers are measured");
  const before = await page.locator(".turn").count();
  await types(visitor, "half past two");
  await until("the next turns", async () => (await page.locator(".turn").count()) > before);
  await hearsOut(visitor);
  await page.screenshot({ path: path.join(out, "real-call.png"), fullPage: true });

  // Firefox sees the same.
  if (fs.existsSync(FIREFOX)) {
    const fox = await open({ fox: true });
    const other = await visit(fox, `${BASE}/console/`, { permissions: [], microphone: false });
    await other.waitForSelector("form.door");
    await signIn(other, "lan", PASSWORD);
    await signedIn(other);
    await until("the row in Firefox", () => other.locator(".rows li:visible").count());
    await other.locator(".rows li:visible a").click();
    await until("the transcript in Firefox", () => other.locator(".turn.caller").count());
    check(problems(other).length === 0, `Firefox: ${problems(other).join("\n")}`);
    await fox.close();
  }

  // It ends from here, and is heard again.
  await page.click(".moreactions .danger");
  await page.click("dialog .danger");
  await until("the end at the visitor's", async () => (await events(visitor, "end")).length);
  await until("the replay", () => page.locator(".replay canvas").count());
  const length = await until("the recording", () =>
    page.evaluate(() => Number(document.querySelector(".replay canvas").getAttribute("aria-valuemax"))),
  );
  check(length > 5, `the recording lasts ${length} s`);
  await page.locator(".turn.caller .word").last().click();
  const place = () =>
    page.evaluate(() => Number(document.querySelector(".replay canvas").getAttribute("aria-valuenow")));
  const at = await until("the place of the word", place);
  await until("the sound to go on", async () => (await place()) > at || (await place()) >= length);
  check((await page.locator(".word.now").count()) === 1, "the word that is heard is marked");
  const drawn = await page.evaluate(() => {
    const canvas = document.querySelector(".replay canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.filter((_, n) => n % 4 === 3 && data[n] > 0).length / (canvas.width * canvas.height);
  });
  check(drawn > 0.02 && drawn < 0.8, `the loudness covers ${drawn} of its place`);
  await page.keyboard.press(" ");
  await pause(200);
  await page.screenshot({ path: path.join(out, "real-replay.png") });
  await page.click("text=Ended calls");
  await until("the list", () => page.locator("table tbody tr").count());
  check(problems(page).length === 0, problems(page).join("\n"));
});
