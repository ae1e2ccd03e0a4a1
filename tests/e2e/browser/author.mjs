// A page that is not set up as it has to be: its author reads in the console what to mend, the visitor a neutral sentence.
import { BASE, SHOP, SHOP_PORT, check, equal, events, html, play, shop, until, visit } from "./page.mjs";

const SCRIPT = `<script src="${BASE}/widget.js"></script>`;
const NEUTRAL = {
  en: /^Calls from this page are not possible at the moment\.$/,
  vi: /^Hiện chưa thể gọi từ trang này\.$/,
};

await play(async (open) => {
  const browser = await open();
  const element = (attributes) => `<switchboard-call ${attributes}></switchboard-call>${SCRIPT}`;
  const pages = {
    "/nameless": html(element("")),
    "/empty": html(`<script src="${BASE}/widget.js" data-bot=""></script>`, "vi"),
    "/nowhere": html(element(`bot="booking.en" server="calls.example"`)),
    "/absent": html(element(`bot="nobody.en"`)),
    "/token": html(element(`bot="booking.en" token-url="/call-token"`)),
    "/garden": html(element(`bot="booking.en" token-url="http://[nowhere/"`)),
    "/plain": html(element(`bot="booking.en"`)),
    "/sandbox": html(
      `<iframe src="/plain" sandbox="allow-scripts" allow="microphone" width="400" height="640"></iframe>`,
    ),
    "/frame": html(`<iframe src="${SHOP.replace("127.0.0.1", "localhost")}/plain" width="400" height="640"></iframe>`),
  };
  const server = await shop(pages);

  /** Starts a call there; gives what the visitor reads and what the author does. */
  const calls = async (path, { frame, before, lang = "en", neutral = true, code = "setup", ...options } = {}) => {
    const page = await visit(browser, `${SHOP}${path}`, options);
    const inner = frame
      ? await until("the frame", () =>
          page.frames().find((one) => one !== page.mainFrame() && one.url() !== "about:blank"),
        )
      : page;
    await inner.waitForSelector("switchboard-call[ready]");
    await before?.(page);
    if (await inner.locator("button.launch").isVisible()) await inner.locator("button.launch").click();
    await inner.locator("button.begin").click();
    await until("a notice", () => inner.locator(".notice").isVisible());
    const told = (await inner.locator(".notice").innerText()).trim();
    if (neutral) check(NEUTRAL[lang].test(told), `what the visitor reads on ${path}: ${told}`);
    equal(
      (await events(inner, "error")).map((error) => error.code),
      [code],
      `errors on ${path}`,
    );
    check(
      await inner.evaluate(() => window.probe.tracks.every((track) => track.readyState === "ended")),
      "the microphone is let go of",
    );
    const lines = page.problems.filter((line) => line.startsWith("Switchboard: "));
    equal(lines.length, 1, `lines for the author of ${path}: ${lines.join(" | ")}`);
    await page.context().close();
    return { told, line: lines[0] };
  };
  const names = async (path, words, options) => {
    const { line } = await calls(path, options);
    for (const word of words) check(line.includes(word), `${path} names ${word}: ${line}`);
    console.log(`${path}: ${line}`);
  };

  await names("/nameless", [`attribute "bot"`, "data-bot"]);
  // Nobody is asked for a microphone for a call that cannot be.
  await names("/nameless", [`attribute "bot"`], {
    before: (page) =>
      page.evaluate(
        () =>
          (navigator.mediaDevices.getUserMedia = () => {
            throw new Error("asked");
          }),
      ),
  });
  await names("/nowhere", [`server="calls.example"`]);
  await names("/absent", [`bot="nobody.en"`], { code: "refused" });

  // The site's own server.
  const answers = async (fulfil, words, options) =>
    names("/token", ["token-url", `${SHOP}/call-token`, ...words], {
      before: (page) => page.route("**/call-token", (route) => route.fulfill(fulfil)),
      ...options,
    });
  await answers({ status: 500, body: "oops" }, ["500"]);
  await answers({ status: 404, body: "" }, ["404"]);
  await answers({ status: 403, contentType: "application/json", body: '{"detail":"sign in first"}' }, [
    "403",
    "sign in first",
  ]);
  await answers({ status: 200, contentType: "text/html", body: "<h1>Sign in</h1>" }, ["without a token"]);
  await answers({ status: 200, contentType: "application/json", body: "{}" }, ["without a token"]);
  await names("/token", ["token-url", `${SHOP}/call-token`], {
    before: (page) => page.route("**/call-token", (route) => route.abort()),
    neutral: false,
    code: "unreachable",
  });
  await names("/garden", [`token-url="http://[nowhere/"`]);

  // What keeps the page from the server.
  pages.policy = `default-src 'none'; script-src ${BASE}; style-src ${BASE}; connect-src 'self'`;
  await names("/plain", ["Content-Security-Policy", "connect-src", BASE]);
  pages.policy = "";
  await names("/sandbox", ["sandbox", "allow-same-origin", `allow="microphone; autoplay"`], { frame: true });
  const stranger = await visit(browser, `http://localhost:${SHOP_PORT}/plain`);
  await stranger.waitForSelector("switchboard-call[ready]");
  await stranger.locator("button.begin").click();
  await until("a line for the author", () => stranger.problems.some((line) => line.startsWith("Switchboard: ")));
  check(
    stranger.problems.some((line) => line.includes("widget.origins") && line.includes(`http://localhost:${SHOP_PORT}`)),
    stranger.problems.join(" | "),
  );

  // A frame without a microphone: the visitor can type, the author reads which attribute.
  const { told, line } = await calls("/frame", { frame: true, microphone: false, neutral: false, code: "policy" });
  check(/^This page has no access to the microphone\. You can still type\.$/.test(told), told);
  check(line.includes(`allow="microphone; autoplay"`) && line.includes("Permissions-Policy"), line);

  // Without the style sheet, blocked or missing: a sentence, and nothing that is laid out by nothing.
  for (const [path, word] of [
    ["/plain", "cannot be shown"],
    ["/empty", "Không hiển thị được cuộc gọi"],
  ]) {
    pages.policy = path === "/plain" ? `default-src 'none'; script-src ${BASE}; connect-src ${BASE}` : "";
    const bald = await visit(browser, "about:blank");
    if (path === "/empty") await bald.route("**/widget.css", (route) => route.fulfill({ status: 404, body: "" }));
    await bald.goto(`${SHOP}${path}`);
    await bald.waitForSelector("switchboard-call[ready]");
    equal(
      await bald.evaluate(() =>
        [...window.probe.face.shadowRoot.querySelectorAll("*")]
          .filter((one) => one.getClientRects().length)
          .map((one) => one.localName),
      ),
      ["p"],
      "what is to be seen without looks",
    );
    const sentence = await bald.evaluate(() => window.probe.face.shadowRoot.textContent.trim());
    check(sentence.includes(word), sentence);
    check(
      bald.problems.some((line) => line.includes(`${BASE}/widget.css`) && line.includes("style-src")),
      bald.problems.join(" | "),
    );
    await bald.context().close();
  }
  pages.policy = "";
  // And nothing is shown before it is there.
  const late = await visit(browser, "about:blank");
  let through;
  await late.route("**/widget.css", async (route) => {
    await new Promise((go) => {
      through = go;
    });
    return route.continue();
  });
  await late.goto(`${SHOP}/plain`, { waitUntil: "commit" });
  await until("the style sheet to be asked for", () => through);
  equal(
    await late.evaluate(
      () =>
        [...document.querySelector("switchboard-call").shadowRoot.querySelectorAll("*")].filter(
          (one) => one.getClientRects().length,
        ).length,
    ),
    0,
    "what is to be seen before its looks are there",
  );
  through();
  await late.waitForSelector("switchboard-call[ready]");
  check(await late.locator("button.begin").isVisible(), "then it is shown");

  // A server whose widget is switched off says so with a code.
  const off = {
    status: 503,
    contentType: "application/problem+json",
    body: JSON.stringify({
      type: "about:blank",
      title: "Service Unavailable",
      status: 503,
      detail: "this server takes no calls from pages (widget.enabled)",
      code: "widget_off",
    }),
    headers: { "access-control-allow-origin": "*", "access-control-allow-headers": "*" },
  };
  for (const [lang, sentence] of [
    ["en", "Calls from web pages are switched off"],
    ["vi", "hiện đang tắt"],
  ]) {
    const page = await visit(browser, `${SHOP}/plain`);
    await page.route("**/api/v1/widget/**", (route) => route.fulfill(off));
    await page.waitForSelector("switchboard-call[ready]");
    await page.evaluate((lang) => window.probe.face.setAttribute("lang", lang), lang);
    await page.locator("button.begin").click();
    await until("a notice", () => page.locator(".notice").isVisible());
    check((await page.locator(".notice").innerText()).includes(sentence), await page.locator(".notice").innerText());
    equal(
      (await events(page, "error")).map(({ code }) => code),
      ["off"],
      "errors",
    );
    const demo = await visit(browser, "about:blank");
    await demo.route("**/api/v1/widget/bots", (route) => route.fulfill(off));
    await demo.goto(`${BASE}/?lang=${lang}`);
    await until("the demo page to say so", async () =>
      (await demo.locator("#warning").innerText()).includes("enabled = true"),
    );
    await page.context().close();
  }
  server.close();
});
