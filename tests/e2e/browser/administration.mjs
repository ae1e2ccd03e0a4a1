// The pages of the administration against a real server: the first admin, told of a name that cannot be; a supervisor of one bot, who
// signs in and sees that bot's calls only; a token that works over HTTP until it is removed; one's own password; and the audit of it all.
import fs from "node:fs";
import path from "node:path";
import { BASE, CLIPS, OUT, api, call, check, demo, equal, hearsOut, offences, play, until, visit } from "./page.mjs";

const PASSWORD = "a quiet morning in Hue";
const OTHERS = "a loud evening in Hanoi";
const CHANGED = "rain over the old harbour";

/** Refusals that a scenario asks for: the browser counts them among a page's problems. */
const problems = (page) => page.problems.filter((line) => !/40[0-9]|422|HTTP Authentication failed/.test(line));

const link = () =>
  until("the link", () => /#welcome=(\S+)/.exec(fs.readFileSync(path.join(CLIPS, "server.log"), "utf8"))?.[1]);

const signedIn = (page) => page.waitForSelector(".top nav");

async function signIn(page, name, password) {
  await page.waitForSelector("form.door");
  await page.fill("input[name=name]", name);
  await page.fill("input[name=password]", password);
  await page.click("form.door button.primary");
}

const focused = (page) => page.evaluate(() => document.activeElement.name);
const fault = (page, place = "form") => page.locator(`${place} .fault`).innerText();

/** Over HTTP, as a program asks. */
async function asks(token, route) {
  const answer = await fetch(`${BASE}/api/v1/${route}`, { headers: { Authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.json() };
}

await play(async (open) => {
  const out = path.join(OUT, "console");
  fs.mkdirSync(out, { recursive: true });
  const browser = await open();
  const found = [];
  const look = async (page, name) => {
    await page.screenshot({ path: path.join(out, `administration-${name}.png`) });
    for (const offence of await offences(page)) found.push(`${name}: ${offence}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (wide > 0) found.push(`${name}: ${wide} pixels too wide`);
  };
  const page = await visit(browser, `${BASE}/console/#welcome=${await link()}`, { reducedMotion: "reduce" });

  // The first admin: the rules stand there beforehand, and what is wrong is said at the field that it is about.
  await page.waitForSelector("form.door");
  check(/without spaces/.test(await page.locator("form.door").innerText()), "the rule of names is told");
  await signIn(page, "Tess Supervisor", PASSWORD);
  check(/no spaces, no accents/.test(await fault(page)), "a name with a space is refused in words");
  equal(await focused(page), "name", "the focus is on the name");
  await signIn(page, "lan", "short");
  check(/too short/.test(await fault(page)), "a short password is refused in words");
  equal(await focused(page), "password", "the focus is on the password");
  await page.fill("input[name=password]", PASSWORD);
  await page.click("button[aria-label='Show the password']");
  equal(await page.getAttribute("input[name=password]", "type"), "text", "the password is shown");
  await look(page, "welcome");
  await page.click("form.door button.primary");
  await signedIn(page);

  // An address that leads nowhere says so.
  await page.goto(`${BASE}/console/#/settings`);
  await page.waitForSelector("h1:text('There is no such page')");
  await page.click("text=To the live calls");
  await page.waitForSelector(".wall, h1:text('Live calls')");

  // A supervisor who is restricted to one bot.
  await page.click(".top nav >> text=Administration");
  await page.click("text=Add a user");
  const form = page.locator("dialog form");
  await form.locator("input[name=name]").fill("Tess Supervisor");
  await form.locator("button.primary").click();
  check(/no spaces/.test(await fault(page, "dialog")), "the name is refused in words");
  equal(await focused(page), "name", "the focus is on the name");
  await form.locator("input[name=name]").fill("tess");
  await form.locator("select[name=role]").selectOption("supervisor");
  await form.getByLabel("Only some bots").first().check();
  await form.locator("input[value='places.vi']").check();
  await form.locator("input[name=password]").fill(OTHERS);
  await form.locator("input[name=again]").fill(`${OTHERS}!`);
  await form.locator("button.primary").click();
  check(/differ/.test(await fault(page, "dialog")), "two passwords that differ are refused");
  await form.locator("input[name=again]").fill(OTHERS);
  await look(page, "user");
  await form.locator("button.primary").click();
  const tess = page.locator("tr[data-name=tess]");
  await tess.waitFor();
  const told = await tess.innerText();
  check(/Supervisor/.test(told) && /places\.vi/.test(told), `the user's line: ${told}`);
  await look(page, "users");

  // Who signs in, and sees only that bot: a call of the other one is not there.
  const visitor = await demo(browser);
  await call(visitor);
  await hearsOut(visitor);
  const other = await visit(browser, `${BASE}/console/`, { reducedMotion: "reduce" });
  await signIn(other, "tess", OTHERS);
  await signedIn(other);
  await page.goto(`${BASE}/console/#/`);
  await until("the call on the admin's wall", () => page.locator(".rows li:visible").count());
  await until("an empty wall", () => other.locator(".empty:visible").count());
  equal(await other.locator(".rows li:visible").count(), 0, "calls of other bots on tess' wall");
  equal(await other.locator(".top nav >> text=Administration").count(), 0, "no administration for a supervisor");
  const { calls } = await api("/api/v1/calls?state=live");
  equal(await other.evaluate(async (id) => (await fetch(`/api/v1/calls/${id}`)).status, calls[0].id), 403, "that call");
  await other.goto(`${BASE}/console/#/users`);
  await other.waitForSelector("h1:text('This page is not open to you')");

  // One's own password: the others of that user end, and the next sign-in needs the new one.
  await other.click(".top .who");
  await other.fill("input[name=current]", "not this one, surely");
  await other.fill("input[name=password]", CHANGED);
  await other.fill("input[name=again]", CHANGED);
  await other.click("form.door button.primary");
  await until("the refusal", async () => /not your password/.test(await fault(other, "form.door")));
  equal(await focused(other), "current", "the focus is on the password of now");
  await other.fill("input[name=current]", OTHERS);
  await other.click("form.door button.primary");
  await other.waitForSelector(".toast >> text=another one now");
  await look(other, "password");
  await other.click("button[aria-label='Sign out']");
  await signIn(other, "tess", OTHERS);
  await until("the refusal of the old one", () => other.locator(".fault:not(:empty)").count());
  await signIn(other, "tess", CHANGED);
  await signedIn(other);

  // A token, shown once, that reads the calls of one bot and nothing else.
  await page.goto(`${BASE}/console/#/tokens`);
  await page.click("text=Make a token");
  await form.locator("input[name=name]").fill("crm");
  await form.getByLabel("Only some bots").first().check();
  await form.locator("input[value='booking.en']").check();
  await look(page, "token");
  await form.locator("button.primary").click();
  const secret = await page.locator("dialog input.secret").inputValue();
  check(secret.length >= 32, "a token is shown");
  await look(page, "token-made");
  await page.click("dialog >> text=Close");
  equal((await asks(secret, "calls")).status, 200, "the token reads calls");
  equal((await asks(secret, "users")).status, 403, "and no users");
  await page.reload();
  const crm = page.locator("tr[data-name=crm]");
  await crm.waitFor();
  check(!(await page.content()).includes(secret), "the token is shown this once");
  await look(page, "tokens");
  await crm.locator(".danger").click();
  await page.click("dialog button.danger");
  await until("the token to go", async () => (await crm.count()) === 0);
  equal((await asks(secret, "calls")).status, 401, "a token that was removed");

  // Disabled, and removed: who is either is signed out.
  await page.goto(`${BASE}/console/#/users`);
  await tess.locator("text=Disable").click();
  await tess.locator(".badge").waitFor();
  await other.waitForSelector("form.door");
  await tess.locator(".danger").click();
  check(/tess/.test(await page.locator("dialog h2").innerText()), "the question names the user");
  await page.click("dialog button.danger");
  await until("the user to go", async () => (await tess.count()) === 0);

  // The audit has it all, newest first, and leads to a call.
  await page.goto(`${BASE}/console/#/audit`);
  for (const action of ["user_added", "user_changed", "user_removed", "token_made", "token_revoked"])
    await page.locator(`tr[data-action=${action}]`).first().waitFor();
  const added = await page.locator("tr[data-action=user_added]").first().innerText();
  check(/lan/.test(added) && /tess/.test(added) && /added a user/.test(added), `the record: ${added}`);
  const made = await page.locator("tr[data-action=token_made]").first().innerText();
  check(/lan/.test(made) && /crm/.test(made) && !made.includes(secret), `the record: ${made}`);
  const order = await page.locator(".things tbody tr td:first-child").allInnerTexts();
  const numbers = order.map((text) => Number(text.match(/\d+/)[0]));
  equal(
    numbers,
    [...numbers].sort((a, b) => b - a),
    "newest first",
  );
  check(/switchboard audit verify/.test(await page.locator("main").innerText()), "how to verify it");
  await look(page, "audit");
  // Opening the call leaves a record of it, by which the audit of that call is found.
  await page.goto(`${BASE}/console/#/call/${calls[0].id}`);
  await until("the call", () => page.locator(".turn").count());
  await page.goto(`${BASE}/console/#/audit/${calls[0].id}`);
  const way = page.locator(`.things a[href='#/call/${calls[0].id}']`);
  await way.first().waitFor();
  equal(await way.count(), await page.locator(".things tbody tr").count(), "records of this call alone");
  await way.first().click();
  await until("the call again", () => page.locator(".turn").count());

  await page.goto(`${BASE}/console/#/bots`);
  await page.click("text=Read the files again");
  await page.waitForSelector(".toast >> text=The files are read");
  await look(page, "bots");

  // On a phone, in Vietnamese.
  await page.setViewportSize({ width: 390, height: 800 });
  await page.click("button:has-text('VI')");
  for (const name of ["users", "tokens", "audit", "bots", "password", "calls"]) {
    await page.goto(`${BASE}/console/#/${name}`);
    await page.waitForSelector(name === "password" ? "form.door" : "tbody tr, .empty");
    await look(page, `${name}-vi-390`);
  }
  equal(found, [], "what not everybody can read");
  check(problems(page).length === 0, problems(page).join("\n"));
  check(problems(other).length === 0, problems(other).join("\n"));
});
