// The replay of a call that is over: its sound, its loudness, and its transcript in step.
import { request } from "./api.js";
import { attribute, drawn, h, write } from "./dom.js";
import { clock } from "./format.js";
import { load, save } from "./prefs.js";
import { draw, read, silences } from "./waveform.js";
import { t } from "./words.js";

const SPEEDS = [0.75, 1, 1.25, 1.5, 2];
/** Which marks of the timeline stand along the loudness, and as what. */
const MARKED = {
  not_understood: "bad",
  sound_missing: "bad",
  alert: "bad",
  taken_over: "people",
  handed_back: "people",
  person_joined: "people",
  approval_asked: "people",
};
/** How far the keys go, in seconds. */
const STEP = 5;

export class Replay {
  /**
   * `offset`: when in the call its recording begins, in ms; `at(ms)` is told where it is; `people`: whether others than caller and bot
   * spoke, whose recording lies beside that of the call: each moment of one is the same moment of the other.
   */
  constructor(call, { offset, at, people = false }) {
    this.call = call;
    this.offset = offset;
    this.at = at;
    this.sides = [[], []];
    this.gaps = [];
    this.sound = new Audio(`/api/v1/${this.#path("call")}`);
    this.sound.preload = "metadata";
    this.play = h("button", { type: "button", class: "button primary round", onclick: () => this.toggle() });
    this.points = h("div", { class: "points", role: "group", "aria-label": t("marks") });
    this.kinds = [[], []];
    this.canvas = h("canvas", {
      class: "wave",
      role: "slider",
      tabindex: "0",
      "aria-label": t("place"),
      "aria-valuemin": "0",
      onpointerdown: (event) => this.#point(event),
      onkeydown: (event) => this.#key(event),
    });
    this.time = h("span", { class: "time" });
    const speed = h(
      "select",
      { "aria-label": t("speed"), onchange: () => this.#speed(Number(speed.value)) },
      ...SPEEDS.map((value) => h("option", { value, text: `${value}×` })),
    );
    speed.value = load("speed", 1);
    const skip = h("input", {
      type: "checkbox",
      checked: load("skip", false),
      onchange: () => {
        this.skips = skip.checked;
        save("skip", this.skips);
      },
    });
    this.skips = skip.checked;
    this.fetchIt = h("a", { class: "button", href: this.sound.src, download: `${call}.wav`, text: t("download") });
    this.names = [h("span", { class: "side" }), h("span", { class: "side" })];
    this.#name("call");
    const whose = h(
      "select",
      { "aria-label": t("whose_voices"), onchange: () => this.#hear(whose.value) },
      h("option", { value: "call", text: t("voices_call") }),
      h("option", { value: "people", text: t("voices_people") }),
    );
    this.fault = h("p", { class: "fault", role: "alert" });
    this.node = h(
      "section",
      { class: "replay", "aria-label": t("replay") },
      this.play,
      h("div", { class: "lane" }, ...this.names, this.canvas, this.points),
      h(
        "div",
        { class: "controls" },
        this.time,
        h("label", { class: "check" }, skip, h("span", { text: t("skip_silence") })),
        speed,
        people && whose,
        this.fetchIt,
      ),
      this.fault,
    );
    this.#speed(Number(speed.value));
    for (const name of ["play", "pause", "ended", "timeupdate", "loadedmetadata", "seeked"])
      this.sound.addEventListener(name, () => this.show());
    this.sound.addEventListener("error", () => write(this.fault, t("no_recording")));
    this.sizes = new ResizeObserver(() => this.show());
    this.sizes.observe(this.canvas);
    this.#load("call");
    this.show();
  }

  #path(of) {
    return `calls/${this.call}/recording${of === "people" ? "?of=people" : ""}`;
  }

  #name(of) {
    const words = of === "people" ? ["mode_agent", "short_supervisor"] : ["short_caller", "short_bot"];
    for (const [n, word] of words.entries()) write(this.names[n], t(word));
  }

  /** Goes on at the same moment with the recording of the call, or of the people beside it. */
  #hear(of) {
    const { currentTime, paused } = this.sound;
    write(this.fault, "");
    this.#name(of);
    this.sound.src = `/api/v1/${this.#path(of)}`;
    this.sound.currentTime = currentTime;
    if (!paused) this.sound.play().catch(() => {});
    attribute(this.fetchIt, "href", this.sound.src);
    attribute(this.fetchIt, "download", of === "people" ? `${this.call}.people.wav` : `${this.call}.wav`);
    [this.sides, this.gaps] = [[[], []], []];
    this.#load(of);
    this.show();
  }

  async #load(of) {
    this.whose = of;
    try {
      const answer = await request("GET", this.#path(of));
      const grow = (sides) => {
        if (this.whose !== of) return;
        this.sides = sides;
        this.show();
      };
      const sides = await read(answer, grow);
      if (this.whose !== of) return;
      this.sides = sides;
      this.gaps = silences(this.sides);
      this.show();
    } catch (why) {
      if (this.whose === of) write(this.fault, why.status === 404 ? t("no_recording") : t("no_waveform"));
    }
  }

  end() {
    this.sound.pause();
    this.sound.removeAttribute("src");
    this.sizes.disconnect();
    cancelAnimationFrame(this.frame);
  }

  get length() {
    return Number.isFinite(this.sound.duration) ? this.sound.duration : this.sides[0].length / 50;
  }

  toggle() {
    if (this.sound.paused) this.sound.play().catch(() => write(this.fault, t("no_recording")));
    else this.sound.pause();
  }

  /** Plays from a moment of the call, in ms. */
  seek(ms) {
    this.sound.currentTime = Math.max(0, (ms - this.offset) / 1000);
    this.sound.play().catch(() => {});
  }

  /** Goes to a moment of the call, in ms, and plays on only if it plays already. */
  go(ms) {
    this.sound.currentTime = Math.max(0, (ms - this.offset) / 1000);
    this.show();
  }

  /** Where in the call it is, in ms. */
  get now() {
    return this.sound.currentTime * 1000 + this.offset;
  }

  /** Marks tools, what was not understood, alerts and who spoke in the bot's place, along the loudness. */
  mark(record) {
    const found = record.tools.map(({ at, name, outcome }) => ({
      at,
      kind: outcome === "failed" ? "bad" : "tool",
      words: `${name ?? t("tools")}: ${t(`tool_${outcome ?? "cancelled"}`)}`,
    }));
    for (const { event, name, data, at_ms } of record.events)
      if (event === "mark" && MARKED[name])
        found.push({ at: data?.ms ?? at_ms, kind: MARKED[name], words: t(`ev_${name}`) });
    this.kinds[0] = found;
    this.#points();
  }

  /** Marks the notes. */
  note(notes) {
    const of = notes.filter(({ at_ms }) => at_ms !== null);
    this.kinds[1] = of.map(({ at_ms, text }) => ({ at: at_ms, kind: "note", words: text.slice(0, 80) }));
    this.#points();
  }

  #points() {
    const { length } = this;
    if (!length) return;
    const all = this.kinds.flat().sort((a, b) => a.at - b.at);
    const key = JSON.stringify([length, all]);
    if (this.points.dataset.key === key) return;
    this.points.dataset.key = key;
    this.points.replaceChildren(
      ...all.map(({ at, kind, words }) => {
        const label = `${clock(at)} ${words}`;
        const point = h("button", {
          type: "button",
          class: "point",
          "data-kind": kind,
          title: label,
          "aria-label": label,
          onclick: () => this.go(at),
        });
        point.style.left = `${Math.min(100, Math.max(0, (at - this.offset) / length / 10))}%`;
        return point;
      }),
    );
  }

  step(by) {
    this.sound.currentTime = Math.max(0, Math.min(this.length, this.sound.currentTime + by * STEP));
  }

  #speed(value) {
    this.sound.playbackRate = value;
    this.sound.defaultPlaybackRate = value;
    save("speed", value);
  }

  #point(event) {
    const { left, width } = this.canvas.getBoundingClientRect();
    this.sound.currentTime = this.length * Math.min(1, Math.max(0, (event.clientX - left) / width));
  }

  #key(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.step(by);
  }

  show() {
    const { sound } = this;
    this.#points();
    drawn(this.play, sound.paused ? "play" : "pause");
    attribute(this.play, "aria-label", t(sound.paused ? "play" : "pause"));
    this.#frame();
    if (!sound.paused && !this.frame) {
      const go = () => {
        this.frame = sound.paused ? 0 : requestAnimationFrame(go);
        this.#frame();
      };
      this.frame = requestAnimationFrame(go);
    }
  }

  #frame() {
    const { sound, length } = this;
    const gap =
      this.skips &&
      !sound.paused &&
      this.gaps.find(([from, to]) => sound.currentTime >= from && sound.currentTime < to - 0.1);
    if (gap) sound.currentTime = gap[1];
    const style = getComputedStyle(this.canvas);
    const colours = ["--caller", "--accent", "--rest", "--ink"].map((name) => style.getPropertyValue(name).trim());
    draw(this.canvas, this.sides, length ? sound.currentTime / length : 0, colours);
    const words = `${clock(sound.currentTime * 1000)} / ${clock(length * 1000)}`;
    write(this.time, words);
    attribute(this.canvas, "aria-valuemax", Math.round(length));
    attribute(this.canvas, "aria-valuenow", Math.round(sound.currentTime));
    attribute(this.canvas, "aria-valuetext", words);
    this.at(sound.currentTime * 1000 + this.offset);
  }
}
