// What somebody has chosen on this browser: language, colours, filters.
const PLACE = "switchboard.console.";

export function load(name, fallback) {
  try {
    const text = localStorage.getItem(PLACE + name);
    return text === null ? fallback : JSON.parse(text);
  } catch {
    return fallback;
  }
}

/** Kept as long as the browser keeps it, which a private window does not. */
export function save(name, value) {
  try {
    localStorage.setItem(PLACE + name, JSON.stringify(value));
  } catch {
    // Without storage a choice lasts until the page is closed.
  }
}

const THEMES = ["system", "light", "dark"];

export const theme = () => load("theme", "system");

export function applyTheme() {
  const chosen = theme();
  if (chosen === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.dataset.theme = chosen;
}

/** The next one of system, light and dark. */
export function nextTheme() {
  save("theme", THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length]);
  applyTheme();
}
