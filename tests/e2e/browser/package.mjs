// The widget as an npm package: packed, typed, imported with and without a page.
import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import ts from "typescript";
import { BASE, SHOP, check, equal, html, play, reaches, shop, until, visit } from "./page.mjs";

const SOURCE = path.join(import.meta.dirname, "../../../web/widget");

/** A user's code; each line after a `wrong` is one that the declarations have to refuse. */
const USE = `
import { Call, Face, Fault, mount, version, type ErrorCode } from "switchboard-widget";
const call = new Call({ bot: "booking.en", server: "https://calls.example", tokenUrl: "/call-token" });
call.addEventListener("caption", ({ detail }) => console.log(detail.text?.length, detail.final, detail.by));
call.addEventListener("error", ({ detail }) => { const code: ErrorCode | null = detail.code; console.log(code, detail.retryAfter); });
call.addEventListener("end", ({ detail }) => console.log(detail.blame, detail.reason));
const went: Promise<boolean> = call.start({ microphone: false });
const { microphones } = await call.devices();
await call.use({ microphone: microphones[0]?.id, speaker: call.chosen.speaker });
call.mute = true;
call.options.token = { token: "t" };
const face: Face = mount({ bot: "booking.en", floating: "", "token-url": "/t" }, document.body);
face.token = "t";
face.transcript.map(({ who, text }) => who + text);
document.querySelector("switchboard-call")!.open();
document.createElement("switchboard-call").addEventListener("state", ({ detail }) => detail.before);
const other: Face = new globalThis.Switchboard.Face();
throw [went, version, other, new Fault("busy").code];
// wrong
mount({ heading: "no bot" });
call.start({ microphone: "yes" });
call.addEventListener("caption", ({ detail }) => detail.words);
call.botLevel = 1;
face.transcript = [];
`;

await play(async (open) => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "switchboard-package-"));
  const npm = (args, cwd = dir) =>
    execFileSync("npm", args, {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, npm_config_offline: "true", npm_config_cache: path.join(dir, "cache") },
    });
  // A copy is packed: what is built is no part of the tree.
  fs.cpSync(SOURCE, path.join(dir, "widget"), { recursive: true, filter: (from) => path.basename(from) !== "dist" });
  const [packed] = JSON.parse(
    npm(["pack", "--json", "--pack-destination", dir], path.join(dir, "widget")).replace(/^[^[]*/s, ""),
  );
  equal(
    packed.files.map((file) => file.path).sort(),
    ["README.md", "dist/index.js", "dist/widget.css", "dist/widget.js", "package.json", "widget.d.ts"],
    "what is in the package",
  );
  fs.writeFileSync(path.join(dir, "package.json"), '{ "private": true, "type": "module" }');
  npm(["install", "--no-audit", "--no-fund", path.join(dir, packed.filename)]);
  const home = path.join(dir, "node_modules/switchboard-widget");
  const read = (name) => fs.readFileSync(path.join(home, name), "utf8");

  // The same files as the server's own.
  for (const name of ["widget.js", "widget.css"])
    check(
      read(`dist/${name}`) === (await (await fetch(`${BASE}/${name}`)).text()),
      `${name} of the package is the server's`,
    );

  // Types: a user's code is taken, and each wrong line refused.
  fs.writeFileSync(path.join(dir, "use.ts"), USE);
  const options = {
    strict: true,
    noEmit: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ["lib.es2022.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts"],
    types: [],
  };
  const program = ts.createProgram([path.join(dir, "use.ts")], options);
  const problems = ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => ({
    line: file ? file.getLineAndCharacterOfPosition(start).line : -1,
    text: `${file && path.basename(file.fileName)}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
  }));
  const lines = USE.split("\n");
  const wrong = lines.indexOf("// wrong");
  equal(
    problems.filter(({ line }) => line <= wrong).map(({ line, text }) => `${line + 1}: ${text}`),
    [],
    "what the compiler says of right code",
  );
  equal(
    [...new Set(problems.map(({ line }) => line))].length,
    lines.slice(wrong + 1).filter(Boolean).length,
    "wrong lines that are refused",
  );

  // Nothing is declared that is not there, and nothing is there that is not declared.
  const declared = {};
  for (const node of program.getSourceFile(path.join(home, "widget.d.ts")).statements) {
    if (ts.isClassDeclaration(node))
      declared[node.name.text] = node.members.filter((member) => member.name).map((member) => member.name.getText());
  }

  // Where there is no page it is imported all the same.
  const there = await import(pathToFileURL(path.join(home, "dist/index.js")).href);
  equal(Object.keys(there).sort(), ["Call", "Face", "Fault", "browser", "mount", "version"], "what it exports");

  const server = await shop({
    "/": html(
      `<script type="module">import { Call, Face, mount } from "/index.js"; window.face = mount({ bot: "booking.en", server: "${BASE}" }, document.querySelector("main")); window.kinds = { Call, Face };</script>`,
    ),
    "/late": html(
      `<script type="module">import { mount } from "/index.js"; mount({ bot: "booking.en" }, document.querySelector("main"));</script>`,
    ),
  });
  const browser = await open();
  const visitor = async (at) => {
    const page = await visit(browser, "about:blank");
    await page.route(`${SHOP}/index.js`, (route) =>
      route.fulfill({ contentType: "text/javascript", body: read("dist/index.js") }),
    );
    page.problems.length = 0;
    await page.goto(`${SHOP}${at}`);
    await page.waitForSelector("switchboard-call[ready]");
    return page;
  };
  const page = await visitor("/");
  const asked = [];
  page.on("request", (request) => asked.push(request.url()));
  equal(
    await page.evaluate(() => getComputedStyle(window.face.shadowRoot.querySelector(".begin")).borderRadius),
    "26px",
    "its looks come along",
  );
  const found = await page.evaluate(() =>
    Object.fromEntries(
      Object.entries(window.kinds).map(([name, kind]) => {
        const own = Object.getOwnPropertyNames(kind.prototype).filter(
          (name) => !/^(constructor|on_.*|.*Callback)$/.test(name),
        );
        const fields = Object.keys(name === "Call" ? new kind() : document.querySelector("switchboard-call")).filter(
          (name) => !["farewell", "asking", "ended", "aloud", "token", "grace"].includes(name),
        );
        return [name, [...new Set([...own, ...fields])].sort()];
      }),
    ),
  );
  for (const kind of ["Call", "Face"])
    equal(
      [...new Set(declared[kind].filter((name) => name !== "addEventListener"))].sort(),
      found[kind],
      `what ${kind} has`,
    );
  await page.locator("button.begin").click();
  await reaches(page, ["speaking", "listening"]);
  check(
    asked.every((url) => !url.endsWith("widget.css")),
    "nothing is fetched but the call",
  );
  await page.evaluate(() => window.face.stop());
  equal(page.problems, [], "problems of the page");

  // It does not know where the server is, and says so.
  const late = await visitor("/late");
  await late.locator("button.begin").click();
  await until("the author's line", () => late.problems.some((line) => line.includes(`attribute "server" is missing`)));
  server.close();
  fs.rmSync(dir, { recursive: true });
  console.log(`${packed.filename}: ${packed.size} bytes, ${packed.files.length} files; TypeScript ${ts.version}`);
});
