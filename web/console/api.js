// The server's API, with the rights of who has signed in by a cookie.
const API = "/api/v1";
/** How long a lost connection waits before it is tried again, in ms; the last one again and again. */
const WAITS = [300, 1000, 2000, 5000];

/** Where nobody has to be known. */
const OPEN = ["session", "welcome", "sign-in", "oidc", "oidc/session"];

/** Repeated by every request that changes something, so that no other site can make one. */
let csrf = "";
/** Called when the server does not know us any more. */
let signedOut = () => {};

export class Fault extends Error {
  constructor(status, { detail, code } = {}, headers = null) {
    super(detail ?? `${status}`);
    Object.assign(this, { status, code, retry: Number(headers?.get("retry-after")) || 0 });
  }
}

export function onSignedOut(then) {
  signedOut = then;
}

/**
 * Asks for something. `json` or `sdp` is sent as such; `keepalive`: also when the page is closed meanwhile. Gives the response; a refusal
 * is thrown.
 */
export async function request(method, path, { json, sdp, keepalive = false } = {}) {
  const headers = {};
  if (method !== "GET" && csrf) headers["x-csrf-token"] = csrf;
  if (json !== undefined) headers["content-type"] = "application/json";
  if (sdp !== undefined) headers["content-type"] = "application/sdp";
  const body = json === undefined ? sdp : JSON.stringify(json);
  const address = path.startsWith("/") ? path : `${API}/${path}`;
  let answer;
  try {
    answer = await fetch(address, { method, headers, body, keepalive, credentials: "same-origin", cache: "no-store" });
  } catch {
    throw new Fault(0);
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  if (answer.status === 401 && !OPEN.includes(path)) signedOut();
  throw new Fault(answer.status, problem, answer.headers);
}

export const get = async (path) => (await request("GET", path)).json();

async function known(answer) {
  const session = await answer.json();
  csrf = session.csrf ?? "";
  return session;
}

/** Who has signed in; `null`: nobody. */
export async function session() {
  try {
    return await known(await request("GET", "session"));
  } catch (fault) {
    if (fault.status === 401) return null;
    throw fault;
  }
}

export const signIn = async (name, password) => known(await request("POST", "session", { json: { name, password } }));

/** By what somebody can sign in: `{ password, provider }`. */
export const signInWays = () => get("sign-in");

/** Leaves for the provider that people sign in by. */
export async function leaveForProvider() {
  const { address } = await (await request("POST", "oidc")).json();
  location.assign(address);
}

/** Ends what was begun there, with what the provider has sent this browser back with. */
export const endSignIn = async (answer) => known(await request("POST", "oidc/session", { json: answer }));

/** Sets another password for who has signed in: a new session, whose proof the next requests repeat. */
export const changePassword = async (current, password) =>
  known(await request("PATCH", "session", { json: { current, password } }));

export async function signOut() {
  await request("DELETE", "session");
  csrf = "";
}

/** Makes the first admin, by the link that the server's first start has printed. */
export async function welcome(link, name, password) {
  await request("POST", "welcome", { json: { link, name, password } });
  return (await session()) ?? signIn(name, password);
}

/** Follows a WebSocket, again after it was lost. `tell` is given each message, `state` whether it is connected. Gives what ends it. */
export function follow(path, tell, state = () => {}) {
  let socket = null;
  let timer = 0;
  let tries = 0;
  let over = false;
  const open = () => {
    const address = new URL(`${API}/${path}`, location.href);
    address.protocol = address.protocol.replace("http", "ws");
    socket = new WebSocket(address);
    socket.onopen = () => {
      tries = 0;
      state(true);
    };
    socket.onmessage = ({ data }) => tell(JSON.parse(data));
    socket.onclose = async () => {
      if (over) return;
      state(false);
      // A socket does not say why it was refused.
      if (tries === 1 && (await session().catch(() => true)) === null) return signedOut();
      if (over) return;
      timer = setTimeout(open, WAITS[Math.min(tries++, WAITS.length - 1)]);
    };
  };
  open();
  const close = () => {
    over = true;
    clearTimeout(timer);
    socket.close();
  };
  return { close, again: () => !over && socket.close() };
}
