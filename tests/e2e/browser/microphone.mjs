// A microphone that is denied, missing, or kept from an insecure page: help in words, and the call goes on by typing.
import { BASE, call, check, demo, equal, events, play, reaches, until } from "./page.mjs";

const notice = (page) => page.locator(".notice").innerText();

await play(async (open) => {
  // Denied: help for this browser; then typing works, and nothing of the refused call reached the server's lines.
  const denying = await demo(await open({ device: true }), { microphone: false, permissions: [] });
  await denying.locator("button.begin").click();
  await until("help", () => denying.locator(".notice").isVisible());
  check(
    /blocked for this page/.test(await notice(denying)) && /left of the address/.test(await notice(denying)),
    `help for Chrome: ${await notice(denying)}`,
  );
  equal(await denying.locator("button.begin").innerText(), "Try again", "what the button says");
  equal(
    (await events(denying, "error")).map((event) => [event.code, event.fatal]),
    [["denied", true]],
    "errors",
  );
  equal(
    await denying.evaluate(() =>
      ["ios", "ios_other", "safari", "firefox", "edge", "android", "chrome"].map(
        (name) =>
          Switchboard.browser(
            {
              ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1",
              ios_other:
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 CriOS/130.0 Mobile/15E148 Safari/604.1",
              safari:
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/18.0 Safari/605.1.15",
              firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
              edge: "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
              android: "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
              chrome: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36",
            }[name],
          ) === name,
      ),
    ),
    Array(7).fill(true),
    "browsers told apart",
  );
  await call(denying, "button.plain");
  await reaches(denying, ["speaking", "listening"]);
  check(!(await denying.locator(".notice").isVisible()), "the help is gone");
  // Allowed in the browser's settings in the middle of the call.
  await denying.context().grantPermissions(["microphone"]);
  await denying.locator("button.mute").click();
  await until("the microphone", () => denying.evaluate(() => window.probe.face.call.hears));
  await denying.locator("button.hangup").click();

  // None at all.
  const none = await demo(await open(), { microphone: false });
  await none.locator("button.begin").click();
  await until("help", () => none.locator(".notice").isVisible());
  check(/No microphone was found/.test(await notice(none)), `no microphone: ${await notice(none)}`);

  // A page without https, off this machine.
  const port = new URL(BASE).port;
  const browser = await open({ device: true, flags: ["--host-resolver-rules=MAP shop.test 127.0.0.1"] });
  const context = await browser.newContext({ locale: "en-GB" });
  const page = await context.newPage();
  await page.goto(`http://shop.test:${port}/?lang=en`);
  check(/not secure/.test(await page.locator("#warning").innerText()), "the demo page says what to do");
  await page.waitForSelector("switchboard-call[ready]");
  check(/not secure/.test(await notice(page)), `insecure: ${await notice(page)}`);
  check(await page.locator("button.plain").isVisible(), "typing is offered");
});
