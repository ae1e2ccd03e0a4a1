// `Sound`: a call's sound in the browser: the microphone's stream, the element that plays the bot, and how loud both are.

class Sound {
  #audio;
  #context;
  #meter;
  #botMeter;
  #silence;
  #stream;
  #chosen = {};
  #mute = false;
  #volume = 1;
  #gone;
  #blocked;

  /**
   * `gone()`: the microphone that was open is no more. `blocked(why)`: the browser plays nothing before the visitor does something,
   * and with null: now it plays.
   */
  constructor({ gone, blocked }) {
    [this.#gone, this.#blocked] = [gone, blocked];
  }

  /** The caller's stream, if a microphone is open. */
  get stream() {
    return this.#stream;
  }
  get mute() {
    return this.#mute;
  }
  set mute(on) {
    this.#mute = !!on;
    for (const track of this.#stream?.getAudioTracks() || []) track.enabled = !this.#mute;
  }
  get volume() {
    return this.#volume;
  }
  set volume(to) {
    this.#volume = Math.min(1, Math.max(0, Number(to) || 0));
    if (this.#audio) [this.#audio.volume, this.#audio.muted] = [this.#volume, this.#volume === 0];
  }

  /** How loud the microphone is, 0 to 1 over 50 dB. */
  get level() {
    return this.#meter && this.#stream && !this.#mute ? this.#meter() : 0;
  }

  /** How loud the bot is, 0 to 1. */
  get botLevel() {
    return this.#botMeter?.() ?? 0;
  }

  /**
   * The microphones and speakers to choose from, each `{ id, name }`: none before a microphone was allowed, and no speakers where
   * the browser lets no page choose one.
   */
  async devices() {
    const all = (await navigator.mediaDevices?.enumerateDevices?.().catch(() => [])) || [];
    const of = (kind) =>
      all
        .filter((device) => device.kind === kind && device.deviceId)
        .map(({ deviceId: id, label: name }) => ({ id, name }));
    return {
      microphones: of("audioinput"),
      speakers: "setSinkId" in HTMLMediaElement.prototype ? of("audiooutput") : [],
    };
  }

  /** The ids of the microphone that is open, else of the one that was chosen, and of the speaker. */
  get chosen() {
    const open = this.#stream?.getAudioTracks()[0]?.getSettings().deviceId;
    return { microphone: open || this.#chosen.microphone || "", speaker: this.#chosen.speaker || "" };
  }

  /** The microphone for the calls to come. */
  set microphone(id) {
    this.#chosen.microphone = id;
  }

  /** Asks for the chosen microphone, or for this one and no other. */
  ask(id = this.#chosen.microphone, exact = false) {
    return microphone(id, exact);
  }

  /** Takes another speaker, at once in a call, and for the calls to come. */
  async speaker(id) {
    await this.#audio?.setSinkId(id);
    this.#chosen.speaker = id;
  }

  /** Within the gesture: sound may play from here on, though its track comes later. */
  unlock() {
    this.#context = new (globalThis.AudioContext || globalThis.webkitAudioContext)();
    this.#context.resume().catch(() => {});
    this.#audio = new Audio();
    Object.assign(this.#audio, { autoplay: true, playsInline: true, srcObject: new MediaStream() });
    this.volume = this.#volume;
    this.#play();
  }

  /** Takes this stream for the caller's voice; none: no microphone is open. */
  hear(stream) {
    this.#meter?.source.disconnect();
    release(this.#stream);
    this.#stream = stream;
    if (!stream) return;
    this.#meter = meter(this.#context, stream);
    this.mute = this.#mute;
    stream.getAudioTracks()[0]?.addEventListener("ended", () => this.#stream === stream && this.#gone());
  }

  /** A track without sound, in place of a microphone: the line lives by its packets. */
  quiet() {
    const line = this.#context.createMediaStreamDestination();
    this.#silence = this.#context.createConstantSource();
    this.#silence.offset.value = 0;
    this.#silence.connect(line);
    this.#silence.start();
    return line.stream.getAudioTracks()[0];
  }

  /** A microphone has taken the place of the track without sound. */
  endQuiet() {
    this.#silence?.stop();
    this.#silence = null;
  }

  /** Plays the bot's track. */
  play(track) {
    this.#audio?.srcObject?.addTrack(track);
    this.#place();
    // Chromium lets a received stream be measured while a media element plays it, and gives no level of its packets.
    this.#botMeter?.source.disconnect();
    this.#botMeter = meter(this.#context, new MediaStream([track]));
    this.#play();
  }

  /** The chosen speaker, for the sound of a new call. An element that is only beginning to play puts it off; one that is gone is given up. */
  async #place() {
    const [audio, { speaker }] = [this.#audio, this.#chosen];
    for (let tries = 0; speaker && audio === this.#audio && tries < 20; tries++) {
      const why = await audio.setSinkId(speaker).then(
        () => null,
        (why) => why,
      );
      if (!why) return;
      if (why.name !== "AbortError") {
        this.#chosen.speaker = "";
        return;
      }
      await pause(100);
    }
  }

  #play() {
    const [audio, context] = [this.#audio, this.#context];
    audio?.play().catch((why) => {
      if (why.name !== "NotAllowedError" || audio !== this.#audio) return;
      this.#blocked(why);
      const again = () => {
        for (const type of ["pointerup", "keydown"]) removeEventListener(type, again, true);
        if (audio !== this.#audio) return;
        context.resume().catch(() => {});
        this.#play();
        this.#blocked(null);
      };
      for (const type of ["pointerup", "keydown"]) addEventListener(type, again, true);
    });
  }

  /** The call is over. What was chosen stays for the next one. */
  close() {
    release(this.#stream);
    this.#silence?.stop();
    if (this.#audio) this.#audio.srcObject = null;
    this.#context?.close().catch(() => {});
    this.#stream = this.#silence = this.#audio = this.#context = this.#meter = this.#botMeter = null;
  }
}
