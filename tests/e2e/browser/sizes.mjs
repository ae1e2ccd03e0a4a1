// Small screens and colours: the open panel is a dialog in the page's place, nothing is cut, and a site's accent stays readable.
import { BASE, SHOP, call, check, demo, equal, html, pause, play, shop, until, visit } from "./page.mjs";

const LONG = "The assistant can book a room in every city, for any day and for as many people as you like.";

/** What is to be read or pressed and cannot be: not inside the window once scrolled to, covered, or wider than the screen. */
const cut = (page) =>
  page.evaluate(async () => {
    const { shadowRoot: root } = window.probe.face;
    const seen = [...root.querySelectorAll("button, input, select, .title, .word, .hint, .notice p, .intro p")].filter(
      (one) =>
        one.getClientRects().length && one.closest("dialog, .launch") && getComputedStyle(one).clipPath === "none",
    );
    const found = [];
    for (const one of seen) {
      one.scrollIntoView({ block: "nearest", behavior: "instant" });
      await new Promise(requestAnimationFrame);
      const { left, right, top, bottom } = one.getBoundingClientRect();
      const name = `${one.className || one.localName} ${one.textContent.slice(0, 30)}`;
      if (left < 0 || right > innerWidth + 0.5 || top < -0.5 || bottom > innerHeight + 0.5)
        found.push(`${name}: ${[left, right, top, bottom].map(Math.round)}`);
      const at = root.elementFromPoint((left + right) / 2, (top + bottom) / 2);
      if (!at || !(one.contains(at) || at.contains(one))) found.push(`${name} is covered by ${at?.className}`);
      // A title may end in an ellipsis.
      if (one.localName === "button" && one.scrollWidth > one.clientWidth + 1)
        found.push(`${name}: text wider than its button`);
    }
    const [panel, log] = [root.querySelector(".panel"), root.querySelector(".log")];
    if (log.getClientRects().length && (log.clientHeight < 36 || log.scrollWidth > log.clientWidth))
      found.push(`the conversation: ${log.clientHeight} high, ${log.scrollWidth} in ${log.clientWidth} wide`);
    if (panel.scrollWidth > panel.clientWidth)
      found.push(`the panel scrolls sideways: ${panel.scrollWidth} in ${panel.clientWidth}`);
    return found;
  });

await play(async (open) => {
  const browser = await open({ flags: ["--autoplay-policy=no-user-gesture-required"] });
  const site = (bot, more = "") =>
    `<p>${"Chairs, tables, lamps. ".repeat(40)}</p><a href="#there">Imprint</a><script src="${BASE}/widget.js" data-bot="${bot}" ${more}></script>`;
  const server = await shop({
    "/en": html(site("booking.en")),
    "/vi": html(site("places.vi"), "vi"),
    "/colour": html(`<switchboard-call bot="booking.en"></switchboard-call><script src="${BASE}/widget.js"></script>`),
  });

  for (const [width, height, lang] of [
    [320, 256, "en"],
    [320, 256, "vi"],
    [390, 350, "vi"],
    [360, 640, "en"],
    [844, 390, "en"],
  ]) {
    const page = await visit(browser, `${SHOP}/${lang}`, { viewport: { width, height }, hasTouch: true });
    const whole = async (what) => equal(await cut(page), [], `${what} at ${width}×${height} ${lang}`);
    await page.waitForSelector("switchboard-call[ready]");
    await page.locator("button.launch").click();
    const modal = () => page.evaluate(() => window.probe.face.shadowRoot.querySelector("dialog")?.matches(":modal"));
    check(await modal(), "the panel is a dialog that stands in the page's place");
    // The page behind is inert: nothing of it is focused, however often Tab is pressed.
    for (let n = 0; n < 8; n++) {
      await page.keyboard.press("Tab");
      check((await page.evaluate(() => document.activeElement.localName)) !== "a", "focus stays in the dialog");
    }
    await whole("idle");
    await call(page);
    await page.evaluate((text) => {
      for (const message of [
        { type: "bot", say: 900, turn: 90, text },
        { type: "caption", turn: 91, text, final: true, by: "voice" },
      ])
        window.probe.channels.at(-1).dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
    }, LONG);
    await whole("in a call");
    await page.locator("button.pad").click();
    await whole("keypad");
    await page.locator("button.sound").click();
    await whole("sound");
    await page.locator("button.sound").click();
    await page.evaluate(() =>
      window.probe.channels
        .at(-1)
        .dispatchEvent(new MessageEvent("message", { data: '{"type":"error","code":"deaf"}' })),
    );
    await whole("a notice");
    // Escape closes the keypad, which a bot that is deaf has opened, and then the panel; the call goes on.
    equal(await page.locator(".dial").isVisible(), true, "a keypad for a bot that is deaf");
    await page.keyboard.press("Escape");
    check(await modal(), "the first Escape is the keypad's");
    await page.keyboard.press("Escape");
    check(!(await modal()), "Escape closes");
    check(
      (await page.locator("button.launch").isVisible()) && (await page.evaluate(() => window.probe.face.call.live)),
      "the call goes on behind its button",
    );
    await page.locator("button.launch").click();
    await page.evaluate(() => window.probe.face.stop());
    await whole("ended");
    await page.evaluate(
      () =>
        (navigator.mediaDevices.getUserMedia = async () => {
          throw new DOMException("Permission denied", "NotAllowedError");
        }),
    );
    await page.locator("button.begin").click();
    await until("help", () => page.locator(".notice").isVisible());
    await whole("denied");
    // Turned, or enlarged less: beside the page again.
    await page.setViewportSize({ width: 1100, height: 800 });
    await until("the panel beside the page", async () => !(await modal()) && page.locator("dialog").isVisible());
    equal(page.problems, [], "problems of the page");
    await page.context().close();
  }

  for (const lang of ["en", "vi"]) {
    const page = await demo(browser, { lang, viewport: { width: 320, height: 256 } });
    await page.evaluate((text) => {
      const { face } = window.probe;
      face.dispatchEvent(new CustomEvent("caption", { detail: { turn: 1, text, final: true } }));
      face.dispatchEvent(
        new CustomEvent("latency", {
          detail: {
            turn: 1,
            endpoint_ms: 216,
            recognise_ms: 175,
            think_ms: 3,
            synthesise_ms: 14,
            playout_ms: 12,
            total_ms: 420,
          },
        }),
      );
    }, LONG);
    equal(await page.evaluate(() => document.documentElement.scrollWidth), 320, `the width of the demo page, ${lang}`);
    equal(
      await page.evaluate(
        () =>
          [...document.querySelectorAll("#turns th, #turns td")].filter(
            (cell) => cell.getBoundingClientRect().right > 320,
          ).length,
      ),
      0,
      "cells that are cut",
    );
    equal(
      await page.evaluate(
        () => [...document.querySelectorAll("#turns thead th")].filter((cell) => !cell.textContent.trim()).length,
      ),
      0,
      "columns without a name",
    );
    equal(
      await page.locator("#turns").getByRole("columnheader").count(),
      await page.locator("#turns tbody tr").first().locator("th, td").count(),
      "a header for each column",
    );
    await page.context().close();
  }

  // WCAG 2.2: text 4.5 : 1, marks 3 : 1, whatever accent a site sets, and nothing else.
  const worst = { text: 99, mark: 99 };
  for (const colorScheme of ["light", "dark"]) {
    const page = await visit(browser, `${SHOP}/colour`, { colorScheme });
    await page.waitForSelector("switchboard-call[ready]");
    for (const accent of [
      "",
      "#000",
      "#fff",
      "#777",
      "#0b6b5d",
      "#00f",
      "#f00",
      "#ff0",
      "#0f0",
      "#c2185b",
      "#3949ab",
      "#ffb300",
      "#112233",
      "#bada55",
      "#7b3f00",
    ]) {
      const ratios = await page.evaluate(async (accent) => {
        const { face } = window.probe;
        face.style.setProperty("--switchboard-accent", accent || "initial");
        if (!accent) face.style.removeProperty("--switchboard-accent");
        const root = face.shadowRoot;
        const canvas = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
        const luminance = (colour) => {
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((c) =>
            c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
          );
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const contrast = (a, b) =>
          ((x, y) => (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05))(luminance(a), luminance(b));
        const of = (part, property) => getComputedStyle(root.querySelector(part))[property];
        const bubble = document.createElement("div");
        bubble.className = "turn you";
        root.querySelector(".log").append(bubble);
        const found = {
          text: [
            contrast(of(".begin", "color"), of(".begin", "backgroundColor")),
            contrast(of(".launch", "color"), of(".launch", "backgroundColor")),
            contrast(of(".turn.you", "color"), of(".turn.you", "backgroundColor")),
          ],
          mark: [
            contrast(of(".mark", "color"), of(".mark", "backgroundColor")),
            contrast(of(".orb", "color"), of(".orb", "backgroundColor")),
            contrast(of(".meter", "color"), of(".stage", "backgroundColor")),
            contrast(of(".meter", "color"), of(".panel", "backgroundColor")),
          ],
        };
        bubble.remove();
        return found;
      }, accent);
      for (const [kind, least] of [
        ["text", 4.5],
        ["mark", 3],
      ]) {
        const low = Math.min(...ratios[kind]);
        worst[kind] = Math.min(worst[kind], low);
        check(
          low >= least,
          `${kind} with accent ${accent || "of its own"}, ${colorScheme}: ${ratios[kind].map((ratio) => ratio.toFixed(2))}`,
        );
      }
    }
    await page.context().close();
  }
  await pause(0);
  server.close();
  console.log(`accents: text ${worst.text.toFixed(2)} : 1 and marks ${worst.mark.toFixed(2)} : 1 at least`);
});
