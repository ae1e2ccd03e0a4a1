// What every state looks like: pictures in both languages, light and dark, on a phone and on a desk; and axe's opinion.
import fs from "node:fs";
import path from "node:path";
import {
  BASE,
  OUT,
  SHOP,
  call,
  check,
  demo,
  html,
  offences,
  pause,
  play,
  reaches,
  say,
  shop,
  until,
  visit,
} from "./page.mjs";

const WORDS = {
  en: {
    bot: "booking.en",
    lines: [
      "Hello, this is the room booking line.",
      "Would you like to book a room, or cancel a booking?",
      "In which city do you need the room?",
      "For which day?",
    ],
    said: ["book a", "I want to book a room please", "mountain view"],
  },
  vi: {
    bot: "places.vi",
    lines: [
      "Xin chào, đây là dịch vụ tìm địa điểm.",
      "Quý khách tìm cà phê, khách sạn, karaoke, mát xa, hay trạm ATM?",
      "Quý khách muốn tìm khách sạn, đúng không?",
      "Yêu cầu tìm khách sạn đã được ghi nhận.",
    ],
    said: ["khách", "tìm khách sạn", "đúng rồi"],
  },
};

await play(async (open) => {
  fs.mkdirSync(OUT, { recursive: true });
  const browser = await open({ flags: ["--autoplay-policy=no-user-gesture-required"] });
  const found = [];
  const sites = { "/en": "", "/vi": "" };
  for (const lang of ["en", "vi"])
    sites[`/${lang}`] = html(
      `<p>${"Chairs, tables, lamps. ".repeat(40)}</p><script src="${BASE}/widget.js" data-bot="booking.en"></script>`,
      lang,
    );
  const server = await shop(sites);
  // Every width in either light, every language in both.
  await Promise.all(
    [
      ["en", "light", 1280],
      ["en", "dark", 360],
      ["vi", "light", 360],
      ["vi", "dark", 1280],
    ].map(async ([lang, colorScheme, width]) => {
      const size = { colorScheme, viewport: { width, height: width === 360 ? 740 : 900 }, hasTouch: width === 360 };
      const look = async (page, name) => {
        await pause(120);
        await page.screenshot({ path: path.join(OUT, `${name}-${lang}-${colorScheme}-${width}.png`) });
        for (const offence of await offences(page)) found.push(`${name} ${lang} ${colorScheme} ${width}: ${offence}`);
      };
      const page = await demo(browser, { lang, ...size });
      await page.evaluate((name) => document.querySelector(`input[value="${name}"]`)?.click(), WORDS[lang].bot);
      await page.waitForSelector("switchboard-call[ready]");
      await look(page, "page");
      await page.evaluate(() => document.querySelector("switchboard-call").scrollIntoView({ block: "center" }));
      await look(page, "idle");

      // The server's own messages are kept away: each state stands still for its picture.
      await page.evaluate(() => {
        const make = RTCPeerConnection.prototype.createDataChannel;
        RTCPeerConnection.prototype.createDataChannel = function (...all) {
          const channel = make.apply(this, all);
          channel.addEventListener(
            "message",
            (event) => event.isTrusted && !/"hello"/.test(event.data) && event.stopImmediatePropagation(),
          );
          return channel;
        };
      });
      const tell = (...messages) =>
        page.evaluate((messages) => {
          for (const message of messages)
            window.probe.channels.at(-1).dispatchEvent(new MessageEvent("message", { data: JSON.stringify(message) }));
        }, messages);
      let through;
      await page.route("**/api/v1/widget/calls", async (route) => {
        await new Promise((go) => {
          through = go;
        });
        return route.continue();
      });
      await page.locator("button.begin").click();
      await until("the call to be sent", () => through);
      await look(page, "connecting");
      through();
      await until("the channel", () =>
        page.evaluate(() => window.probe.events.some((event) => event.type === "hello")),
      );
      const { lines, said } = WORDS[lang];
      await tell(
        { type: "state", state: "speaking" },
        { type: "bot", say: 1, turn: 0, text: lines[0] },
        { type: "bot", say: 2, turn: 0, text: lines[1] },
        { type: "spoken", say: 1, chars: 99, done: true },
        { type: "spoken", say: 2, chars: 17, done: false },
      );
      await look(page, "speaking");
      await tell(
        { type: "interrupted", say: 2, chars: 17 },
        { type: "caption", turn: 1, text: said[0], final: false },
        { type: "state", state: "listening" },
        { type: "expect", keys: true, secret: false },
      );
      await say(page, "i-want-to-book-a-room-please");
      await pause(500);
      await look(page, "listening");
      await tell(
        { type: "caption", turn: 1, text: said[1], final: true, by: "voice" },
        { type: "state", state: "thinking" },
      );
      await look(page, "thinking");
      await tell(
        { type: "bot", say: 3, turn: 2, text: lines[2] },
        { type: "spoken", say: 3, chars: 99, done: true },
        { type: "caption", turn: 3, text: said[2], final: true, by: "text" },
        {
          type: "latency",
          turn: 1,
          endpoint_ms: 216,
          recognise_ms: 175,
          think_ms: 3,
          synthesise_ms: 14,
          playout_ms: 12,
          total_ms: 420,
        },
        {
          type: "latency",
          turn: 3,
          endpoint_ms: 316,
          recognise_ms: 275,
          think_ms: 40,
          synthesise_ms: 64,
          playout_ms: 12,
          total_ms: 707,
        },
        { type: "slot", name: "place", value: said[2], confirmed: false },
        { type: "slot", name: "people", value: 2, confirmed: true },
        { type: "bot", say: 4, turn: 4, text: lines[3] },
        { type: "spoken", say: 4, chars: 99, done: true },
        { type: "state", state: "listening" },
      );
      await page.locator("button.pad").click();
      await look(page, "keypad");
      await page.locator("button.sound").click();
      await look(page, "sound");
      await page.locator("button.sound").click();
      await page.locator("button.mute").click();
      await look(page, "muted");
      await page.locator("button.mute").click();
      await tell({ type: "expect", keys: true, secret: true });
      await look(page, "secret");
      await tell({ type: "expect", keys: false, secret: false }, { type: "error", code: "deaf", message: "" });
      await look(page, "deaf");
      await page.evaluate(() =>
        scrollTo(0, document.querySelector("#turns").getBoundingClientRect().top + scrollY - 200),
      );
      await look(page, "latency");
      await page.evaluate(() => document.querySelector("switchboard-call").scrollIntoView({ block: "center" }));
      // No packet is counted any more, and nothing answers.
      await page.route("**/api/v1/widget/calls/*", (route) =>
        route.request().method() === "PATCH" ? route.abort() : route.continue(),
      );
      await page.evaluate(() => (RTCRtpReceiver.prototype.getStats = async () => new Map()));
      await reaches(page, "reconnecting");
      await look(page, "reconnecting");
      await tell({ type: "end", blame: "nobody", reason: "done" });
      await reaches(page, "ended");
      await look(page, "ended");
      await page.evaluate(
        () =>
          (navigator.mediaDevices.getUserMedia = async () => {
            throw new DOMException("Permission denied", "NotAllowedError");
          }),
      );
      await page.locator("button.begin").click();
      await until("help", () => page.locator(".notice").isVisible());
      await look(page, "denied");
      await page.context().close();

      const other = await visit(browser, `${SHOP}/${lang}`, size);
      await other.waitForSelector("switchboard-call[ready]");
      await look(other, "launcher");
      await other.locator("button.launch").click();
      await look(other, "floating");
      await call(other);
      await look(other, "floating-call");
      await other.context().close();
    }),
  );
  server.close();
  check(found.length === 0, `serious or critical:\n${found.join("\n")}`);
  console.log(`pictures: ${fs.readdirSync(OUT).length} in ${path.basename(path.dirname(OUT))}/${path.basename(OUT)}`);
});
