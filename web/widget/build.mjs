// Builds the npm package into dist/, with nothing but node: joins the fragments as the server does (src/api/assets.rs).
import fs from "node:fs";
import path from "node:path";

const here = import.meta.dirname;
const read = (name) => fs.readFileSync(path.join(here, name), "utf8");

/**
 * Without comments that have their lines to themselves, empty lines, what lines are indented by, and the ends of lines that go on in the
 * next.
 */
function lean(text) {
  let comment = false;
  const lines = text
    .split("\n")
    .map((line) => line.trimStart())
    .filter((line) => {
      comment ||= line.startsWith("/*");
      const stays = !comment && line && !line.startsWith("//");
      comment &&= !line.endsWith("*/");
      return stays;
    });
  // "//" may begin a comment, which ends with its line.
  const goesOn = (line) => !line.includes("//") && /[{(,;]$/.test(line);
  return lines.map((line) => (goesOn(line) ? line : `${line}\n`)).join("");
}

/** In the order of `WIDGET` in src/api/assets.rs. */
const FRAGMENTS = [
  "words",
  "ask",
  "ice",
  "session",
  "sound",
  "call",
  "parts",
  "layout",
  "meter",
  "log",
  "labels",
  "panel",
  "face",
  "embed",
];
const script = lean(`(() => {\n"use strict";\n${FRAGMENTS.map((name) => read(`${name}.js`)).join("")}})();\n`);
const style = lean(read("widget.css"));

// The module brings its looks along: a bundler moves it away from its style sheet.
const place = 'const STYLES = "";';
if (script.split(place).length !== 2) throw new Error(`${place} is not in the fragments once`);
const module = `${script.replace(place, () => `const STYLES = ${JSON.stringify(style)};`)}export const { version, Call, Fault, Face, browser, mount } = globalThis.Switchboard;\n`;

fs.mkdirSync(path.join(here, "dist"), { recursive: true });
for (const [name, text] of [
  ["widget.js", script],
  ["widget.css", style],
  ["index.js", module],
]) {
  fs.writeFileSync(path.join(here, "dist", name), text);
}
