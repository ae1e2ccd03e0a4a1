// An agent at the console of a real server: available, a caller is offered with what was said and found out, is declined, waits, is offered
// again and accepted; both hear each other, and the agent is free again. Pictures in both languages, light and dark, on a desk and on a phone.
import fs from "node:fs";
import path from "node:path";
import {
  ADMIN,
  BASE,
  OUT,
  api,
  call,
  check,
  demo,
  equal,
  hearsOut,
  offences,
  pause,
  play,
  types,
  until,
  visit,
} from "./page.mjs";

const PASSWORD = "a quiet morning in Hue";
const SIGHTS = [
  ["en", "light", 1280],
  ["vi", "dark", 1280],
  ["vi", "light", 390],
  ["en", "dark", 390],
];

async function user(name, role) {
  const headers = { Authorization: `Bearer ${ADMIN}`, "content-type": "application/json" };
  const body = JSON.stringify({ name, password: PASSWORD, role });
  const made = await fetch(`${BASE}/api/v1/users`, { method: "POST", headers, body });
  check(made.status === 201, await made.text());
}

async function signsIn(page, name) {
  await page.waitForSelector("form.door");
  await page.fill("input[name=name]", name);
  await page.fill("input[name=password]", PASSWORD);
  await page.click("form.door button.primary");
  await page.waitForSelector(".top nav");
}

await play(async (open) => {
  const out = path.join(OUT, "console");
  fs.mkdirSync(out, { recursive: true });
  const browser = await open({ flags: ["--autoplay-policy=no-user-gesture-required"] });
  const found = [];
  await user("an", "agent");
  const page = await visit(browser, `${BASE}/console/#/people`, { locale: "en" });
  await signsIn(page, "an");
  await page.waitForSelector(".available input");
  // The same page as others see it: one language, one scheme and one size at a time.
  const look = async (name, part) => {
    for (const [language, colorScheme, width] of SIGHTS) {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: width === 390 ? 844 : 900 });
      await page.click(`.switch button[lang=${language}]`);
      await page.waitForSelector(part);
      await pause(300);
      await page.screenshot({ path: path.join(out, `agent-${name}-${language}-${colorScheme}-${width}.png`) });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${name} ${language} ${width}: ${wide} pixels too wide`);
      for (const offence of await offences(page)) found.push(`${name} ${language} ${colorScheme} ${width}: ${offence}`);
    }
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.click(".switch button[lang=en]");
    await page.waitForSelector(part);
  };
  await look("away", ".available input");
  await page.keyboard.press("v");

  const visitor = await demo(browser);
  await call(visitor);
  await hearsOut(visitor);
  await types(visitor, "book a room");
  await hearsOut(visitor);
  await types(visitor, "mountain view");
  await hearsOut(visitor);
  await types(visitor, "i want to speak to a person");
  await page.waitForSelector(".offer");
  const told = await page.locator(".offer").innerText();
  for (const words of [/mountain view/i, /asked for a person|wants a person/i])
    check(words.test(told), `the offer lacks ${words}: ${told}`);
  equal((await page.locator(".offer .summary li").count()) > 1, true, "what was said last");
  await look("offer", ".offer");
  await page.keyboard.press("y");
  await until("the agent in the call", () => page.locator(".seat[data-mode=agent]").count(), 20000);
  check(page.url().includes("#/call/"), page.url());
  const id = /#\/call\/([\w-]+)/.exec(page.url())[1];
  await until("both to be joined", async () => {
    const { timeline } = await api(`/api/v1/calls/${id}?timeline=true`);
    return timeline.some((one) => one.event === "mark" && (one.name ?? one.data?.name) === "taken_over");
  });
  await pause(1000);
  // The language changes, and another page is looked at: who speaks with the caller goes on.
  await look("speaks", ".seat[data-mode=agent]");
  await page.click(".top nav a[href='#/people']");
  await page.waitForSelector(".agents li[data-state=agent_speaks]");
  await look("elsewhere", ".desk a.notice");
  check((await api(`/api/v1/calls/${id}`)).state === "live", "the caller is still there");
  await page.click(".desk a.notice");
  await page.waitForSelector(".seat[data-mode=agent]");
  await page.keyboard.press("x");
  await until("the end", async () => (await api(`/api/v1/calls/${id}`)).state === "ended");
  await page.goto(`${BASE}/console/#/people`);
  await page.waitForSelector(".agents li[data-state=agent_free]");
  check(found.length === 0, `serious or critical:\n${found.join("\n")}`);
  check(
    // Before signing in; and what was asked of the call as it ended.
    page.problems.every((line) => /401|404/.test(line)),
    page.problems.join("\n"),
  );
});
