// The browser caller. `Switchboard.Call` places a call to a bot of a Switchboard server and has no face;
// `<switchboard-call>` is its face. docs/widget.md describes both.
// One file without import or export, so that it works as a module, as a classic script and by `import()`.
(() => {
  "use strict";
  const VERSION = 1;
  // Where this file lies is where the server is. The stack knows it in a module too, which has no `currentScript`.
  const here = document.currentScript?.src || /https?:\/\/[^\s()]+?(?=:\d+:\d+)/.exec(new Error().stack)?.[0] || document.baseURI;
  if (globalThis.Switchboard) return void globalThis.Switchboard.embed(here);

  // ---------------------------------------------------------------------------------------------------------- words
  const WORDS = {
    en: {
      title: "Talk to us",
      intro: "Talk to our automated assistant. Your browser will ask for your microphone.",
      begin: "Start call", again: "Call again", retry: "Try again", type: "Type instead", microphone: "Use microphone",
      idle: "Ready", connecting: "Connecting…", listening: "Listening", thinking: "Thinking…", speaking: "Speaking",
      reconnecting: "Reconnecting…", ended: "Call ended", muted: "You are muted",
      hint_connecting: "One moment, please", hint_ask: "Please allow the microphone when your browser asks",
      hint_listening: "Speak now, or type below", hint_typing: "Type your answer below", hint_thinking: "One moment",
      hint_speaking: "You can interrupt at any time", hint_secret: "Enter it by keys or type it: it stays hidden", hint_muted: "Unmute to speak, or type below",
      hint_reconnecting: "The connection was lost. Please hold on", hint_silent: "We cannot hear you. Is the right microphone on?",
      hint_blocked: "Tap anywhere to hear the assistant",
      mute: "Mute", unmute: "Unmute", keypad: "Keypad", sound: "Sound", hangup: "Hang up", send: "Send", minimise: "Minimise",
      open: "Open the call", volume: "Volume", aloud: "Screen reader reads captions", write: "Type a message",
      secret: "Type it here, it stays hidden", hidden: "hidden", you: "You", bot: "Assistant", unsaid: "not said:", log: "Conversation",
      call_controls: "Call controls", connected: "Connected", back: "Connected again",
      end_nobody: "The conversation is over. Goodbye!", end_caller: "You hung up.",
      end_network: "The connection was lost and did not come back. Please call again.",
      end_engine: "The assistant had a technical problem. Please call again later.",
      end_server: "The service ended the call. Please call again.",
      end_gone: "The call was cut off, because the service was restarted. Please call again.",
      end_path: "No connection came about. A firewall may be in the way: try another network.",
      fault_expired: "This page has been open too long. Reload it and call again.",
      fault_insecure: "This page is not secure (https), so the browser keeps the microphone from it. You can still type.",
      fault_unsupported: "This browser cannot make calls. Please use a current Chrome, Edge, Firefox or Safari.",
      fault_missing: "No microphone was found. Connect one and try again, or type instead.",
      fault_occupied: "Another program holds the microphone. Close it and try again, or type instead.",
      fault_policy: "This page is shown inside another one that gives it no microphone (the frame needs allow=\"microphone\"). You can still type.",
      fault_system: "Your system keeps the microphone from the browser. Allow it in the system's privacy settings, then try again.",
      fault_denied: "The microphone is blocked for this page.",
      fault_dismissed: "The question for the microphone was closed. Try again and choose Allow.",
      fault_gone: "The microphone is gone. Connect it and press Use microphone, or type.",
      fault_refused: "This page may not call this assistant.", fault_absent: "This assistant is not there.",
      fault_many: "Too many calls from here. Please try again in a moment.",
      fault_busy: "All lines are busy. Please try again in a moment.",
      fault_unreachable: "The service cannot be reached. Check your connection and try again.",
      fault_incompatible: "The service could not take the call from this browser.",
      fault_server: "The service had a problem. Please try again later.",
      fault_deaf: "The assistant cannot hear at the moment. Please use the keypad or type.",
      help_chrome: "Click the icon left of the address, set Microphone to Allow, then try again.",
      help_android: "Tap the icon left of the address, then Permissions, Microphone, Allow, and try again.",
      help_edge: "Click the lock left of the address, set Microphone to Allow, then try again.",
      help_firefox: "Click the crossed-out microphone left of the address, remove the block, then try again.",
      help_safari: "In the Safari menu open Settings for this website, set Microphone to Allow, then try again.",
      help_ios: "Tap the page menu beside the address, Website Settings, Microphone, Allow, and try again. If that is missing: Settings, Apps, Safari, Microphone.",
      help_ios_other: "Open Settings, Apps, this browser, switch Microphone on, then try again.",
      help_other: "Allow the microphone for this page in the browser's settings, then try again.",
    },
    vi: {
      title: "Trò chuyện với chúng tôi",
      intro: "Nói chuyện với trợ lý tự động. Trình duyệt sẽ hỏi quyền dùng micrô.",
      begin: "Bắt đầu gọi", again: "Gọi lại", retry: "Thử lại", type: "Gõ chữ", microphone: "Dùng micrô",
      idle: "Sẵn sàng", connecting: "Đang kết nối…", listening: "Đang nghe", thinking: "Đang nghĩ…", speaking: "Đang nói",
      reconnecting: "Đang nối lại…", ended: "Đã kết thúc", muted: "Micrô đang tắt",
      hint_connecting: "Xin chờ một chút", hint_ask: "Xin cho phép dùng micrô khi trình duyệt hỏi",
      hint_listening: "Xin mời nói, hoặc gõ bên dưới", hint_typing: "Xin gõ câu trả lời bên dưới", hint_thinking: "Xin chờ một chút",
      hint_speaking: "Có thể ngắt lời bất cứ lúc nào", hint_secret: "Bấm phím hoặc gõ: nội dung được che", hint_muted: "Bật micrô để nói, hoặc gõ bên dưới",
      hint_reconnecting: "Mất kết nối. Xin giữ máy", hint_silent: "Chưa nghe thấy quý khách. Đã chọn đúng micrô chưa?",
      hint_blocked: "Chạm vào màn hình để nghe trợ lý",
      mute: "Tắt micrô", unmute: "Bật micrô", keypad: "Bàn phím", sound: "Âm thanh", hangup: "Gác máy", send: "Gửi", minimise: "Thu nhỏ",
      open: "Mở cuộc gọi", volume: "Âm lượng", aloud: "Trình đọc màn hình đọc phụ đề", write: "Gõ tin nhắn",
      secret: "Gõ vào đây, nội dung được che", hidden: "được che", you: "Quý khách", bot: "Trợ lý", unsaid: "chưa nói:", log: "Hội thoại",
      call_controls: "Điều khiển cuộc gọi", connected: "Đã kết nối", back: "Đã kết nối lại",
      end_nobody: "Cuộc trò chuyện đã xong. Tạm biệt!", end_caller: "Quý khách đã gác máy.",
      end_network: "Mất kết nối và không nối lại được. Xin gọi lại.",
      end_engine: "Trợ lý gặp sự cố kỹ thuật. Xin gọi lại sau.",
      end_server: "Dịch vụ đã kết thúc cuộc gọi. Xin gọi lại.",
      end_gone: "Cuộc gọi bị ngắt vì dịch vụ vừa khởi động lại. Xin gọi lại.",
      end_path: "Không kết nối được, có thể do tường lửa. Xin thử một mạng khác.",
      fault_expired: "Trang đã mở quá lâu. Xin tải lại trang rồi gọi lại.",
      fault_insecure: "Trang này không an toàn (https) nên trình duyệt không cho dùng micrô. Quý khách vẫn có thể gõ chữ.",
      fault_unsupported: "Trình duyệt này không gọi được. Xin dùng Chrome, Edge, Firefox hoặc Safari bản mới.",
      fault_missing: "Không tìm thấy micrô. Xin cắm micrô rồi thử lại, hoặc gõ chữ.",
      fault_occupied: "Một chương trình khác đang dùng micrô. Xin đóng nó rồi thử lại, hoặc gõ chữ.",
      fault_policy: "Trang này nằm trong một trang khác không cho dùng micrô (khung cần allow=\"microphone\"). Quý khách vẫn có thể gõ chữ.",
      fault_system: "Hệ thống không cho trình duyệt dùng micrô. Xin cho phép trong cài đặt quyền riêng tư rồi thử lại.",
      fault_denied: "Micrô đang bị chặn đối với trang này.",
      fault_dismissed: "Câu hỏi về micrô đã bị đóng. Xin thử lại và chọn Cho phép.",
      fault_gone: "Không còn micrô. Xin cắm lại rồi bấm Dùng micrô, hoặc gõ chữ.",
      fault_refused: "Trang này không được phép gọi trợ lý này.", fault_absent: "Không có trợ lý này.",
      fault_many: "Có quá nhiều cuộc gọi từ đây. Xin thử lại sau giây lát.",
      fault_busy: "Tất cả các đường dây đều bận. Xin thử lại sau giây lát.",
      fault_unreachable: "Không liên lạc được với dịch vụ. Xin kiểm tra kết nối mạng rồi thử lại.",
      fault_incompatible: "Dịch vụ không nhận được cuộc gọi từ trình duyệt này.",
      fault_server: "Dịch vụ gặp sự cố. Xin thử lại sau.",
      fault_deaf: "Trợ lý tạm thời không nghe được. Xin dùng bàn phím hoặc gõ chữ.",
      help_chrome: "Bấm biểu tượng bên trái địa chỉ trang, đặt Micrô thành Cho phép, rồi thử lại.",
      help_android: "Chạm biểu tượng bên trái địa chỉ trang, chọn Quyền, Micrô, Cho phép, rồi thử lại.",
      help_edge: "Bấm ổ khóa bên trái địa chỉ trang, đặt Micrô thành Cho phép, rồi thử lại.",
      help_firefox: "Bấm hình micrô gạch chéo bên trái địa chỉ trang, bỏ chặn, rồi thử lại.",
      help_safari: "Trong trình đơn Safari mở Cài đặt cho trang web này, đặt Micrô thành Cho phép, rồi thử lại.",
      help_ios: "Chạm trình đơn trang cạnh địa chỉ, chọn Cài đặt trang web, Micrô, Cho phép, rồi thử lại. Nếu không thấy: Cài đặt, Ứng dụng, Safari, Micrô.",
      help_ios_other: "Mở Cài đặt, Ứng dụng, trình duyệt này, bật Micrô, rồi thử lại.",
      help_other: "Xin cho phép trang này dùng micrô trong cài đặt của trình duyệt, rồi thử lại.",
    },
  };

  // ----------------------------------------------------------------------------------------------------------- call
  const LIVE = ["connecting", "listening", "thinking", "speaking", "reconnecting"];
  // The server sends fifty packets a second whatever happens: this long without one, and the connection is mended.
  const SILENT_MS = 2000;
  const CONNECT_MS = 10000;
  const NO_PATH = { blame: "network", reason: "no connection came about" };
  const pause = (ms) => new Promise((done) => setTimeout(done, ms));

  /** What went wrong: `code` is a word to branch on, `message` is for people who read logs. */
  class Fault extends Error {
    constructor(code, message, more = {}) {
      super(message || code);
      Object.assign(this, { code }, more);
    }
  }

  /** Asks the server; an answer that is not a success, or none, is a `Fault`. */
  async function ask(method, url, { body, limit = 8000, ...rest } = {}) {
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), limit);
    let answer;
    try {
      answer = await fetch(url, { method, body, signal: late.signal, cache: "no-store", ...rest });
    } catch (why) {
      throw new Fault("unreachable", `${method} ${url}: ${why.message}`);
    } finally {
      clearTimeout(timer);
    }
    if (answer.ok) return answer;
    const code = { 401: "expired", 403: "refused", 404: "absent", 415: "incompatible", 422: "incompatible", 429: "many", 503: "busy" };
    const problem = await answer.json().catch(() => ({}));
    const retryAfter = Number(answer.headers.get("Retry-After")) || undefined;
    throw new Fault(code[answer.status] || "server", problem.detail || problem.title, { status: answer.status, retryAfter });
  }

  /** The microphone, or a `Fault` that says why there is none. */
  async function microphone() {
    if (!isSecureContext) throw new Fault("insecure");
    if (!navigator.mediaDevices?.getUserMedia) throw new Fault("unsupported");
    try {
      const audio = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: { ideal: 1 } };
      return await navigator.mediaDevices.getUserMedia({ audio });
    } catch (why) {
      const policy = (document.permissionsPolicy || document.featurePolicy)?.allowsFeature?.("microphone") === false;
      const denied = policy ? "policy" : /system/i.test(why.message) ? "system" : /dismissed/i.test(why.message) ? "dismissed" : "denied";
      const code = { NotAllowedError: denied, SecurityError: denied, NotFoundError: "missing", OverconstrainedError: "missing", NotReadableError: "occupied", AbortError: "occupied" };
      throw new Fault(code[why.name] || "denied", `${why.name}: ${why.message}`);
    }
  }

  /** TURN servers out of `Link` headers (RFC 9725, section 4.6). */
  function linked(header) {
    const found = [];
    for (const [, url, rest] of (header || "").matchAll(/<((?:stun|turns?):[^>]+)>([^<]*)/g)) {
      if (!/rel="?ice-server/.test(rest)) continue;
      const of = (name) => new RegExp(`[;\\s]${name}="((?:[^"\\\\]|\\\\.)*)"`).exec(rest)?.[1].replace(/\\(.)/g, "$1");
      found.push(of("username") ? { urls: url, username: of("username"), credential: of("credential") } : { urls: url });
    }
    return found;
  }

  /**
   * One caller's end, used for any number of calls after each other. Options: `bot`, `server` (base address; where this
   * file came from by default), and where the right to call comes from: `token` (or a whole session), `tokenUrl` of the
   * site's own server, or none of them for a bot that is public.
   * Events: `state`, `caption`, `bot`, `slot`, `latency`, `error`, `end`, `expect`, `hello`, `spoken`, `interrupted`, `mute`.
   */
  class Call extends EventTarget {
    #audio; #context; #source; #analyser; #silence; #stream; #peer; #sender; #channel;
    #session; #sessionOf; #sessionAt = 0; #location; #etag; #answer; #waiting = []; #flushing; #over = new AbortController();
    #mute = false; #volume = 1; #said; #mending = false; #packets = 0; #packetAt = 0; #timer; #connected = false;

    constructor(options = {}) {
      super();
      this.options = { ...options };
      this.state = "idle";
      this.id = null;
      this.language = null;
      this.titles = {};
      this.expect = { keys: false, secret: false };
      addEventListener("pagehide", () => (this.#post({ type: "bye" }), this.stop()));
    }

    get live() { return LIVE.includes(this.state); }
    /** Whether sound of a microphone goes out (a call by typing has none). */
    get hears() { return !!this.#stream; }
    get mute() { return this.#mute; }
    set mute(on) {
      this.#mute = !!on;
      for (const track of this.#stream?.getAudioTracks() || []) track.enabled = !this.#mute;
      this.#tell("mute", { mute: this.#mute });
    }
    get volume() { return this.#volume; }
    set volume(to) {
      this.#volume = Math.min(1, Math.max(0, Number(to) || 0));
      if (this.#audio) [this.#audio.volume, this.#audio.muted] = [this.#volume, this.#volume === 0];
    }

    /** How loud the microphone is, 0 to 1 over 50 dB. */
    get level() {
      if (!this.#analyser || !this.#stream || this.#mute) return 0;
      const wave = new Float32Array(this.#analyser.fftSize);
      this.#analyser.getFloatTimeDomainData(wave);
      return loudness(Math.sqrt(wave.reduce((sum, x) => sum + x * x, 0) / wave.length));
    }

    /** How loud the bot is, 0 to 1. */
    get botLevel() {
      return loudness(this.#peer?.getReceivers()[0]?.getSynchronizationSources()[0]?.audioLevel || 0);
    }

    /**
     * Calls. Call it in a click: the same gesture unlocks sound and asks for the microphone.
     * `microphone: false` calls without one (by typing and keys), a MediaStream takes its sound.
     * Gives whether the call came about; if not, `error` has said why.
     */
    async start({ microphone: wanted = true } = {}) {
      if (this.live) return true;
      const over = (this.#over = new AbortController()).signal;
      Object.assign(this, { id: null, expect: { keys: false, secret: false } });
      [this.#said, this.#mending, this.#connected, this.#packets, this.#waiting] = [null, false, false, 0, []];
      this.#location = this.#answer = this.#etag = null;
      if (typeof RTCPeerConnection === "undefined") return this.#fail(new Fault("unsupported"));
      this.#state("connecting", { asking: wanted === true });
      this.#unlock();
      try {
        // Asked for beside the microphone; one that got old while somebody looked for the right button is asked for anew.
        const early = this.#open();
        early.catch(() => {});
        const stream = wanted instanceof MediaStream ? wanted : wanted ? await microphone() : null;
        if (over.aborted) return stream?.getTracks().forEach((track) => track.stop()), false;
        this.#hear(stream);
        this.#state("connecting", { asking: false });
        const session = await early.then(() => this.#open());
        if (over.aborted) return false;
        this.#session = null;
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
    async listen() {
      try {
        const stream = await microphone();
        if (!this.live) return stream.getTracks().forEach((track) => track.stop()), false;
        this.#hear(stream);
        await this.#sender?.replaceTrack(stream.getAudioTracks()[0]);
        this.#state(this.state);
        return true;
      } catch (why) {
        this.#tell("error", { code: why.code || "denied", message: why.message, fatal: false });
        return false;
      }
    }

    /** Ends the call there. The request outlives a page that goes away. */
    #leave(place, headers) {
      return fetch(place, { method: "DELETE", headers, keepalive: true }).catch(() => {});
    }

    #tell(type, detail) { this.dispatchEvent(new CustomEvent(type, { detail })); }

    #state(state, more = {}) {
      const before = this.state;
      this.state = state;
      this.#tell("state", { state, before, ...more });
    }

    #fail(fault) {
      this.#close();
      this.#state("idle");
      if (fault.code === "unreachable" && this.#base.origin !== location.origin) {
        console.warn(`Switchboard: ${this.#base.origin} does not answer, or its widget.origins does not name ${location.origin}.`);
      }
      const { code, message, status, retryAfter } = fault;
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
      // This is what turns the browser's microphone light off.
      this.#stream?.getTracks().forEach((track) => track.stop());
      this.#silence?.stop();
      this.#peer?.close();
      if (this.#audio) this.#audio.srcObject = null;
      this.#context?.close().catch(() => {});
      this.#stream = this.#silence = this.#peer = this.#sender = this.#channel = this.#audio = this.#context = this.#analyser = null;
    }

    /** Within the gesture: sound may play from here on, though its track comes later. */
    #unlock() {
      this.#context = new (globalThis.AudioContext || globalThis.webkitAudioContext)();
      this.#context.resume().catch(() => {});
      this.#audio = new Audio();
      Object.assign(this.#audio, { autoplay: true, playsInline: true, srcObject: new MediaStream() });
      this.volume = this.#volume;
      this.#play();
    }

    #play() {
      const [audio, context] = [this.#audio, this.#context];
      audio?.play().catch((why) => {
        if (why.name !== "NotAllowedError" || audio !== this.#audio) return;
        this.#tell("error", { code: "blocked", message: why.message, fatal: false });
        const again = () => {
          for (const type of ["pointerup", "keydown"]) removeEventListener(type, again, true);
          if (audio === this.#audio) context.resume().catch(() => {}), this.#play(), this.#tell("error", { code: null });
        };
        for (const type of ["pointerup", "keydown"]) addEventListener(type, again, true);
      });
    }

    /** Takes this stream for the caller's voice; without one, silence: the line lives by its packets. */
    #hear(stream) {
      this.#source?.disconnect();
      this.#stream?.getTracks().forEach((track) => track.stop());
      this.#stream = stream;
      if (!stream) return;
      this.#analyser = this.#context.createAnalyser();
      this.#analyser.fftSize = 1024;
      this.#source = this.#context.createMediaStreamSource(stream);
      this.#source.connect(this.#analyser);
      this.mute = this.#mute;
      stream.getAudioTracks()[0]?.addEventListener("ended", async () => {
        if (this.#stream !== stream || !this.live || (await this.listen())) return;
        this.#hear(null);
        await this.#sender?.replaceTrack(this.#quiet());
        this.#tell("error", { code: "gone", message: "the microphone is gone", fatal: false });
        this.#state(this.state);
      });
    }

    #quiet() {
      const line = this.#context.createMediaStreamDestination();
      this.#silence = this.#context.createConstantSource();
      this.#silence.offset.value = 0;
      this.#silence.connect(line);
      this.#silence.start();
      return line.stream.getAudioTracks()[0];
    }

    get #base() { return new URL(this.options.server || ".", here); }
    get #right() { return { Authorization: `Bearer ${this.token}` }; }

    /** The right to call: given, fetched from the site's own server, or asked for by the page itself. */
    async #open() {
      const { bot, token, tokenUrl } = this.options;
      if (token) {
        return (this.#session = typeof token === "string" ? { token } : token);
      }
      if (this.#session && this.#sessionOf === `${bot} ${tokenUrl}` && Date.now() - this.#sessionAt < 20000) return this.#session;
      const at = tokenUrl ? new URL(tokenUrl, document.baseURI) : new URL("api/v1/widget/sessions", this.#base);
      const body = JSON.stringify({ bot });
      const answer = await ask("POST", at, { headers: { "Content-Type": "application/json" }, body, credentials: tokenUrl ? "same-origin" : "omit" });
      this.#session = await answer.json();
      [this.#sessionOf, this.#sessionAt] = [`${bot} ${tokenUrl}`, Date.now()];
      return this.#session;
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
      const peer = (this.#peer = new RTCPeerConnection({ iceServers: servers || [], bundlePolicy: "max-bundle" }));
      const voice = this.#stream?.getAudioTracks()[0] || this.#quiet();
      this.#sender = peer.addTransceiver(voice, { direction: "sendrecv", streams: [this.#stream || new MediaStream([voice])] }).sender;
      this.#attach(peer.createDataChannel("switchboard", { protocol: "switchboard.v1" }));
      peer.ontrack = ({ track }) => {
        if (over.aborted) return;
        this.#audio?.srcObject?.addTrack(track);
        this.#play();
      };
      peer.onicecandidate = ({ candidate }) => {
        if (peer !== this.#peer) return;
        this.#waiting.push(candidate?.candidate ? candidate : null);
        this.#flush();
      };
      peer.onconnectionstatechange = () => {
        if (peer !== this.#peer) return;
        if (peer.connectionState === "connected") this.#arrived();
        if (["failed", "closed"].includes(peer.connectionState)) this.#mend();
      };
      await peer.setLocalDescription();
      // A token works once: a call that is begun while this one is refused or given up brings another.
      const { token } = this.options;
      const own = token && (token === session || token === session.token);
      if (own) this.options.token = null;
      let place;
      try {
        const headers = { ...right, "Content-Type": "application/sdp" };
        const answer = await ask("POST", new URL("api/v1/widget/calls", this.#base), { headers, body: peer.localDescription.sdp });
        place = new URL(answer.headers.get("Location"), answer.url).href;
        const sdp = await answer.text();
        // A bare token came without TURN servers: these serve from the next restart of ICE on.
        if (!servers) this.#relay(peer, answer);
        if (!over.aborted) await peer.setRemoteDescription({ type: "answer", sdp });
        if (over.aborted) return this.#leave(place, right), false;
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
      channel.onclose = () => channel === this.#channel && this.#mend();
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
          if (!["listening", "thinking", "speaking"].includes(message.state)) return;
          this.#said = message.state;
          return this.#mending ? undefined : this.#state(message.state);
        case "expect":
          this.expect = { keys: !!message.keys, secret: !!message.secret };
          return this.#tell("expect", this.expect);
        case "error":
          return this.#tell("error", { code: message.code, message: message.message, fatal: false });
        case "end":
          return this.#finish(message);
        case "caption": case "bot": case "spoken": case "interrupted": case "slot": case "latency":
          return this.#tell(type, message);
      }
    }

    // --- candidates (RFC 8840), and a connection that was lost
    #fragment(candidates, { sdp } = this.#peer.localDescription) {
      const of = (line) => new RegExp(`^${line}.*$`, "m").exec(sdp)?.[0].trim();
      const lines = ["a=group:BUNDLE", "m=", "a=mid:", "a=ice-ufrag:", "a=ice-pwd:"].map(of).filter(Boolean);
      for (const candidate of candidates) lines.push(candidate ? `a=${candidate.candidate}` : "a=end-of-candidates");
      return `${lines.join("\r\n")}\r\n`;
    }

    #patch(match, body) {
      const headers = { ...this.#right, "Content-Type": "application/trickle-ice-sdpfrag", "If-Match": match };
      return ask("PATCH", this.#location, { headers, body, limit: 5000 });
    }

    /** Sends the candidates that wait, those of one moment together. */
    async #flush() {
      const peer = this.#peer;
      const idle = () => peer !== this.#peer || !peer || !this.#answer || this.#mending;
      if (this.#flushing === peer || idle()) return;
      this.#flushing = peer;
      await pause(20);
      for (let tries = 0; tries < 4 && this.#waiting.length && !idle(); ) {
        const some = this.#waiting.splice(0);
        try {
          await this.#patch(this.#etag || "*", this.#fragment(some));
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
      const stats = await peer?.getReceivers()[0]?.getStats().catch(() => null);
      if (!stats || peer !== this.#peer) return;
      for (const entry of stats.values()) {
        if (entry.type !== "inbound-rtp" || entry.packetsReceived === this.#packets) continue;
        [this.#packets, this.#packetAt] = [entry.packetsReceived, performance.now()];
        this.#arrived();
      }
      if (performance.now() - this.#packetAt > (this.#connected ? SILENT_MS : CONNECT_MS)) this.#mend();
    }

    /** Restarts ICE until sound comes again, for as long as the server keeps the conversation. */
    async #mend() {
      if (this.#mending || !this.live || !this.#answer) return;
      const over = this.#over.signal;
      this.#mending = true;
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
          if ([401, 403, 404, 410].includes(why.status)) return this.#finish(this.#connected ? { blame: "server", reason: "gone" } : NO_PATH);
        }
        // Nothing to wait for while nothing was agreed on.
        for (let waited = 0; waited < (agreed ? 3000 : Math.min(2000, 250 * 2 ** tries)) && !over.aborted; waited += 100) {
          if (this.#packets !== had && performance.now() - this.#packetAt < 700) return this.#mended();
          // Found after the agreement, by servers that are far: a server that checks the way too needs them.
          const found = agreed ? this.#waiting.splice(0) : [];
          if (found.length && this.#etag) this.#patch(this.#etag, this.#fragment(found)).catch(() => {});
          await pause(100);
        }
        if (over.aborted) return;
      }
      this.#finish(this.#connected ? { blame: "network", reason: "connection lost" } : NO_PATH);
    }

    #mended() {
      this.#mending = false;
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
      const answer = await this.#patch("*", this.#fragment([], offer));
      const lines = (await answer.text()).split(/\r?\n/);
      if (peer !== this.#peer) throw new Fault("lost");
      this.#relay(peer, answer);
      this.#waiting = [];
      this.#etag = answer.headers.get("ETag") || this.#etag;
      await peer.setLocalDescription(offer);
      const of = (name) => lines.find((line) => line.startsWith(`a=${name}:`));
      const sdp = this.#answer
        .split("\r\n")
        .filter((line) => !/^a=(candidate:|end-of-candidates)/.test(line))
        .map((line) => (/^a=(ice-ufrag|ice-pwd):/.test(line) ? of(line.slice(2, line.indexOf(":"))) || line : line));
      await peer.setRemoteDescription({ type: "answer", sdp: sdp.join("\r\n") });
      for (const line of lines.filter((line) => line.startsWith("a=candidate:"))) {
        await peer.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 }).catch(() => {});
      }
      if (peer !== this.#peer) throw new Fault("lost");
      this.#answer = sdp.join("\r\n");
      const some = this.#waiting.splice(0);
      if (some.length) this.#patch(this.#etag || "*", this.#fragment(some)).catch(() => {});
    }
  }

  /** An amplitude as a share of the 50 dB below full scale. */
  function loudness(amplitude) {
    return Math.min(1, Math.max(0, (20 * Math.log10(amplitude + 1e-6) + 55) / 50));
  }

  // ----------------------------------------------------------------------------------------------------------- face
  const ICONS = {
    phone: "M6.6 3.6l2.9.4 1.3 4-2 1.7a12.4 12.4 0 0 0 5.5 5.5l1.7-2 4 1.3.4 2.9a2.2 2.2 0 0 1-2.3 2.5A16.3 16.3 0 0 1 4.1 5.9a2.2 2.2 0 0 1 2.5-2.3z",
    mic: "M12 3.5a3 3 0 0 1 3 3v4.5a3 3 0 0 1-6 0V6.500a3 3 0 0 1 3-3zM6 11a6 6 0 0 0 12 0M12 17v3.500",
    off: "M12 3.5a3 3 0 0 1 3 3v4.500M9 9v2a3 3 0 0 0 4.500 2.600M6 11a6 6 0 0 0 9.500 4.900M18 11a6 6 0 0 1-.4 2M12 17v3.500M4 4l16 16",
    pad: "M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01",
    sound: "M4.500 9.500v5h3.500l4.500 4v-13l-4.500 4zM16 9a4.200 4.200 0 0 1 0 6M18.500 6.500a8 8 0 0 1 0 11",
    send: "M12 19V5.500M6 11.500l6-6 6 6",
    down: "M6 9.500l6 6 6-6",
    keys: "M3.500 7h17v10h-17zM7 10.500h.01M10.300 10.500h.01M13.700 10.500h.01M17 10.500h.01M8.500 13.800h7",
  };

  function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [key, value] of [["viewBox", "0 0 24 24"], ["aria-hidden", "true"], ["class", `icon i-${name}`]]) svg.setAttribute(key, value);
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
    if (/iP(hone|ad|od)/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) return /CriOS|FxiOS|EdgiOS/.test(agent) ? "ios_other" : "ios";
    if (/Firefox\//.test(agent)) return "firefox";
    if (/Edg\//.test(agent)) return "edge";
    if (/Chrom(e|ium)\//.test(agent)) return /Android/.test(agent) ? "android" : "chrome";
    return /Safari\//.test(agent) ? "safari" : "other";
  }

  const KEYS = [["1", ""], ["2", "ABC"], ["3", "DEF"], ["4", "GHI"], ["5", "JKL"], ["6", "MNO"], ["7", "PQRS"], ["8", "TUV"], ["9", "WXYZ"], ["*", ""], ["0", "+"], ["#", ""]];
  const BARS = [0.35, 0.6, 0.85, 1, 0.85, 0.6, 0.35];

  class Face extends HTMLElement {
    static observedAttributes = ["lang", "heading", "intro", "floating", "bot", "server", "token-url"];
    #ui; #lang; #turns = new Map(); #says = new Map(); #last; #typed = []; #notice; #quietSince = 0; #drawing; #since = 0; #ticks; #dry; #blocked; #shown = false;

    constructor() {
      super();
      this.call = new Call();
      for (const type of ["state", "caption", "bot", "slot", "latency", "error", "end", "expect", "hello", "spoken", "interrupted", "mute"]) {
        this.call.addEventListener(type, (event) => {
          this[`on_${type}`]?.(event.detail);
          this.dispatchEvent(new CustomEvent(type, { detail: event.detail }));
        });
      }
    }

    get state() { return this.call.state; }
    get mute() { return this.call.mute; }
    set mute(on) { this.call.mute = on; }
    get volume() { return this.call.volume; }
    set volume(to) {
      this.call.volume = to;
      if (this.#ui) this.#ui.range.value = Math.round(this.call.volume * 100);
      this.#aloud();
    }
    /** A token, or a session as the server gives it, for the next call. */
    set token(token) { this.call.options.token = token; }
    start(options) {
      const of = (name) => this.getAttribute(name) || undefined;
      const options_ = this.call.options;
      Object.assign(options_, { bot: of("bot"), server: of("server"), tokenUrl: of("token-url") });
      if (of("token")) [options_.token] = [of("token"), this.removeAttribute("token")];
      return this.call.start(options);
    }
    stop() { this.call.stop(); }
    send(text) { return this.#say(text); }
    key(keys) { this.call.key(keys); }
    open() { this.#open(true); }
    close() { this.#open(false); }

    connectedCallback() {
      for (const name of ["token", "mute", "volume"]) {
        // Set by a page before this file had loaded.
        if (!Object.hasOwn(this, name)) continue;
        const value = this[name];
        delete this[name];
        this[name] = value;
      }
      if (!this.#ui) this.#build();
      if (this.call.live) this.#draw();
    }

    disconnectedCallback() {
      cancelAnimationFrame(this.#drawing);
      // An element that is only moved within its page comes back at once, and its call goes on.
      queueMicrotask(() => this.isConnected || this.stop());
    }

    attributeChangedCallback() {
      if (this.#ui) this.#label();
    }

    #t(word) {
      return WORDS[this.#lang][word] ?? WORDS.en[word];
    }

    // --- building
    #build() {
      const root = this.attachShadow({ mode: "open", delegatesFocus: false });
      const ui = (this.#ui = {});
      const button = (name, glyph, act, more = {}) => (ui[name] = h("button", { type: "button", class: `round ${name}`, part: `button ${name}`, onclick: act, ...more }, icon(glyph), (ui[`${name}_word`] = h("span", { class: "name" }))));
      const sheet = h("link", { rel: "stylesheet", href: new URL("widget.css", here).href });
      // Nothing is shown before it has its looks, and without them rather than never.
      const shown = () => this.setAttribute("ready", "");
      sheet.addEventListener("load", shown);
      sheet.addEventListener("error", shown);

      ui.title = h("h2", { class: "title", part: "title", id: "title" });
      ui.sub = h("p", { class: "sub", "aria-hidden": "true" });
      ui.minimise = h("button", { type: "button", class: "minimise", part: "minimise", onclick: () => this.#open(false) }, icon("down"));
      ui.bars = BARS.map(() => h("i"));
      ui.word = h("p", { class: "word", part: "state" });
      ui.hint = h("p", { class: "hint" });
      ui.stage = h("div", { class: "stage", part: "stage", tabindex: "-1" }, h("div", { class: "meter", part: "meter", "aria-hidden": "true" }, ...ui.bars), h("div", { class: "says" }, ui.word, ui.hint));
      ui.intro_text = h("p");
      ui.intro = h("div", { class: "intro", part: "intro" }, h("div", { class: "orb", "aria-hidden": "true" }, ...BARS.map(() => h("i"))), ui.intro_text);
      ui.log = h("div", { class: "log", part: "log", role: "log", "aria-live": "off", tabindex: "0" });
      ui.heard = h("div", { class: "hidden", "aria-live": "polite", "aria-atomic": "false", "aria-relevant": "additions" });
      ui.status = h("div", { class: "hidden", role: "status" });
      ui.notice_text = h("p");
      ui.notice_help = h("p", { class: "help" });
      ui.notice = h("div", { class: "notice", part: "notice", role: "alert" }, ui.notice_text, ui.notice_help);
      ui.dial = h("div", { class: "dial", part: "keypad", role: "group", hidden: true, onkeydown: (event) => this.#pad(event) },
        ...KEYS.map(([key, letters]) => h("button", { type: "button", part: "key", "data-key": key, onclick: () => this.#press(key) }, h("b", {}, key), h("small", {}, letters))));
      ui.range = h("input", { type: "range", min: 0, max: 100, step: 5, value: 100, oninput: () => (this.volume = ui.range.value / 100) });
      ui.range_word = h("span");
      ui.check = h("input", { type: "checkbox", onchange: () => ((ui.check.chosen = true), this.#aloud()) });
      ui.check_word = h("span");
      ui.mixer = h("div", { class: "mixer", part: "mixer", role: "group", hidden: true }, h("label", { class: "slide" }, ui.range_word, ui.range), h("label", { class: "tick" }, ui.check, ui.check_word));
      ui.input = h("input", { class: "input", part: "input", type: "text", maxlength: 500, autocomplete: "off", enterkeyhint: "send", oninput: () => this.#label() });
      ui.submit = h("button", { class: "send", part: "send" }, icon("send"));
      ui.form = h("form", { class: "composer", part: "composer", onsubmit: (event) => (event.preventDefault(), this.#submit()) }, ui.input, ui.submit);
      const bar = h("div", { class: "bar", part: "controls", role: "group" });
      bar.append(
        button("mute", "mic", () => (this.call.hears ? (this.mute = !this.mute) : this.call.listen())),
        button("pad", "pad", () => this.#toggle("dial", "pad"), { "aria-expanded": "false", "aria-controls": "dial" }),
        button("sound", "sound", () => this.#toggle("mixer", "sound"), { "aria-expanded": "false", "aria-controls": "mixer" }),
        button("hangup", "phone", () => this.stop()),
      );
      [ui.dial.id, ui.mixer.id, ui.bar] = ["dial", "mixer", bar];
      ui.begin_word = h("span");
      ui.begin = h("button", { type: "button", class: "begin", part: "start", onclick: () => this.#begin(true) }, icon("phone"), ui.begin_word);
      ui.type_word = h("span");
      ui.type = h("button", { type: "button", class: "plain", part: "type", onclick: () => this.#begin(false) }, icon("keys"), ui.type_word);
      ui.doors = h("div", { class: "doors" }, ui.begin, ui.type);
      ui.panel = h("section", { class: "panel", part: "panel", id: "panel", "aria-labelledby": "title", onkeydown: (event) => event.key === "Escape" && this.#escape(event) },
        h("header", { class: "head", part: "header" }, h("span", { class: "mark", "aria-hidden": "true" }, icon("phone")), h("div", { class: "names" }, ui.title, ui.sub), ui.minimise),
        ui.stage, ui.intro, ui.log, ui.heard, ui.status, ui.notice, ui.dial, ui.mixer, ui.form, bar, ui.doors);
      ui.launch_word = h("span");
      ui.launch = h("button", { type: "button", class: "launch", part: "launcher", "aria-controls": "panel", onclick: () => this.#open(true) }, icon("phone"), ui.launch_word);
      root.append(sheet, ui.launch, ui.panel);
      this.#open(!this.hasAttribute("floating"), true);
      this.#turn("idle");
      if (!isSecureContext) this.#warn("insecure");
      // A microphone that was allowed in the browser's own settings needs no help any more.
      navigator.permissions?.query({ name: "microphone" }).then((status) => {
        status.onchange = () => status.state === "granted" && ["denied", "dismissed", "system"].includes(this.#notice) && this.#warn(null);
      }, () => {});
    }

    /** All words, for the language, the state and what is switched on. */
    #label() {
      const ui = this.#ui;
      const asked = (this.getAttribute("lang") || this.closest("[lang]")?.lang || document.documentElement.lang || navigator.language || "en").toLowerCase();
      this.#lang = asked.startsWith("vi") ? "vi" : "en";
      ui.panel.lang = ui.launch.lang = this.#lang;
      const state = this.state;
      const set = (element, word) => element.textContent === word || (element.textContent = word);
      const name = (element, word) => element.setAttribute("aria-label", word);
      const talking = this.call.hears && !this.mute;
      const { titles, language } = this.call;
      const title = this.getAttribute("heading") || titles[this.#lang] || titles[language] || this.#t("title");
      set(ui.title, title);
      const muted = state === "listening" && this.call.hears && this.mute;
      const word = muted ? this.#t("muted") : this.#t(state);
      set(ui.word, word);
      set(ui.sub, this.#since ? this.#clock() : word);
      const hint = this.#blocked ? "blocked" : { listening: this.call.expect.secret ? "secret" : muted ? "muted" : !this.call.hears || this.#notice === "deaf" ? "typing" : this.#dry ? "silent" : "listening", connecting: this.asking ? "ask" : "connecting" }[state] || state;
      set(ui.hint, state === "ended" ? this.farewell || "" : this.#t(`hint_${hint}`) || "");
      set(ui.intro_text, this.getAttribute("intro") || this.#t("intro"));
      set(ui.begin_word, this.#t(state === "ended" ? "again" : this.#notice && this.#notice !== "insecure" ? "retry" : "begin"));
      set(ui.type_word, this.#t("type"));
      set(ui.launch_word, this.call.live ? word : title);
      name(ui.launch, this.call.live ? `${this.#t("open")}: ${word}` : ui.launch_word.textContent);
      name(ui.minimise, this.#t("minimise"));
      set(ui.mute_word, this.#t(!this.call.hears ? "microphone" : this.mute ? "unmute" : "mute"));
      ui.mute.classList.toggle("on", !talking);
      ui.mute.querySelector("path").setAttribute("d", ICONS[talking ? "mic" : "off"]);
      set(ui.pad_word, this.#t("keypad"));
      set(ui.sound_word, this.#t("sound"));
      set(ui.hangup_word, this.#t("hangup"));
      set(ui.range_word, this.#t("volume"));
      set(ui.check_word, this.#t("aloud"));
      name(ui.log, this.#t("log"));
      name(ui.bar, this.#t("call_controls"));
      name(ui.dial, this.#t("keypad"));
      name(ui.mixer, this.#t("sound"));
      const { keys, secret } = this.call.expect;
      ui.input.type = secret ? "password" : "text";
      ui.input.placeholder = this.#t(secret ? "secret" : "write");
      name(ui.input, ui.input.placeholder);
      name(ui.submit, this.#t("send"));
      ui.submit.disabled = !ui.input.value.trim() || !["listening", "thinking", "speaking"].includes(state);
      ui.pad.classList.toggle("asked", keys && this.call.live);
      if (this.#notice) {
        set(ui.notice_text, this.#t(`fault_${this.#notice}`) || this.#t("fault_server"));
        set(ui.notice_help, this.#notice === "denied" ? this.#t(`help_${browser()}`) : "");
      }
      ui.notice.hidden = !this.#notice;
    }

    /** What is to be seen in this state. */
    #turn(state) {
      const ui = this.#ui;
      const live = this.call.live;
      const held = this.shadowRoot.activeElement;
      this.setAttribute("state", state);
      const alone = state === "idle" && !ui.log.childElementCount;
      for (const [part, seen] of [["stage", state !== "idle"], ["intro", alone], ["log", !alone], ["form", live && ui.dial.hidden], ["bar", live], ["doors", !live]]) ui[part].hidden = !seen;
      if (!live) for (const [part, by] of [["dial", "pad"], ["mixer", "sound"]]) this.#toggle(part, by, false);
      ui.type.hidden = state === "ended";
      this.#label();
      // The button that was pressed is gone: focus goes to what took its place, and never to the page's beginning.
      if (held?.closest("[hidden]") && !ui.panel.hidden) (live ? ui.stage : ui.begin).focus();
      if (live && !this.#drawing) this.#draw();
    }

    #open(on, first) {
      const floating = this.hasAttribute("floating");
      const seen = on || !floating;
      this.toggleAttribute("open", seen);
      const ui = this.#ui;
      if (!ui) return;
      ui.panel.hidden = !seen;
      ui.launch.hidden = seen || !floating;
      ui.minimise.hidden = !floating;
      ui.launch.setAttribute("aria-expanded", seen);
      if (floating) ui.panel.setAttribute("role", "dialog");
      if (first || !floating) return;
      (on ? (this.call.live ? ui.stage : ui.begin) : ui.launch).focus();
    }

    #escape(event) {
      const ui = this.#ui;
      event.stopPropagation();
      if (!ui.dial.hidden) return this.#toggle("dial", "pad", false), ui.pad.focus();
      if (!ui.mixer.hidden) return this.#toggle("mixer", "sound", false), ui.sound.focus();
      if (this.hasAttribute("floating")) this.#open(false);
    }

    #toggle(part, by, on = this.#ui[part].hidden) {
      const ui = this.#ui;
      if (on) for (const [other, its] of [["dial", "pad"], ["mixer", "sound"]]) if (other !== part) this.#toggle(other, its, false);
      ui[part].hidden = !on;
      // The keys need the room that typing takes.
      if (part === "dial") ui.form.hidden = on || !this.call.live;
      ui[by].setAttribute("aria-expanded", on);
      if (on && part === "dial" && ui.panel.contains(this.shadowRoot.activeElement)) ui.dial.firstElementChild.focus();
      this.#bottom(true);
    }

    #warn(code) {
      this.#notice = code;
      this.#label();
      this.#bottom();
    }

    // --- acting
    #begin(microphone) {
      this.#warn(null);
      this.#since = 0;
      this.#ui.log.replaceChildren();
      this.#ui.heard.replaceChildren();
      this.#turns.clear();
      this.#says.clear();
      [this.#last, this.#typed, this.#quietSince, this.#dry, this.#blocked, this.farewell] = [null, [], 0, false, false, ""];
      this.start({ microphone });
    }

    #submit() {
      const { input } = this.#ui;
      if (!this.#say(input.value)) return;
      input.value = "";
      this.#label();
    }

    #say(text) {
      if (!["listening", "thinking", "speaking"].includes(this.state) || !this.call.send(text)) return false;
      if (this.#ui) {
        const entry = this.#entry("you");
        entry.text.textContent = this.call.expect.secret ? "•••" : text.trim();
        entry.said = text;
        entry.box.classList.add("partial");
        this.#typed.push(entry);
        this.#bottom(true);
      }
      return true;
    }

    #press(key) {
      this.call.key(key);
      const button = this.#ui.dial.querySelector(`[data-key="${CSS.escape(key)}"]`);
      button.classList.add("hit");
      setTimeout(() => button.classList.remove("hit"), 150);
    }

    #pad(event) {
      if (/^[0-9*#]$/.test(event.key) && !event.ctrlKey && !event.metaKey && !event.altKey) {
        event.preventDefault();
        return this.#press(event.key);
      }
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -3, ArrowDown: 3 }[event.key];
      const keys = [...this.#ui.dial.children];
      const at = keys.indexOf(this.shadowRoot.activeElement) + (step || 0);
      if (step && keys[at]) event.preventDefault(), keys[at].focus();
    }

    // --- what the call tells
    on_state({ state, before, asking }) {
      if (!this.#ui) return;
      if (asking !== undefined) this.asking = asking;
      if (["listening", "speaking", "thinking"].includes(state) && !this.#since) {
        this.#since = Date.now();
        this.#status(this.#t("connected"));
      } else if (before === "reconnecting" && this.call.live && state !== before) this.#status(this.#t("back"));
      else if (["connecting", "reconnecting"].includes(state)) this.#status(this.#t(state));
      this.ended = state === "ended" ? Date.now() : 0;
      if (state === "listening") [this.#quietSince, this.#dry] = [Date.now(), false];
      this.#aloud();
      this.#turn(state);
      this.#bottom();
    }

    on_end({ blame, reason }) {
      if (!this.#ui) return;
      const kind = reason === "gone" ? "gone" : reason === NO_PATH.reason ? "path" : ["nobody", "caller", "network", "engine"].includes(blame) ? blame : "server";
      this.farewell = this.#t(`end_${kind}`);
      this.#status(`${this.#t("ended")}. ${this.farewell}`);
      for (const [key, entry] of this.#turns) if (entry.box.classList.contains("partial")) entry.box.remove(), this.#turns.delete(key);
      this.#warn(null);
    }

    on_error({ code }) {
      if (!this.#ui) return;
      if (code === "blocked" || code === null) return (this.#blocked = !!code), this.#label();
      // What was written goes back to where it was written, to be sent again.
      if (code === "not_taken" && this.#typed.length) {
        const { box, said } = this.#typed.pop();
        box.remove();
        this.#ui.input.value ||= said;
      }
      if (`fault_${code}` in WORDS.en) this.#warn(code);
      if (code === "deaf" && this.call.expect.keys) this.#toggle("dial", "pad", true);
    }

    on_hello({ language }) {
      if (this.#ui && language) this.#ui.log.lang = this.#ui.heard.lang = language;
    }

    on_mute() {
      if (this.#ui) this.#label();
    }

    on_expect({ keys, secret }) {
      if (!this.#ui) return;
      this.#label();
      // A code is entered by keys, and is not said aloud where others listen.
      if (keys && secret && this.#ui.dial.hidden) this.#toggle("dial", "pad", (this.#shown = true));
      else if (!secret && this.#shown) this.#toggle("dial", "pad", (this.#shown = false));
    }

    on_caption({ turn, text, final, by, secret }) {
      if (!this.#ui) return;
      let entry = this.#turns.get(turn);
      if (final && text == null) {
        entry?.box.remove();
        return void this.#turns.delete(turn);
      }
      const typed = final && by === "text" ? this.#typed.shift() : null;
      if (typed) {
        if (entry) entry.box.remove();
        this.#turns.set(turn, (entry = typed));
      }
      if (!entry) this.#turns.set(turn, (entry = this.#entry("you")));
      entry.text.textContent = text;
      entry.box.classList.toggle("partial", !final);
      entry.box.classList.toggle("key", by === "keys");
      if (final) this.#read(this.#t("you"), secret ? this.#t("hidden") : text);
      this.#bottom();
    }

    on_bot({ say, turn, text }) {
      // A channel that opened anew tells again what is being said.
      if (!this.#ui || this.#says.has(say)) return;
      // Clauses of one answer share a bubble.
      const entry = this.#last?.turn === turn ? this.#last : (this.#last = this.#entry("bot"));
      entry.turn = turn;
      const clause = { text: [...text], heard: h("span", { class: "heard" }), coming: h("span", { class: "coming" }) };
      if (entry.text.childNodes.length) entry.text.append(" ");
      entry.text.append(clause.heard, clause.coming);
      this.#says.set(say, clause);
      this.#progress(clause, 0);
      this.#read(this.#t("bot"), text);
      this.#bottom();
    }

    on_spoken({ say, chars, done }) {
      const clause = this.#says.get(say);
      if (clause && !clause.cut) this.#progress(clause, done ? Infinity : chars);
    }

    on_interrupted({ say, chars }) {
      for (const [number, clause] of this.#says) {
        if (number < say || clause.cut || (number > say && clause.whole)) continue;
        clause.cut = true;
        const heard = number === say ? chars : 0;
        if (heard >= clause.text.length) continue;
        this.#progress(clause, heard);
        clause.coming.replaceWith(h("s", {}, h("span", { class: "hidden" }, ` ${this.#t("unsaid")} `), ...clause.coming.childNodes));
      }
    }

    #progress(clause, chars) {
      let at = Math.min(chars, clause.text.length);
      clause.whole = at === clause.text.length;
      // Half a word is not shown as heard.
      while (at && !clause.whole && /\S/.test(clause.text[at - 1]) && /[\p{L}\p{N}]/u.test(clause.text[at])) at--;
      clause.heard.textContent = clause.text.slice(0, at).join("");
      clause.coming.textContent = clause.text.slice(at).join("");
    }

    #entry(who) {
      const text = h("p", {});
      const box = h("div", { class: `turn ${who}`, part: `turn ${who === "you" ? "caller" : "bot"}` }, h("span", { class: "hidden" }, `${this.#t(who)}: `), text);
      this.#ui.log.append(box);
      return { box, text };
    }

    /** Scrolls to the newest, unless the caller has scrolled back to read. */
    #bottom(always) {
      const { log } = this.#ui;
      if (always || log.scrollHeight - log.scrollTop - log.clientHeight < 140) log.scrollTop = log.scrollHeight;
    }

    #status(text) { this.#ui.status.textContent = text; }

    /**
     * Whether a screen reader speaks the captions. By itself only where the bot is not heard or nothing listens to the room:
     * a reader that talks while the bot does is hard to follow, and through loudspeakers it would interrupt the bot.
     */
    #aloud() {
      if (!this.#ui) return;
      const { check } = this.#ui;
      if (!check.chosen) check.checked = this.volume === 0 || (this.call.live && this.state !== "connecting" && !this.call.hears);
      this.aloud = check.checked;
    }

    /** Whole sentences only: a partial caption changes under the reader's tongue. */
    #read(who, text) {
      if (!this.aloud) return;
      const { heard } = this.#ui;
      heard.append(h("p", {}, `${who}: ${text}`));
      while (heard.childElementCount > 6) heard.firstElementChild.remove();
    }

    /** How long the call has lasted, or did. */
    #clock() {
      const s = Math.floor(((this.ended || Date.now()) - this.#since) / 1000);
      return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
    }

    // --- what moves
    #draw() {
      const ui = this.#ui;
      this.#drawing = this.call.live ? requestAnimationFrame(() => this.#draw()) : 0;
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      const now = performance.now();
      if (calm && now - (this.#ticks || 0) < 250) return;
      this.#ticks = now;
      const state = this.state;
      if (this.#since && ui.sub.textContent !== this.#clock()) ui.sub.textContent = this.#clock();
      const level = state === "speaking" ? this.call.botLevel : ["listening", "thinking"].includes(state) ? this.call.level : 0;
      ui.bars.forEach((bar, n) => {
        const sway = calm ? 1 : 0.75 + 0.25 * Math.sin(now / 90 + n * 1.7);
        const want = Math.max(0.12, level * BARS[n] * sway);
        bar.height = (bar.height || 0.12) + (want - (bar.height || 0.12)) * (calm ? 1 : want > bar.height ? 0.5 : 0.18);
        bar.style.transform = `scaleY(${bar.height.toFixed(3)})`;
      });
      if (state !== "listening" || level > 0.15 || this.mute || !this.call.hears) {
        this.#quietSince = Date.now();
        if (this.#dry && level > 0.15) (this.#dry = false), this.#label();
      } else if (!this.#dry && Date.now() - this.#quietSince > 9000) (this.#dry = true), this.#label();
    }
  }

  // ------------------------------------------------------------------------------------------------------ embedding
  const taken = new WeakSet();

  /** Puts a floating widget on the page for each `<script data-bot>` of this file; `data-…` become its attributes. */
  function embed(address) {
    for (const script of document.querySelectorAll("script[data-bot][src]")) {
      if (script.src !== address || taken.has(script)) continue;
      taken.add(script);
      const attributes = Object.fromEntries(Object.entries(script.dataset).map(([name, value]) => [name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`), value]));
      mount({ floating: "", ...attributes });
    }
  }

  function mount(attributes, parent) {
    const face = h("switchboard-call", attributes);
    const put = () => (parent || document.body).append(face);
    if (parent || document.body) put();
    else addEventListener("DOMContentLoaded", put, { once: true });
    return face;
  }

  customElements.define("switchboard-call", Face);
  globalThis.Switchboard = { version: VERSION, Call, Fault, Face, browser, embed, mount };
  embed(here);
})();
