// The right to call: a session of the server, with a token that is good for one call.

/** A session that nobody has used yet is used again for so long; one that is older may have expired when it is wanted. */
const FRESH_MS = 20000;

/** The address that the server's own addresses are relative to. */
const base = (server) => new URL(server || ".", here);

class Sessions {
  #session;
  #purpose;
  #since = 0;

  /** The right to call: given, fetched from the site's own server, or asked for by the page itself. */
  async open({ bot, server, token, tokenUrl }) {
    if (token) return typeof token === "string" ? { token } : token;
    const purpose = `${bot} ${tokenUrl}`;
    if (this.#session && this.#purpose === purpose && Date.now() - this.#since < FRESH_MS) return this.#session;
    const session = await (tokenUrl ? fetched(new URL(tokenUrl, document.baseURI), bot) : asked(base(server), bot));
    [this.#session, this.#purpose, this.#since] = [session, purpose, Date.now()];
    return session;
  }

  /** The session has been used for a call. */
  spend() {
    this.#session = null;
  }
}

/** A session from the site's own server. */
async function fetched(at, bot) {
  try {
    // Whatever a site answers, but that it is busy, is for the site to fix.
    const answer = await ask("POST", at, {
      ...json({ bot }),
      credentials: "same-origin",
      codes: { 429: "many", 503: "busy" },
    });
    const session = await answer.json().catch(() => null);
    if (typeof session?.token !== "string")
      throw setup(`token-url ${at} answered without a token. It has to answer with the session that your server got.`);
    return session;
  } catch (why) {
    if (why.page || ["many", "busy", "off"].includes(why.code)) throw why;
    if (why.status)
      throw setup(
        `token-url ${at} answered with ${why.message.startsWith("status") ? "" : `status ${why.status}: `}${why.message}.`,
      );
    throw new Fault("unreachable", `token-url: ${why.message}`, { page: navigator.onLine });
  }
}

/** A session that the page itself may ask for. */
async function asked(server, bot) {
  const at = new URL("api/v1/widget/sessions", server);
  try {
    const answer = await ask("POST", at, {
      ...json({ bot }),
      credentials: "omit",
      codes: { ...CODES, 422: "absent" },
    });
    return await answer.json();
  } catch (why) {
    const { origin } = server;
    const page = navigator.onLine;
    if (why.code === "unreachable" && origin !== location.origin)
      throw new Fault(why.code, `${origin} does not answer, or its widget.origins does not name ${location.origin}.`, {
        page,
      });
    if (["refused", "absent"].includes(why.code))
      throw new Fault(why.code, `bot="${bot}" cannot be called from ${location.origin}: ${why.message}`, {
        page,
        status: why.status,
      });
    throw why;
  }
}
