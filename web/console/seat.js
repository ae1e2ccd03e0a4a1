// A seat in a call: its sound in this browser, and the supervisor's voice where the mode lets it be heard.
import { Fault, request } from "./api.js";

/** The modes, from the one that changes least to the one that changes most, with the right that each asks for. */
export const MODES = [
  { mode: "monitor", right: "monitor", icon: "listen", key: "l" },
  { mode: "whisper", right: "whisper", icon: "whisper", key: "i" },
  { mode: "barge", right: "barge", icon: "barge", key: "b" },
  { mode: "takeover", right: "take_over", icon: "takeover", key: "t" },
];

/** The longest wait for addresses of this browser, in ms. The server's are in its answer. */
const GATHER = 600;
/** Sound louder than this counts as somebody who speaks. */
const LOUD = 0.02;

/** Seats whose call's page is not open, by the call's id: taken before it was, or kept while somebody looks at another. */
export const held = new Map();
addEventListener("pagehide", () => {
  for (const seat of held.values()) seat.abandon();
});

/** Nobody is in a call any more. */
export function leaveAll() {
  for (const seat of held.values()) seat.leave();
  held.clear();
}

export class Seat extends EventTarget {
  /** `offer`: the caller was offered to whoever sits down. */
  constructor(call, { offer = null } = {}) {
    super();
    this.call = call;
    this.offer = offer;
    this.mode = null;
    this.talking = false;
    this.open = false;
    this.joining = null;
    this.sound = new Audio();
    this.sound.autoplay = true;
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }

  get seated() {
    return this.mode !== null;
  }

  /** Whether the mode lets the supervisor be heard by anybody. */
  get speaks() {
    return this.seated && this.mode !== "monitor";
  }

  /** Sits down in a mode, or changes it. One at a time. */
  async take(mode) {
    while (this.joining) await this.joining.catch(() => {});
    this.joining = this.seated ? this.#change(mode) : this.#join(mode);
    this.#changed();
    try {
      await this.joining;
    } finally {
      this.joining = null;
      this.#changed();
    }
  }

  async #join(mode) {
    const peer = new RTCPeerConnection();
    this.peer = peer;
    // Both ways from the beginning: a change of the mode needs no new offer.
    this.sender = peer.addTransceiver("audio", { direction: "sendrecv" }).sender;
    peer.addEventListener("track", ({ track, streams: [stream] }) => this.#hear(stream ?? new MediaStream([track])));
    peer.addEventListener("connectionstatechange", () => {
      if (this.peer === peer && ["failed", "closed"].includes(peer.connectionState)) this.#gone();
    });
    try {
      if (mode !== "monitor") await this.#microphone();
      await peer.setLocalDescription();
      await gathered(peer);
      const path = this.offer === null ? `calls/${this.call}/seats?mode=${mode}` : `offers/${this.offer}`;
      const answer = await request("POST", path, { sdp: peer.localDescription.sdp });
      this.location = answer.headers.get("location");
      await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
      this.#enter(mode);
    } catch (why) {
      this.#close();
      throw why;
    }
  }

  async #change(mode) {
    if (mode !== "monitor") await this.#microphone();
    await request("PATCH", this.location, { json: { mode } });
    this.#enter(mode);
  }

  #enter(mode) {
    this.mode = mode;
    // Who has taken a call over, or was given it, speaks with the caller; who whispers or joins in holds a key for it.
    this.open = ["takeover", "agent"].includes(mode);
    this.talking = false;
    this.#voice();
  }

  async #microphone() {
    if (this.track?.readyState === "live") return;
    if (!navigator.mediaDevices) throw new DOMException("", "SecurityError");
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    [this.track] = stream.getAudioTracks();
    this.track.enabled = false;
    await this.sender.replaceTrack(this.track);
  }

  /** While a key is held. */
  talk(on) {
    if (this.talking === on || !this.speaks) return;
    this.talking = on;
    this.#voice();
  }

  /** Whether the microphone stays open. */
  setOpen(open) {
    this.open = open;
    this.#voice();
  }

  get heard() {
    return this.speaks && this.open !== this.talking;
  }

  #voice() {
    // In an open microphone the key is for a moment of silence.
    if (this.track) this.track.enabled = this.heard;
    this.#changed();
  }

  #hear(stream) {
    this.sound.srcObject = stream;
    this.sound.play().catch(() => {});
    this.context ??= new AudioContext();
    const source = this.context.createMediaStreamSource(stream);
    this.meter = this.context.createAnalyser();
    this.meter.fftSize = 1024;
    source.connect(this.meter);
    this.wave = new Float32Array(this.meter.fftSize);
    this.dispatchEvent(new Event("sound"));
  }

  /** How loud it is now, 0 to 1. */
  level() {
    if (!this.meter) return 0;
    this.meter.getFloatTimeDomainData(this.wave);
    const power = this.wave.reduce((sum, sample) => sum + sample * sample, 0) / this.wave.length;
    return Math.sqrt(power);
  }

  get loud() {
    return this.level() > LOUD;
  }

  /** The call was handed back: who had it listens on. */
  handedBack() {
    if (this.mode === "takeover") this.#enter("monitor");
  }

  async leave({ keepalive = false } = {}) {
    if (!this.seated) return;
    const { location } = this;
    this.#close();
    this.#changed();
    await request("DELETE", location, { keepalive }).catch(() => {});
  }

  /** A page that is closed leaves too. */
  abandon() {
    if (this.seated) this.leave({ keepalive: true });
  }

  #gone() {
    if (!this.seated) return;
    this.#close();
    this.dispatchEvent(new Event("lost"));
    this.#changed();
  }

  #close() {
    const { peer } = this;
    this.peer = null;
    peer?.close();
    this.track?.stop();
    this.track = null;
    this.context?.close();
    this.context = null;
    this.meter = null;
    this.sound.srcObject = null;
    Object.assign(this, { mode: null, talking: false, open: false, location: null });
  }
}

function gathered(peer) {
  if (peer.iceGatheringState === "complete") return Promise.resolve();
  return new Promise((done) => {
    setTimeout(done, GATHER);
    peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && done());
  });
}

/** Why a seat was refused, as a word of `words.js` and what it needs. */
export function refusal(why) {
  if (why instanceof DOMException)
    return [
      { NotFoundError: "fault_microphone_none", SecurityError: "fault_insecure" }[why.name] ?? "fault_microphone",
      {},
    ];
  if (!(why instanceof Fault)) return ["fault_sound", {}];
  if (why.status === 0) return ["fault_network", {}];
  if (why.status === 403) return ["fault_right", {}];
  if (why.status === 404) return ["fault_over", {}];
  return ["fault_refused", { detail: why.message }];
}
