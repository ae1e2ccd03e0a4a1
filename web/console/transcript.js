// The transcript of a call as it grows: turns, what was heard of them, who was cut off, keys, and what is just being said.
import { attribute, h } from "./dom.js";
import { clock, figure, personName } from "./format.js";
import { t } from "./words.js";

/** Nearer than this to its end, in pixels, the transcript follows what is said. */
const NEAR = 80;

export class Transcript {
  /** `seek(ms)` plays the recording from there; nothing where there is none. */
  constructor({ seek = null, callMs = null } = {}) {
    this.seek = seek;
    this.callMs = callMs;
    this.lines = new Map();
    this.list = h("ol", { class: "turns" });
    this.node = h(
      "div",
      { class: "transcript", role: "log", "aria-live": "off", "aria-label": t("transcript"), tabindex: "0" },
      this.list,
    );
    this.empty = h("p", { class: "empty", text: t("nothing_said") });
    this.node.append(this.empty);
    this.list.addEventListener("click", ({ target }) => {
      const word = target.closest("[data-at]");
      if (word && this.seek) this.seek(Number(word.dataset.at));
    });
  }

  show(record) {
    const { scrollTop, clientHeight, scrollHeight } = this.node;
    const follows = scrollHeight - scrollTop - clientHeight < NEAR;
    const finished = record.finished().map((turn) => ({ ...turn, key: `${turn.speaker} ${turn.started_ms}` }));
    const happened = record.happened.map((one, n) => ({ ...one, key: `note ${n}`, started_ms: one.at }));
    const past = [...finished, ...happened].sort((a, b) => a.started_ms - b.started_ms);
    const all = [...past.map((turn) => this.named(turn, record)), ...record.underWay()];
    const keys = new Set(all.map(({ key }) => key));
    for (const [key, { node }] of this.lines) {
      if (keys.has(key)) continue;
      node.remove();
      this.lines.delete(key);
    }
    let before = null;
    for (const turn of all) {
      const text = JSON.stringify(turn);
      let line = this.lines.get(turn.key);
      if (line?.text !== text) {
        const node = this.line(turn);
        if (line) line.node.replaceWith(node);
        line = { node, text, from: turn.live ? Number.POSITIVE_INFINITY : turn.started_ms };
        this.lines.set(turn.key, line);
      }
      const wanted = before ? before.nextSibling : this.list.firstChild;
      if (line.node !== wanted) this.list.insertBefore(line.node, wanted);
      before = line.node;
    }
    attribute(this.empty, "hidden", all.length > 0);
    if (follows && !this.seek) this.node.scrollTop = this.node.scrollHeight;
  }

  /** With the name of who spoke. */
  named(turn, { names }) {
    const name = turn.speaker && names.get(turn.started_ms);
    return name ? { ...turn, name: personName(name) } : turn;
  }

  line(turn) {
    if (turn.word)
      return h(
        "li",
        { class: "happened" },
        this.time(turn.started_ms),
        h("span", { text: t(turn.word, { name: personName(turn.name), text: turn.text ?? "" }) }),
      );
    const parts = turn.parts ?? [heardOf(turn)];
    const time = turn.live
      ? h("span", { class: "at", text: turn.open === false || turn.speaker === "bot" ? "" : "…" })
      : this.time(turn.started_ms);
    const about = [];
    if (turn.by === "keys" || turn.by === "text") about.push(t(`by_${turn.by}`));
    if (typeof turn.confidence === "number") about.push(`${figure(turn.confidence * 100)} %`);
    if (turn.interrupted) about.push(t("interrupted"));
    if (turn.secret || turn.text === "•••") about.push(t("masked"));
    const said = h("p", { class: "said" });
    for (const [heard, unheard] of parts) {
      said.append(...this.words(turn, heard));
      if (unheard)
        said.append(h("span", { class: turn.live && !turn.interrupted ? "coming" : "unheard", text: unheard }));
      said.append(" ");
    }
    if (turn.parts === undefined && turn.speaker === "bot" && turn.heard !== turn.text)
      said.append(h("span", { class: "unseen", text: ` (${t("not_heard")})` }));
    return h(
      "li",
      { class: `turn ${turn.speaker}${turn.live ? " live" : ""}` },
      h(
        "div",
        { class: "head" },
        h("b", { text: [t(`speaker_${turn.speaker}`), turn.name].filter(Boolean).join(" ") }),
        time,
        h("span", { class: "about", text: about.join(" · ") }),
      ),
      said,
    );
  }

  time(ms) {
    const text = clock(ms - (this.callMs ?? 0));
    if (!this.seek) return h("span", { class: "at", text });
    return h("button", {
      type: "button",
      class: "at",
      "data-at": ms,
      "aria-label": t("play_from", { at: text }),
      text,
    });
  }

  /** In a replay each word can be clicked. When a word was said within its turn is reckoned by its letters. */
  words(turn, text) {
    if (!this.seek || turn.live) return [h("span", { class: turn.open ? "open" : null, text })];
    const { started_ms, ended_ms } = turn;
    const all = Math.max(1, text.length);
    let place = 0;
    return text.split(/(\s+)/).map((word) => {
      const at = started_ms + ((ended_ms - started_ms) * place) / all;
      place += word.length;
      return word.trim() ? h("span", { class: "word", "data-at": Math.round(at), text: word }) : word;
    });
  }

  /** Shows the turn of this moment: the one under way then, or else the one before. */
  reveal(ms) {
    let found = null;
    for (const { node, from } of this.lines.values())
      if (from <= ms && (!found || from >= found.from)) found = { node, from };
    if (!found) return;
    for (const { node } of this.lines.values()) node.classList.remove("marked");
    found.node.classList.add("marked");
    found.node.scrollIntoView({ block: "nearest" });
  }

  /** Marks the word that is heard at this moment of the recording. */
  at(ms) {
    let found = null;
    for (const word of this.list.querySelectorAll(".word")) {
      if (Number(word.dataset.at) > ms + 20) break;
      found = word;
    }
    if (found === this.current) return;
    this.current?.classList.remove("now");
    this.current = found;
    if (!found) return;
    found.classList.add("now");
    const [outer, inner] = [this.node.getBoundingClientRect(), found.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom)
      this.node.scrollTop += inner.top - outer.top - outer.height / 3;
  }
}

/** What was heard of a turn, and the rest of it. */
function heardOf({ speaker, text, heard, interrupted }) {
  if (speaker !== "bot" || !interrupted || heard === text) return [text, ""];
  return text.startsWith(heard) ? [heard, text.slice(heard.length)] : [heard, text];
}
