// How figures, times and names are written.
import { current, known, t } from "./words.js";

/** How far our clock is ahead of the server's, in ms. */
let ahead = 0;

export function setClock(serverNow) {
  ahead = Date.now() - Date.parse(serverNow);
}

/** The server's time. */
export const now = () => Date.now() - ahead;

/** `4:07`, `1:02:03`. */
export function clock(ms) {
  const all = Math.max(0, Math.floor(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor(all / 60) % 60, all % 60];
  const two = (figure) => String(figure).padStart(2, "0");
  return hours ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`;
}

/** `4:07.3`. */
export const moment = (ms) => `${clock(ms)}.${Math.floor((ms % 1000) / 100)}`;

/** `4:07.312`. */
export const instant = (ms) => `${clock(ms)}.${String(Math.floor(ms % 1000)).padStart(3, "0")}`;

/** Making one costs more than a thousand figures. */
const writers = new Map();

export function figure(value, digits = 0) {
  const key = `${current()} ${digits}`;
  if (!writers.has(key))
    writers.set(
      key,
      new Intl.NumberFormat(current(), { minimumFractionDigits: digits, maximumFractionDigits: digits }),
    );
  return writers.get(key).format(value);
}

export const day = (time) => new Date(time).toLocaleString(current(), { dateStyle: "medium", timeStyle: "short" });

/** The number or name in a SIP or tel URI. */
export function party(uri) {
  const [, user] = /^(?:sips?|tel):([^@;>]+)/.exec(uri ?? "") ?? [];
  return user ? decodeURIComponentSafely(user) : uri || t("unknown_caller");
}

function decodeURIComponentSafely(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Who is at the other end: of a call that was placed, whom it was placed to. */
export function caller(row) {
  const uri = row.direction === "outbound" ? row.to : row.from;
  return uri ? party(uri) : t("web_visitor");
}

/** The bot that speaks. */
export const currentBot = (row) => row.current_bot?.bot ?? row.bot;

/** The bot that answered, and the one that has gone on. */
export const botsOf = (row) => (row.current_bot ? `${row.bot} → ${row.current_bot.bot}` : row.bot);

/** Who takes part in a call; a person at a telephone has no name. */
export const personName = (name) => (name === "telephone" ? t("by_telephone") : name);

/** A slot's value, in few words. */
export function value(given) {
  if (given === null || given === undefined) return "–";
  if (Array.isArray(given)) return given.map(value).join(", ");
  if (typeof given === "object")
    return Object.entries(given)
      .map(([key, inner]) => `${key} ${value(inner)}`)
      .join(", ");
  if (typeof given === "boolean") return t(given ? "yes" : "no");
  return String(given);
}

/** Made once each: `kind` names it. */
function writer(kind, make) {
  const key = `${current()} ${kind}`;
  if (!writers.has(key)) writers.set(key, make(current()));
  return writers.get(key);
}

const UNITS = ["day", "hour", "minute", "second"];

/** `PT1H30M` in words; nothing where it is not a duration. */
function duration(text) {
  const [, ...parts] = /^P(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/.exec(text) ?? [];
  const words = UNITS.map((unit, n) => {
    const style = { style: "unit", unit, unitDisplay: "long" };
    return parts[n] && writer(unit, (language) => new Intl.NumberFormat(language, style)).format(Number(parts[n]));
  });
  return words.filter(Boolean).join(" ");
}

/** A slot's value as people write it: durations and days in words. */
export function readable(given) {
  if (Array.isArray(given)) return given.map(readable).join(", ");
  if (typeof given !== "string") return value(given);
  const at = /^\d{4}-\d\d-\d\d$/.test(given) ? Date.parse(`${given}T00:00:00Z`) : Number.NaN;
  const days = { weekday: "short", day: "numeric", month: "short", year: "numeric", timeZone: "UTC" };
  if (!Number.isNaN(at)) return writer("date", (language) => new Intl.DateTimeFormat(language, days)).format(at);
  return duration(given) || given;
}

/** Whose line it is: the caller's, or that of somebody who takes part. */
export function seatName(seat, seats = new Map()) {
  const [, n] = /^seat (\d+)$/.exec(seat) ?? [];
  if (!n) return known(`speaker_${seat}`) ?? seat;
  const name = seats.get(Number(n))?.name;
  return name ? personName(name) : t("seat_n", { n });
}

/** How a call has come, in words. */
export function viaWords(via) {
  const [kind, ...rest] = via.split(" ");
  return known(`via_${kind}`) ? t(`via_${kind}`, { name: rest.join(" ") }) : via;
}

/** Why a call needs somebody, in words. */
export function concern({ reason, value: much }) {
  const seconds = () => figure(much / 1000, much < 10000 ? 1 : 0);
  const n = {
    silence: seconds,
    dead_air: seconds,
    slow_answers: seconds,
    no_sound: seconds,
    poor_line: () => figure(much, 1),
    long_call: () => figure(much / 60000),
  }[reason];
  const many = n ? n() : figure(much);
  if (reason === "upset") return t(much > 1 ? "why_upset" : "why_tense");
  const once = !n && much === 1 && known(`why_${reason}_once`);
  if (once) return once;
  // A reason that this page does not know yet is still one.
  return known(`why_${reason}`) ? t(`why_${reason}`, { n: many }) : reason.replaceAll("_", " ");
}

/** How well a call goes: `good`, `fair` or `poor`. */
export function grade(score) {
  if (score >= 80) return "good";
  return score >= 50 ? "fair" : "poor";
}

/** How a call ended. */
export function outcome(reason) {
  return known(`over_${reason.toLowerCase().replace(/[^a-z]+/g, "_")}`) ?? reason;
}
