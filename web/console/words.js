// The console's words in the language that somebody has chosen.
import { load, save } from "./prefs.js";
import { WORDS as EN } from "./words_en.js";
import { WORDS as EN_ADMIN } from "./words_en_admin.js";
import { WORDS as VI } from "./words_vi.js";
import { WORDS as VI_ADMIN } from "./words_vi_admin.js";

const WORDS = { en: { ...EN, ...EN_ADMIN }, vi: { ...VI, ...VI_ADMIN } };

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

/** The word for something that the server names; nothing where there is none. */
export const known = (key) => WORDS[language][key];
