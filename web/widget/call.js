// `Switchboard.Call`: places a call to a bot of a Switchboard server. It has no face. docs/widget.md describes it.

const VERSION = 1;
// Where this file lies is where the server is. The stack knows it in a module too, which has no `currentScript`.
const here =
  globalThis.document &&
  (document.currentScript?.src || /https?:\/\/[^\s()]+?(?=:\d+:\d+)/.exec(new Error().stack)?.[0] || document.baseURI);

const LIVE = ["connecting", "listening", "thinking", "speaking", "reconnecting"];
/** Whether the conversation is under way. */
const talks = (state) => ["listening", "thinking", "speaking"].includes(state);
// The server sends fifty packets a second whatever happens: this long without one, and ICE is restarted.
const SILENT_MS = 2000;
const CONNECT_MS = 10000;
const NO_PATH = { blame: "network", reason: "no connection came about" };

/**
 * One caller's end, used for any number of calls after each other. Options: `bot`, `server` (base address; where this
 * file came from by default), and where the right to call comes from: `token` (or a whole session), `tokenUrl` of the
 * site's own server, or none of them for a bot that is public.
 * Events: `state`, `caption`, `bot`, `slot`, `latency`, `error`, `end`, `expect`, `hello`, `spoken`, `interrupted`, `mute`.
 */
class Call extends EventTarget {
  #sound = new Sound({
    gone: () => this.#gone(),
    blocked: (why) =>
      this.#tell("error", why ? { code: "blocked", message: why.message, fatal: false } : { code: null }),
  });
  #peer;
  #sender;
  #channel;
  #sessions = new Sessions();
  #location;
  #etag;
  #answer;
  #waiting = [];
  #flushing;
  #over = new AbortController();
  #said;
  #reconnecting = false;
  #packets = 0;
  #packetAt = 0;
  #timer;
  #connected = false;

  constructor(options = {}) {
    super();
    this.options = { ...options };
    this.state = "idle";
    this.id = null;
    this.language = null;
    this.titles = {};
    this.expect = { keys: false, secret: false };
    addEventListener("pagehide", () => {
      this.#post({ type: "bye" });
      this.stop();
    });
  }

  get live() {
    return LIVE.includes(this.state);
  }
  /** Whether sound of a microphone goes out (a call by typing has none). */
  get hears() {
    return !!this.#sound.stream;
  }
  get mute() {
    return this.#sound.mute;
  }
  set mute(on) {
    this.#sound.mute = on;
    this.#tell("mute", { mute: this.mute });
  }
  get volume() {
    return this.#sound.volume;
  }
  set volume(to) {
    this.#sound.volume = to;
  }
  /** How loud the microphone and the bot are, 0 to 1 over 50 dB. */
  get level() {
    return this.#sound.level;
  }
  get botLevel() {
    return this.#sound.botLevel;
  }

  /**
   * Calls. Call it in a click: the same gesture unlocks sound and asks for the microphone.
   * `microphone: false` calls without one (by typing and keys), a MediaStream takes its sound.
   * Gives whether the call came about; if not, `error` has said why.
   */
  async start({ microphone: wanted = true } = {}) {
    if (this.live) return true;
    this.#over = new AbortController();
    const over = this.#over.signal;
    Object.assign(this, { id: null, expect: { keys: false, secret: false } });
    [this.#said, this.#reconnecting, this.#connected, this.#packets, this.#waiting] = [null, false, false, 0, []];
    this.#location = this.#answer = this.#etag = null;
    try {
      if (typeof RTCPeerConnection === "undefined") throw new Fault("unsupported");
      inspect(this.options);
    } catch (why) {
      return this.#fail(why);
    }
    this.#state("connecting", { asking: wanted === true });
    this.#sound.unlock();
    try {
      // Asked for beside the microphone; one that got old while somebody looked for the right button is asked for anew.
      const early = this.#sessions.open(this.options);
      early.catch(() => {});
      const stream = wanted instanceof MediaStream ? wanted : wanted ? await this.#sound.ask() : null;
      if (over.aborted) {
        release(stream);
        return false;
      }
      this.#hear(stream);
      this.#state("connecting", { asking: false });
      const session = await early.then(() => this.#sessions.open(this.options));
      if (over.aborted) return false;
      this.#sessions.spend();
      return await this.#dial(session, over);
    } catch (why) {
      return !over.aborted && this.#fail(why instanceof Fault ? why : new Fault("server", String(why)));
    }
  }

  /** Hangs up. */
  stop() {
    if (!this.live) return;
    const peer = this.#peer;
    // The connection stays until that is answered, or its end would come first.
    const told = this.#location && this.#leave(this.#location, this.#right);
    this.#peer = null;
    this.#finish({ blame: "caller", reason: "hung up" });
    Promise.race([told, pause(1000)]).then(() => peer?.close());
  }

  /** Says something in writing; 500 characters at most. Gives whether it went out. */
  send(text) {
    const words = String(text).trim();
    return !!words && this.#post({ type: "text", text: [...words].slice(0, 500).join("") });
  }

  /** Presses keys: 0 to 9, * and #. Over the data channel, and as RFC 4733 events only while there is none. */
  key(keys) {
    for (const key of String(keys)) {
      if (!/[0-9*#]/.test(key)) continue;
      if (!this.#post({ type: "key", key }) && this.#sender?.dtmf?.canInsertDTMF) {
        this.#sender.dtmf.insertDTMF(this.#sender.dtmf.toneBuffer + key, 120, 70);
      }
    }
  }

  /** Goes on with a microphone in a call that has none. */
  listen() {
    return this.#listen();
  }

  async #listen(id, exact) {
    try {
      const stream = await this.#sound.ask(id, exact);
      if (!this.live) {
        release(stream);
        return false;
      }
      this.#hear(stream);
      await this.#sender?.replaceTrack(stream.getAudioTracks()[0]);
      this.#sound.endQuiet();
      this.#state(this.state);
      return true;
    } catch (why) {
      this.#tell("error", { code: why.code || "denied", message: why.message, fatal: false });
      if (why.page) complain(why.message);
      return false;
    }
  }

  /** The microphones and speakers to choose from, each `{ id, name }`. */
  devices() {
    return this.#sound.devices();
  }

  /** The ids of the microphone that is open, else of the one that was chosen, and of the speaker. */
  get chosen() {
    return this.#sound.chosen;
  }

  /** Takes another microphone or speaker, at once in a call, and for the calls to come. Gives whether it could. */
  async use({ microphone: id, speaker }) {
    if (speaker !== undefined) {
      try {
        await this.#sound.speaker(speaker);
      } catch (why) {
        this.#tell("error", { code: "speaker", message: `${why.name}: ${why.message}`, fatal: false });
        return false;
      }
    }
    if (id === undefined) return true;
    // The one that is open stays until the other is.
    if (this.hears && !(await this.#listen(id, true))) return false;
    this.#sound.microphone = id;
    return true;
  }

  /** Ends the call there. The request outlives a page that goes away. */
  #leave(place, headers) {
    return fetch(place, { method: "DELETE", headers, keepalive: true }).catch(() => {});
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  #state(state, more = {}) {
    const before = this.state;
    this.state = state;
    this.#tell("state", { state, before, ...more });
  }

  #fail(fault) {
    this.#close();
    this.#state("idle");
    const { code, message, status, retryAfter } = fault;
    if (fault.page) complain(message);
    this.#tell("error", { code, message, status, retryAfter, fatal: true });
    return false;
  }

  #finish(end) {
    if (!this.live) return;
    this.#close();
    this.#state("ended", end);
    this.#tell("end", end);
  }

  #close() {
    this.#over.abort();
    clearInterval(this.#timer);
    this.#sound.close();
    this.#peer?.close();
    // Silence is a caller's choice for one call: the next one begins unmuted.
    if (this.mute) this.mute = false;
    this.#peer = this.#sender = this.#channel = null;
  }

  /** Takes this stream for the caller's voice. */
  #hear(stream) {
    this.#sound.hear(stream);
    if (stream) this.#tell("mute", { mute: this.mute });
  }

  /** The microphone that was open is no more: another one, or silence. */
  async #gone() {
    if (!this.live || (await this.listen())) return;
    this.#hear(null);
    await this.#sender?.replaceTrack(this.#sound.quiet());
    this.#tell("error", { code: "gone", message: "the microphone is gone", fatal: false });
    this.#state(this.state);
  }

  get #right() {
    return { Authorization: `Bearer ${this.token}` };
  }

  /**
   * Gives whether it came about. `stop()` and a new `start()` can come while it waits: what is the call's own stays in here until
   * it is known that it is still the one that is meant.
   */
  async #dial(session, over) {
    this.token = session.token;
    this.grace = session.grace_ms || 20000;
    this.language = session.language || null;
    this.titles = session.titles || {};
    const right = this.#right;
    const servers = session.ice_servers;
    const peer = new RTCPeerConnection({ iceServers: servers || [], bundlePolicy: "max-bundle" });
    this.#peer = peer;
    const { stream } = this.#sound;
    const voice = stream?.getAudioTracks()[0] || this.#sound.quiet();
    this.#sender = peer.addTransceiver(voice, {
      direction: "sendrecv",
      streams: [stream || new MediaStream([voice])],
    }).sender;
    this.#attach(peer.createDataChannel("switchboard", { protocol: "switchboard.v1" }));
    peer.ontrack = ({ track }) => {
      if (!over.aborted) this.#sound.play(track);
    };
    peer.onicecandidate = ({ candidate }) => {
      if (peer !== this.#peer) return;
      this.#waiting.push(candidate?.candidate ? candidate : null);
      this.#flush();
    };
    peer.onconnectionstatechange = () => {
      if (peer !== this.#peer) return;
      if (peer.connectionState === "connected") this.#arrived();
      if (["failed", "closed"].includes(peer.connectionState)) this.#reconnect();
    };
    await peer.setLocalDescription();
    // A token works once: a call that is begun while this one is refused or given up brings another.
    const { token } = this.options;
    const own = token && (token === session || token === session.token);
    if (own) this.options.token = null;
    let place;
    try {
      const headers = { ...right, "Content-Type": "application/sdp" };
      const answer = await ask("POST", new URL("api/v1/widget/calls", base(this.options.server)), {
        headers,
        body: peer.localDescription.sdp,
      });
      place = new URL(answer.headers.get("Location"), answer.url).href;
      const sdp = await answer.text();
      // A bare token came without TURN servers: these serve from the next restart of ICE on.
      if (!servers) this.#relay(peer, answer);
      if (!over.aborted) await peer.setRemoteDescription({ type: "answer", sdp });
      if (over.aborted) {
        this.#leave(place, right);
        return false;
      }
      [this.#location, this.#etag, this.#answer] = [place, answer.headers.get("ETag"), sdp];
    } catch (why) {
      // A call that nobody can take part in: its place is for others.
      if (place) this.#leave(place, right);
      // One that was only turned away for now is good for another try.
      else if (own && ![401, 422].includes(why.status)) this.options.token ??= token;
      throw place ? new Fault("incompatible", String(why)) : why;
    }
    this.#packetAt = performance.now();
    this.#timer = setInterval(() => this.#watch(), 500);
    this.#flush();
    return true;
  }

  /** Takes the TURN servers that an answer names: from the next gathering on. */
  #relay(peer, answer) {
    const iceServers = linked(answer.headers.get("Link"));
    if (!iceServers.length || peer.connectionState === "closed") return;
    try {
      peer.setConfiguration({ ...peer.getConfiguration(), iceServers });
    } catch {
      // A browser that cannot change them goes on with those it has.
    }
  }

  #arrived() {
    if (!this.#connected) {
      this.#connected = true;
      this.#packetAt = performance.now();
      if (this.state === "connecting") this.#state(this.#said || "listening");
    }
  }

  // --- the data channel
  #attach(channel) {
    this.#channel = channel;
    channel.onmessage = ({ data }) => {
      let message;
      try {
        message = JSON.parse(data);
      } catch {
        return;
      }
      if (channel === this.#channel) this.#take(message);
    };
    channel.onclose = () => channel === this.#channel && this.#reconnect();
  }

  #post(message) {
    if (this.#channel?.readyState !== "open") return false;
    this.#channel.send(JSON.stringify(message));
    return true;
  }

  #take({ type, ...message }) {
    switch (type) {
      case "hello":
        Object.assign(this, { id: message.call, language: message.language || this.language });
        return this.#tell("hello", message);
      case "state":
        if (!talks(message.state)) return;
        this.#said = message.state;
        return this.#reconnecting ? undefined : this.#state(message.state);
      case "expect":
        this.expect = { keys: !!message.keys, secret: !!message.secret };
        return this.#tell("expect", this.expect);
      case "error":
        return this.#tell("error", { code: message.code, message: message.message, fatal: false });
      case "end":
        return this.#finish(message);
      case "caption":
      case "bot":
      case "spoken":
      case "interrupted":
      case "slot":
      case "latency":
        return this.#tell(type, message);
    }
  }

  // --- candidates (RFC 8840), and a connection that was lost
  #patch(match, body) {
    const headers = { ...this.#right, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": match };
    return ask("PATCH", this.#location, { headers, body, limit: 5000 });
  }

  /** Sends the candidates that wait, those of one moment together. */
  async #flush() {
    const peer = this.#peer;
    const idle = () => peer !== this.#peer || !peer || !this.#answer || this.#reconnecting;
    if (this.#flushing === peer || idle()) return;
    this.#flushing = peer;
    await pause(20);
    for (let tries = 0; tries < 4 && this.#waiting.length && !idle(); ) {
      const some = this.#waiting.splice(0);
      try {
        await this.#patch(this.#etag || "*", fragment(some, peer.localDescription));
      } catch (why) {
        if (why.status || idle()) continue; // refused: they belong to an ICE session that is over, or the call is
        this.#waiting.unshift(...some);
        await pause(300 * 2 ** tries++);
      }
    }
    if (this.#flushing === peer) this.#flushing = null;
  }

  async #watch() {
    const peer = this.#peer;
    const stats = await peer
      ?.getReceivers()[0]
      ?.getStats()
      .catch(() => null);
    if (!stats || peer !== this.#peer) return;
    for (const entry of stats.values()) {
      if (entry.type !== "inbound-rtp" || entry.packetsReceived === this.#packets) continue;
      [this.#packets, this.#packetAt] = [entry.packetsReceived, performance.now()];
      this.#arrived();
    }
    if (performance.now() - this.#packetAt > (this.#connected ? SILENT_MS : CONNECT_MS)) this.#reconnect();
  }

  /** Restarts ICE until sound comes again, for as long as the server keeps the conversation. */
  async #reconnect() {
    if (this.#reconnecting || !this.live || !this.#answer) return;
    const over = this.#over.signal;
    this.#reconnecting = true;
    if (this.#connected) this.#state("reconnecting");
    const until = performance.now() + this.grace;
    for (let tries = 0; performance.now() < until; tries++) {
      let [had, agreed] = [this.#packets, false];
      try {
        await this.#restart();
        [had, agreed] = [this.#packets, true];
      } catch (why) {
        if (over.aborted) return;
        // The server answers and does not know the call: it is over.
        if ([401, 403, 404, 410].includes(why.status))
          return this.#finish(this.#connected ? { blame: "server", reason: "gone" } : NO_PATH);
      }
      // Nothing to wait for while nothing was agreed on.
      for (
        let waited = 0;
        waited < (agreed ? 3000 : Math.min(2000, 250 * 2 ** tries)) && !over.aborted;
        waited += 100
      ) {
        if (this.#packets !== had && performance.now() - this.#packetAt < 700) return this.#reconnected();
        // Found after the agreement, by servers that are far: a server that checks the way too needs them.
        const found = agreed ? this.#waiting.splice(0) : [];
        if (found.length && this.#etag)
          this.#patch(this.#etag, fragment(found, this.#peer.localDescription)).catch(() => {});
        await pause(100);
      }
      if (over.aborted) return;
    }
    this.#finish(this.#connected ? { blame: "network", reason: "connection lost" } : NO_PATH);
  }

  #reconnected() {
    this.#reconnecting = false;
    if (this.#channel?.readyState !== "open" && this.#channel?.readyState !== "connecting") {
      this.#attach(this.#peer.createDataChannel("switchboard", { protocol: "switchboard.v1" }));
    }
    this.#connected = true;
    this.#state(this.#said || "listening");
    this.#flush();
  }

  /** One new ICE session: agreed on first, so that what is gathered then is gathered with fresh TURN credentials. */
  async #restart() {
    const peer = this.#peer;
    if (peer.connectionState === "closed") throw new Fault("lost");
    const offer = await peer.createOffer({ iceRestart: true });
    const answer = await this.#patch("*", fragment([], offer));
    const lines = (await answer.text()).split(/\r?\n/);
    if (peer !== this.#peer) throw new Fault("lost");
    this.#relay(peer, answer);
    this.#waiting = [];
    this.#etag = answer.headers.get("ETag") || this.#etag;
    await peer.setLocalDescription(offer);
    const sdp = restarted(this.#answer, lines);
    await peer.setRemoteDescription({ type: "answer", sdp });
    for (const line of lines.filter((line) => line.startsWith("a=candidate:"))) {
      await peer.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 }).catch(() => {});
    }
    if (peer !== this.#peer) throw new Fault("lost");
    this.#answer = sdp;
    const some = this.#waiting.splice(0);
    if (some.length) this.#patch(this.#etag || "*", fragment(some, peer.localDescription)).catch(() => {});
  }
}
