// Signing in by a provider: the way there, and back to where somebody was.
import { endSignIn, leaveForProvider, signInWays } from "./api.js";
import { known, t } from "./words.js";

/** Where somebody was who has left for the provider: kept by this tab alone. */
const PLACE = "switchboard.place";
/** What a provider's answer can have; the rest of it is not passed on. */
const PARTS = ["state", "code", "error", "iss"];

/** What the provider has sent this browser back with; it stays in no address. `null`: nothing. */
export function takeAnswer() {
  const found = new URLSearchParams(location.search);
  if (!found.has("state") || !(found.has("code") || found.has("error"))) return null;
  history.replaceState(null, "", `${location.pathname}${sessionStorage.getItem(PLACE) ?? "#/"}`);
  sessionStorage.removeItem(PLACE);
  return Object.fromEntries(PARTS.filter((name) => found.has(name)).map((name) => [name, found.get(name)]));
}

export async function leave() {
  if (/^#\/./.test(location.hash)) sessionStorage.setItem(PLACE, location.hash);
  await leaveForProvider();
}

export const end = endSignIn;

/** By what people sign in here. A server that does not say so takes passwords. */
export async function ways() {
  try {
    return await signInWays();
  } catch {
    return { password: true, provider: null };
  }
}

/** Why somebody is not signed in by the provider, and what to do. */
export function faultWords(fault, provider) {
  if (fault.status === 0) return t("fault_network");
  if (fault.status === 429) return t("fault_too_often", { n: fault.retry || 60 });
  const name = provider?.name ?? t("provider");
  return known(`fault_${fault.code}`)?.replaceAll("{provider}", name) ?? fault.message;
}
