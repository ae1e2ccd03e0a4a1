// The console's words in the language that somebody has chosen.
import { load, save } from "./prefs.js";
import { WORDS as EN } from "./words_en.js";
import { WORDS as EN_ADMIN } from "./words_en_admin.js";
import { WORDS as EN_CALL } from "./words_en_call.js";
import { WORDS as EN_EVENTS } from "./words_en_events.js";
import { WORDS as VI } from "./words_vi.js";
import { WORDS as VI_ADMIN } from "./words_vi_admin.js";
import { WORDS as VI_CALL } from "./words_vi_call.js";
import { WORDS as VI_EVENTS } from "./words_vi_events.js";

const WORDS = {
  en: { ...EN, ...EN_CALL, ...EN_EVENTS, ...EN_ADMIN },
  vi: { ...VI, ...VI_CALL, ...VI_EVENTS, ...VI_ADMIN },
};

export const LANGUAGES = Object.keys(WORDS);

const ofBrowser = () => LANGUAGES.find((code) => navigator.language.toLowerCase().startsWith(code)) ?? "en";
let language = load("language", null);
if (!LANGUAGES.includes(language)) language = ofBrowser();

export const current = () => language;

export function setLanguage(code) {
  language = code;
  save("language", code);
}

/** A word or sentence, with what stands in for its `{names}`. */
export function t(key, values = {}) {
  const text = WORDS[language][key];
  if (text === undefined) throw new Error(`no word ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** A sentence about so many: of one alone there may be another. */
export const counted = (key, n, shown = n) =>
  t(Number(n) === 1 && known(`${key}_once`) !== undefined ? `${key}_once` : key, { n: shown });

/** The word for something that the server names; nothing where there is none. */
export const known = (key) => WORDS[language][key];
