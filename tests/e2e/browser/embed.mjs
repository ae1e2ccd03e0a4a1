// On other sites: a classic script under a strict policy, a module, `import()` without a face, and a site with a server.
import { gzipSync } from "node:zlib";
import { ADMIN, BASE, SHOP, check, equal, events, html, play, reaches, shop, until, visit } from "./page.mjs";

await play(async (open) => {
  const files = await Promise.all(
    ["widget.js", "widget.css"].map(async (name) => (await fetch(`${BASE}/${name}`)).text()),
  );
  const weight = files.reduce((sum, text) => sum + gzipSync(text, { level: 9 }).length, 0);
  console.log(`widget.js and widget.css are ${weight} bytes gzipped`);
  check(weight < 25000, "the widget stays under 25 KB gzipped");

  const browser = await open();
  const pages = {
    "/classic": html(
      `<script src="${BASE}/widget.js" data-bot="booking.en" data-heading="Book a room" data-theme="dark"></script>`,
    ),
    "/module": html(`<script type="module" src="${BASE}/widget.js" data-bot="booking.en"></script>`, "vi"),
    "/bare": html(`<button id="go">Call</button>`),
    "/own": html(
      `<switchboard-call bot="booking.en" token-url="/token"></switchboard-call><script src="${BASE}/widget.js"></script>`,
    ),
    policy: `default-src 'none'; script-src ${BASE}; style-src ${BASE}; connect-src ${BASE} 'self'; require-trusted-types-for 'script'`,
  };
  const server = await shop(pages);

  const classic = await visit(browser, `${SHOP}/classic`);
  await classic.waitForSelector("switchboard-call[floating][ready]");
  check(!(await classic.locator(".panel").isVisible()), "the panel is closed at first");
  await classic.getByRole("button", { name: "Book a room" }).click();
  equal(
    await classic.evaluate(() => document.activeElement.shadowRoot.activeElement.className),
    "begin",
    "focus in the open panel",
  );
  await classic.keyboard.press("Escape");
  equal(
    await classic.evaluate(() => document.activeElement.shadowRoot.activeElement.className),
    "launch",
    "focus comes back",
  );
  await classic.keyboard.press("Enter");
  await classic.keyboard.press("Enter");
  await reaches(classic, ["speaking", "listening"]);
  await classic.locator("button.minimise").click();
  check(
    /Open the call/.test(await classic.locator("button.launch").getAttribute("aria-label")),
    "the call goes on behind its button",
  );
  await classic.evaluate(() => document.querySelector("switchboard-call").remove());
  await until("the call to end", async () => (await events(classic, "end")).length);
  equal(classic.problems, [], "problems under a strict policy");

  const module = await visit(browser, `${SHOP}/module`);
  await module.waitForSelector("switchboard-call[floating][ready]");
  equal(await module.locator("button.launch").innerText(), "Trò chuyện với chúng tôi", "the page's language");
  equal(module.problems, [], "problems as a module");

  pages.policy = "";
  const bare = await visit(browser, `${SHOP}/bare`);
  await bare.evaluate(async (base) => {
    await import(`${base}/widget.js`);
    const call = new Switchboard.Call({ bot: "booking.en" });
    window.line = call;
    window.seen = [];
    for (const type of ["state", "bot", "end"])
      call.addEventListener(type, ({ detail }) => window.seen.push([type, detail]));
    document.querySelector("#go").onclick = () => call.start();
  }, BASE);
  await bare.locator("#go").click();
  await until("the bot's words", () => bare.evaluate(() => window.seen.some(([type]) => type === "bot")));
  await bare.evaluate(() => window.line.stop());
  equal(
    await bare.evaluate(() => [window.line.state, window.seen.at(-1)[1].blame]),
    ["ended", "caller"],
    "a call without a face",
  );

  // The site's own server fetches the token; the page never holds another right than this one call. A site that is not among
  // widget.origins (the same machine by another name) needs nothing else.
  for (const site of [SHOP, SHOP.replace("127.0.0.1", "localhost")]) {
    const own = await visit(browser, `${site}/own`);
    await own.route("**/token", async (route) => {
      const minted = await fetch(`${BASE}/api/v1/widget/sessions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${ADMIN}` },
        body: JSON.stringify({ ...JSON.parse(route.request().postData()), origin: site }),
      });
      await route.fulfill({ status: minted.status, contentType: "application/json", body: await minted.text() });
    });
    await own.waitForSelector("switchboard-call[ready]");
    await own.locator("button.begin").click();
    await reaches(own, ["speaking", "listening"]);
    equal(await own.locator(".title").textContent(), "Room booking", "the bot's title");
    await own.evaluate(() => window.probe.face.stop());
    equal(await own.evaluate(() => window.probe.face.state), "ended", "state");
  }
  server.close();
});
