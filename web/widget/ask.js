// What the call asks of its surroundings: the server by HTTP, and the browser for a microphone.

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** Tells whoever made the page what is wrong with it. The visitor, who cannot fix it, reads a neutral sentence. */
const complain = (words) => console.error(`Switchboard: ${words}`);

/** What went wrong: `code` is a word to branch on, `message` is for people who read logs. `page`: the page's author can fix it. */
class Fault extends Error {
  constructor(code, message, more = {}) {
    super(message || code);
    Object.assign(this, { code }, more);
  }
}

/** The page is not set up as it has to be. */
const setup = (words) => new Fault("setup", words, { page: true });

/** An address that the page gave in `name`. */
function address(name, value, base) {
  try {
    return new URL(value, base);
  } catch {
    throw setup(`${name}="${value}" is no address. Write it whole: https://calls.example.`);
  }
}

/** What can be known to be wrong before anybody is asked for a microphone. */
function inspect({ bot, server, tokenUrl }) {
  if (!bot) throw setup(`no bot is named. The attribute "bot" is missing (data-bot on a script, { bot } of a Call).`);
  if (server) address("server", server, /^[./]/.test(server) ? here : undefined);
  else if (STYLES) throw setup(`the attribute "server" is missing. The package does not know where your server is.`);
  if (tokenUrl) address("token-url", tokenUrl, document.baseURI);
  if (self.origin !== "null") return;
  if (location.protocol === "file:") throw setup("a page that was opened from a file may not call. Serve it by http.");
  throw setup(
    `this frame is sandboxed, so its origin is "null", and no server lets that call. Add allow-same-origin to its sandbox attribute (and allow="microphone; autoplay" to the frame).`,
  );
}

/** `fetch`, which tells a page's policy from a server that does not answer. */
async function reach(url, plan) {
  const { origin } = new URL(url);
  let barred = false;
  const note = ({ disposition, effectiveDirective, blockedURI }) => {
    if (disposition === "enforce" && effectiveDirective === "connect-src" && blockedURI.startsWith(origin))
      barred = true;
  };
  document.addEventListener("securitypolicyviolation", note);
  try {
    return await fetch(url, plan);
  } catch (why) {
    // The browser tells of the policy a moment after the failure.
    await pause(50);
    if (barred) throw setup(`this page's Content-Security-Policy blocks ${url}. Add ${origin} to its connect-src.`);
    throw new Fault("unreachable", `${plan.method} ${url}: ${why.message}`);
  } finally {
    document.removeEventListener("securitypolicyviolation", note);
  }
}

const json = (value) => ({ headers: { "Content-Type": "application/json" }, body: JSON.stringify(value) });
const CODES = {
  401: "expired",
  403: "refused",
  404: "absent",
  415: "incompatible",
  422: "incompatible",
  429: "many",
  503: "busy",
};

/** Asks the server; an answer that is not a success, or none, is a `Fault`. `codes`: what statuses mean where it is not the usual. */
async function ask(method, url, { body, limit = 8000, codes = CODES, ...rest } = {}) {
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limit);
  let answer;
  try {
    answer = await reach(url, { method, body, signal: late.signal, cache: "no-store", ...rest });
  } finally {
    clearTimeout(timer);
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  const retryAfter = Number(answer.headers.get("Retry-After")) || undefined;
  const code = problem.code === "widget_off" ? "off" : codes[answer.status] || "server";
  throw new Fault(code, problem.detail || problem.title || `status ${answer.status}`, {
    status: answer.status,
    retryAfter,
  });
}

/** The microphone, or a `Fault` that says why there is none. `id`: a chosen one, if it is there; `exact`: that one or none. */
async function microphone(id, exact) {
  if (!isSecureContext)
    throw new Fault("insecure", `this page is not https, so browsers give it no microphone.`, { page: true });
  if (!navigator.mediaDevices?.getUserMedia) throw new Fault("unsupported");
  try {
    const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } };
    if (id) audio.deviceId = { [exact ? "exact" : "ideal"]: id };
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (why) {
    const policy = (document.permissionsPolicy || document.featurePolicy)?.allowsFeature?.("microphone") === false;
    if (policy) {
      const remedy =
        self === top
          ? `Its Permissions-Policy header has to allow "microphone"`
          : `The frame needs allow="microphone; autoplay", and the page around it a Permissions-Policy that lets it have that`;
      throw new Fault("policy", `this page has no access to the microphone. ${remedy}.`, { page: true });
    }
    const denied = /system/i.test(why.message) ? "system" : /dismissed/i.test(why.message) ? "dismissed" : "denied";
    const code = {
      NotAllowedError: denied,
      SecurityError: denied,
      NotFoundError: "missing",
      OverconstrainedError: "missing",
      NotReadableError: "occupied",
      AbortError: "occupied",
    };
    throw new Fault(code[why.name] || "denied", `${why.name}: ${why.message}`);
  }
}

/** Lets go of a stream's devices: the browser's microphone light goes off. */
function release(stream) {
  for (const track of stream?.getTracks() || []) track.stop();
}
