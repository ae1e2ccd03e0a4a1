// What the face is made of.

/** The style sheet's text where it is packed with the script (build.mjs); else it is fetched from beside the script. */
const STYLES = "";

const ICONS = {
  phone:
    "M6.6 3.6l2.9.4 1.3 4-2 1.7a12.4 12.4 0 0 0 5.5 5.5l1.7-2 4 1.3.4 2.9a2.2 2.2 0 0 1-2.3 2.5A16.3 16.3 0 0 1 4.1 5.9a2.2 2.2 0 0 1 2.5-2.3z",
  mic: "M12 3.5a3 3 0 0 1 3 3v4.5a3 3 0 0 1-6 0V6.500a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v3.500",
  off: "M12 3.5a3 3 0 0 1 3 3v4.500M9 9v2a3 3 0 0 0 4.500 2.600M6 11a6 6 0 0 0 9.500 4.900M18 11a6 6 0 0 1-.4 2M12 17v3.500M4 4l16 16",
  pad: "M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01",
  sound: "M4.500 9.500v5h3.500l4.500 4v-13l-4.500 4zM16 9a4.200 4.200 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11",
  send: "M12 19V5.500M6 11.500l6-6 6 6",
  down: "M6 9.500l6 6 6-6",
  copy: "M9 9h10.500v10.500h-10.500zM15 9v-4.500h-10.500v10.500h4.500",
  done: "M5 12.500l4.500 4.500 9.500-10",
  keys: "M3.500 7h17v10h-17zM7 10.500h.01M10.300 10.500h.01M13.700 10.500h.01M17 10.500h.01M8.500 13.800h7",
};

function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  for (const [key, value] of [
    ["viewBox", "0 0 24 24"],
    ["aria-hidden", "true"],
    ["class", `icon i-${name}`],
  ])
    svg.setAttribute(key, value);
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** An element with its attributes, listeners (`onclick`) and children; text never becomes markup. */
function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Which help for a blocked microphone fits this browser. */
function browser(agent = navigator.userAgent) {
  if (/iP(hone|ad|od)/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1))
    return /CriOS|FxiOS|EdgiOS/.test(agent) ? "ios_other" : "ios";
  if (/Firefox\//.test(agent)) return "firefox";
  if (/Edg\//.test(agent)) return "edge";
  if (/Chrom(e|ium)\//.test(agent)) return /Android/.test(agent) ? "android" : "chrome";
  return /Safari\//.test(agent) ? "safari" : "other";
}

const KEYS = [
  ["1", ""],
  ["2", "ABC"],
  ["3", "DEF"],
  ["4", "GHI"],
  ["5", "JKL"],
  ["6", "MNO"],
  ["7", "PQRS"],
  ["8", "TUV"],
  ["9", "WXYZ"],
  ["*", ""],
  ["0", "+"],
  ["#", ""],
];
