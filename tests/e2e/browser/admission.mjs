// Who may call: tokens work once and from their own page, other pages are refused, floods too, each with a reason.
import { ADMIN, BASE, SHOP, SHOP_PORT, check, demo, equal, html, play, shop, until, visit } from "./page.mjs";

await play(async (open) => {
  const browser = await open();
  const page = await demo(browser);
  const mint = (body, headers) =>
    fetch(`${BASE}/api/v1/widget/sessions`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  const dial = (token, origin, offer) =>
    fetch(`${BASE}/api/v1/widget/calls`, {
      method: "POST",
      headers: { "content-type": "application/sdp", authorization: `Bearer ${token}`, origin },
      body: offer,
    });
  const offer = await page.evaluate(async () => {
    const peer = new RTCPeerConnection();
    peer.addTransceiver("audio");
    peer.createDataChannel("switchboard", { protocol: "switchboard.v1" });
    await peer.setLocalDescription();
    return peer.localDescription.sdp;
  });
  const problem = async (answer, status, what) => {
    equal(answer.status, status, what);
    check(
      answer.headers.get("content-type").startsWith("application/problem+json"),
      `${what}: ${answer.headers.get("content-type")}`,
    );
    const told = await answer.json();
    check(told.status === status && told.detail?.length > 10, `${what}: ${JSON.stringify(told)}`);
  };

  // Server to server.
  const minted = await mint({ bot: "booking.en", origin: SHOP }, { authorization: `Bearer ${ADMIN}` });
  equal(minted.status, 201, "a session for another site");
  const { token, protocol, ice_servers, grace_ms, expires_at } = await minted.json();
  check(
    protocol === 1 && Array.isArray(ice_servers) && grace_ms > 0 && Date.parse(expires_at) > Date.now(),
    "what a session holds",
  );
  await problem(await dial(token, BASE, offer), 403, "a token on another page than its own");
  const fresh = (await (await mint({ bot: "booking.en", origin: SHOP }, { authorization: `Bearer ${ADMIN}` })).json())
    .token;
  const first = await dial(fresh, SHOP, offer);
  equal(first.status, 201, "a call");
  const location = first.headers.get("location");
  check(
    /^"\d+"$/.test(first.headers.get("etag")) && location.startsWith("/api/v1/widget/calls/"),
    "what a call's answer holds",
  );
  await problem(await dial(fresh, SHOP, offer), 401, "a token used twice");
  await problem(await dial("0".repeat(43), SHOP, offer), 401, "a token that nobody made");
  const bearer = { authorization: `Bearer ${fresh}`, origin: SHOP };
  const frag = { ...bearer, "content-type": "application/trickle-ice-sdpfrag" };
  await problem(
    await fetch(BASE + location, {
      method: "PATCH",
      headers: { ...frag, "if-match": '"999"' },
      body: "a=ice-ufrag:aaaa\r\na=ice-pwd:bbbbbbbbbbbbbbbbbbbbbb\r\n",
    }),
    412,
    "candidates of another session",
  );
  equal((await fetch(BASE + location, { method: "DELETE", headers: bearer })).status, 200, "hanging up");
  await until(
    "the call to be gone",
    async () =>
      (await fetch(BASE + location, { method: "PATCH", headers: { ...frag, "if-match": '"1"' }, body: "" })).status ===
      404,
    5000,
  );

  // From a page: public bots, allowed origins.
  await problem(
    await mint({ bot: "booking.en" }, { origin: "http://evil.example" }),
    403,
    "a page that is not allowed",
  );
  await problem(await mint({ bot: "echo" }, { origin: SHOP }), 403, "a bot that is not public");
  await problem(await mint({ bot: "booking.en" }, {}), 403, "no origin at all");
  const preflight = (origin) =>
    fetch(`${BASE}/api/v1/widget/sessions`, {
      method: "OPTIONS",
      headers: { origin, "access-control-request-method": "POST", "access-control-request-headers": "content-type" },
    });
  equal((await preflight(SHOP)).headers.get("access-control-allow-origin"), SHOP, "the preflight of an allowed page");
  equal(
    (await preflight("http://evil.example")).headers.get("access-control-allow-origin"),
    null,
    "the preflight of another",
  );

  // In a browser, on a page of an origin that is not allowed: the same machine by another name.
  const server = await shop({
    "/": html(`<switchboard-call bot="booking.en"></switchboard-call><script src="${BASE}/widget.js"></script>`),
  });
  const stranger = await visit(browser, `http://localhost:${SHOP_PORT}/`);
  await stranger.waitForSelector("switchboard-call[ready]");
  await stranger.locator("button.begin").click();
  await until("the reason", () => stranger.locator(".notice").isVisible());
  check(
    await stranger.evaluate(() => window.probe.tracks.every((track) => track.readyState === "ended")),
    "the microphone is let go of",
  );

  // A flood: refused with a time to wait, and the widget says so.
  let flooded;
  for (let n = 0; n < 60 && flooded?.status !== 429; n++) flooded = await mint({ bot: "booking.en" }, { origin: BASE });
  check(Number(flooded.headers.get("retry-after")) > 0, "when to come again");
  await problem(flooded, 429, "a flood");
  await page.locator("button.begin").click();
  await until("the reason", () => page.locator(".notice").isVisible());
  check(/Too many calls/.test(await page.locator(".notice").innerText()), await page.locator(".notice").innerText());
  server.close();
});
