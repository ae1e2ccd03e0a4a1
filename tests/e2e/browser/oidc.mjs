// Signing in by a provider that is not ours (oidc-provider, certified by the OpenID Foundation), in a real browser: the whole way, back to
// where somebody was, and what is said to those who are not let in. The provider is of another site than the console: its cookies show.
import fs from "node:fs";
import path from "node:path";
import Provider from "oidc-provider";
import { BASE, OUT, SHOP_PORT, api, check, equal, offences, play, until, visit } from "./page.mjs";

const ISSUER = `http://localhost:${SHOP_PORT}`;
/** As tests/e2e/browser.rs configures the server. */
const CLIENT = { client_id: "switchboard", client_secret: "a secret of the browser tests: + %" };

const PEOPLE = {
  ada: { email: "ada@shop.example", email_verified: true, groups: ["ops"] },
  eve: { email: "eve@shop.example", email_verified: true, groups: [] },
  mallory: { email: "lan@shop.example", email_verified: false, groups: ["ops"] },
};

async function provide() {
  const provider = new Provider(ISSUER, {
    clients: [{ ...CLIENT, redirect_uris: [`${BASE}/console/`] }],
    claims: { openid: ["sub"], email: ["email", "email_verified"], groups: ["groups"] },
    scopes: ["openid", "email", "groups"],
    pkce: { required: () => true },
    cookies: { keys: ["of the browser tests"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, ...PEOPLE[id] }) }),
  });
  provider.on("server_error", (_, fault) => console.log(`provider: ${fault.stack}`));
  return new Promise((done) => {
    const server = provider.listen(SHOP_PORT, "127.0.0.1", () => done(server));
  });
}

/** At the provider: a name, and the consent. */
async function consents(page, name) {
  await page.waitForSelector("input[name=login]");
  await page.fill("input[name=login]", name);
  await page.fill("input[name=password]", "any");
  await page.click("button[type=submit]");
  await page.waitForSelector("input[name=prompt][value=consent]", { state: "attached" });
  await page.click("button[type=submit]");
}

const door = async (page) => {
  await page.waitForSelector(".door .provider");
  return page.locator(".door .provider");
};

await play(async (open) => {
  const server = await provide();
  const out = path.join(OUT, "console");
  fs.mkdirSync(out, { recursive: true });
  const found = [];
  const look = async (page, name) => {
    await page.screenshot({ path: path.join(out, `oidc-${name}.png`) });
    for (const offence of await offences(page)) found.push(`${name}: ${offence}`);
  };
  const browser = await open();
  try {
    const page = await visit(browser, `${BASE}/console/#/today`, { locale: "en" });
    const button = await door(page);
    equal(await button.textContent(), "Sign in with Shop & Co", "the provider's name");
    await look(page, "door-en");
    await button.click();
    await consents(page, "ada");
    await page.waitForSelector(".who");
    equal(await page.textContent(".who"), "ada@shop.example", "who has signed in");
    equal(page.url(), `${BASE}/console/#/today`, "where somebody was, and no code in the address");
    const cookies = (await page.context().cookies(BASE)).filter(({ name }) => /^switchboard/.test(name));
    equal(
      cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
      [["switchboard_session", true, "Strict"]],
      "cookies",
    );
    // What changes something is done with the session's word against forgery; signing in again asks nothing any more.
    await page.click(".top button[aria-label='Sign out']");
    await (await door(page)).click();
    await page.waitForSelector(".who");
    const { users } = await api("/api/v1/users");
    equal(
      users.map(({ name, role, identity }) => [name, role, identity]),
      [["ada@shop.example", "supervisor", { issuer: ISSUER, subject: "ada" }]],
      "users",
    );
    check(
      // The provider's own page asks for a font of the internet, and for a picture that it does not have.
      page.problems.every((line) => /401|404|ERR_NAME_NOT_RESOLVED|ERR_INTERNET_DISCONNECTED/.test(line)),
      page.problems.join("\n"),
    );
    await page.context().close();

    for (const [name, locale, words] of [
      ["eve", "vi", "Shop & Co biết bạn, nhưng bạn chưa có vai trò ở đây"],
      ["mallory", "en", "Shop & Co gives no verified name or e-mail address for you"],
    ]) {
      const refused = await visit(browser, `${BASE}/console/`, {
        locale,
        colorScheme: "dark",
        viewport: { width: 390, height: 800 },
      });
      await (await door(refused)).click();
      await consents(refused, name);
      const text = () => refused.locator(".fault").textContent();
      await until("the refusal", async () => (await refused.locator(".fault:not(:empty)").count()) && text());
      check((await text()).startsWith(words), await text());
      equal(refused.url(), `${BASE}/console/#/`, "no code in the address");
      await look(refused, `refused-${name}-${locale}`);
      await refused.context().close();
    }

    const denied = await visit(browser, `${BASE}/console/`, { locale: "en" });
    await (await door(denied)).click();
    await denied.waitForSelector("input[name=login]");
    await denied.click("a:has-text('Cancel')");
    await denied.waitForSelector(".fault:not(:empty)");
    check((await denied.textContent(".fault")).startsWith("Shop & Co did not sign you in"), "it was cancelled there");
    // A way back that this browser has not begun.
    await denied.goto(`${BASE}/console/?code=x&state=y`);
    await denied.waitForSelector(".fault:not(:empty)");
    check((await denied.textContent(".fault")).startsWith("This sign-in took too long"), "a made-up answer");
    await denied.context().close();

    const { records } = await api("/api/v1/audit?limit=100");
    const failed = records
      .filter(({ action }) => action === "sign_in_failed")
      .map(({ detail }) => JSON.parse(detail).why);
    equal(failed.reverse(), ["no_role", "no_name", "provider_refused", "sign_in_over"], "the audit");
  } finally {
    server.close();
    server.closeAllConnections();
  }
  check(found.length === 0, `serious or critical:\n${found.join("\n")}`);
});
