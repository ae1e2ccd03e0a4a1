// `<switchboard-call>`: the face of a `Call`.

/** What is wrong with the microphone, and is over once there is one. */
const MICROPHONE = ["insecure", "missing", "occupied", "policy", "system", "denied", "dismissed", "gone"];
const EVENTS = "state caption bot slot latency error end expect hello spoken interrupted mute".split(" ");

class Face extends (globalThis.HTMLElement ?? Object) {
  static observedAttributes = ["lang", "heading", "intro", "floating", "bot", "server", "token-url"];
  #ui;
  #panel;
  #log;
  #lang;
  #notice;
  #quietSince = 0;
  #drawing;
  #since = 0;
  #ticks;
  #dry;
  #blocked;
  #shown = false;
  /** The visitor has decided by hand whether captions are read aloud. */
  #aloudChosen = false;

  constructor() {
    super();
    this.call = new Call();
    for (const type of EVENTS) {
      this.call.addEventListener(type, (event) => {
        this[`on_${type}`]?.(event.detail);
        this.dispatchEvent(new CustomEvent(type, { detail: event.detail }));
      });
    }
  }

  get state() {
    return this.call.state;
  }
  get mute() {
    return this.call.mute;
  }
  set mute(on) {
    this.call.mute = on;
  }
  get volume() {
    return this.call.volume;
  }
  set volume(to) {
    this.call.volume = to;
    if (this.#ui) this.#ui.range.value = Math.round(this.call.volume * 100);
    this.#aloud();
  }
  /** A token, or a session as the server gives it, for the next call. */
  set token(token) {
    this.call.options.token = token;
  }
  start(options) {
    const of = (name) => this.getAttribute(name) || undefined;
    const options_ = this.call.options;
    Object.assign(options_, { bot: of("bot"), server: of("server"), tokenUrl: of("token-url") });
    if (of("token")) [options_.token] = [of("token"), this.removeAttribute("token")];
    return this.call.start(options);
  }
  stop() {
    this.call.stop();
  }
  send(text) {
    return this.#say(text);
  }
  key(keys) {
    this.call.key(keys);
  }
  open() {
    this.#open(true);
  }
  close() {
    this.#open(false);
  }
  /** What was said, in order: `{ who, text }`, who being `caller` or `bot`. */
  get transcript() {
    return this.#log?.turns || [];
  }

  connectedCallback() {
    for (const name of ["token", "mute", "volume"]) {
      // Set by a page before this file had loaded.
      if (!Object.hasOwn(this, name)) continue;
      const value = this[name];
      delete this[name];
      this[name] = value;
    }
    if (!this.#ui) this.#build();
    else this.#panel.reopen();
    if (this.call.live) this.#draw();
  }

  disconnectedCallback() {
    cancelAnimationFrame(this.#drawing);
    // An element that is only moved within its page comes back at once, and its call goes on.
    queueMicrotask(() => {
      if (!this.isConnected) this.stop();
    });
  }

  attributeChangedCallback() {
    if (this.#ui) this.#label();
  }

  #t(word) {
    return WORDS[this.#lang][word] ?? WORDS.en[word];
  }

  // --- building
  /** What each control of the layout does. */
  #acts() {
    return {
      open: () => this.#open(true),
      minimise: () => this.#open(false),
      escape: (event) => this.#panel.escape(event),
      begin: (microphone) => this.start({ microphone }),
      stop: () => this.stop(),
      mute: () => {
        if (this.call.hears) this.mute = !this.mute;
        else this.call.listen();
      },
      toggle: (part) => this.#toggle(part),
      press: (key) => this.#press(key),
      pad: (event) => this.#pad(event),
      write: () => this.#label(),
      submit: (event) => {
        event.preventDefault();
        this.#submit();
      },
      copy: () => this.#copy(),
      volume: (volume) => {
        this.volume = volume;
      },
      use: async (kind, id) => {
        await this.call.use({ [kind]: id });
        this.#devices();
      },
      aloud: () => {
        this.#aloudChosen = true;
        this.#aloud();
      },
    };
  }

  #build() {
    const root = this.attachShadow({ mode: "open", delegatesFocus: false });
    const ui = layout(this.#acts(), this.hasAttribute("floating"));
    this.#ui = ui;
    this.#panel = new Panel(ui, this);
    this.#log = new Log(
      ui.log,
      (word) => this.#t(word),
      (who, text) => this.#read(who, text),
    );
    navigator.mediaDevices?.addEventListener?.("devicechange", () => ui.mixer.hidden || this.#devices());
    root.append(ui.shell);
    this.#dress(root);
    // The back gesture of a phone closes what is open, as Escape does.
    ui.panel.addEventListener("cancel", (event) => event.target === ui.panel && this.#panel.escape(event));
    this.#open(!this.hasAttribute("floating"), true);
    this.#turn("idle");
    if (!isSecureContext) this.#warn("insecure");
    // A microphone that was allowed in the browser's own settings needs no help any more.
    navigator.permissions?.query({ name: "microphone" }).then(
      (status) => {
        status.onchange = () =>
          status.state === "granted" && ["denied", "dismissed", "system"].includes(this.#notice) && this.#warn(null);
      },
      () => {},
    );
  }

  /** Puts on the looks. Without them there is a plain sentence: what is laid out by nothing cannot be used. */
  #dress(root) {
    const shown = () => {
      this.#ui.shell.hidden = false;
      this.#panel.fit();
      this.setAttribute("ready", "");
    };
    if (STYLES) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLES);
      root.adoptedStyleSheets = [sheet];
      return shown();
    }
    const { href, origin } = new URL("widget.css", here);
    const sheet = h("link", { rel: "stylesheet", href });
    sheet.addEventListener("load", shown);
    sheet.addEventListener("error", () => {
      complain(`${href} did not load. If this page has a Content-Security-Policy, add ${origin} to its style-src.`);
      root.replaceChildren(h("p", { role: "alert", part: "unstyled", lang: this.#lang }, this.#t("unstyled")));
      this.setAttribute("ready", "");
    });
    root.prepend(sheet);
  }

  /** All words, for the language, the state and what is switched on. */
  #label() {
    const ui = this.#ui;
    const asked = (
      this.getAttribute("lang") ||
      this.closest("[lang]")?.lang ||
      document.documentElement.lang ||
      navigator.language ||
      "en"
    ).toLowerCase();
    this.#lang = asked.startsWith("vi") ? "vi" : "en";
    ui.panel.lang = ui.launch.lang = this.#lang;
    const { titles, language } = this.call;
    label(ui, (word) => this.#t(word), {
      call: this.call,
      notice: this.#notice,
      heading: this.getAttribute("heading") || titles[this.#lang] || titles[language] || this.#t("title"),
      intro: this.getAttribute("intro"),
      clock: this.#since && this.#clock(),
      farewell: this.farewell,
      asking: this.asking,
      blocked: this.#blocked,
      dry: this.#dry,
    });
  }

  /** What is to be seen in this state. */
  #turn(state) {
    const ui = this.#ui;
    const live = this.call.live;
    const held = this.shadowRoot.activeElement;
    this.setAttribute("state", state);
    const alone = state === "idle" && !ui.log.childElementCount;
    for (const [part, seen] of [
      ["stage", state !== "idle"],
      ["intro", alone],
      ["log", !alone],
      ["form", live && ui.dial.hidden],
      ["bar", live],
      ["actions", !live],
      ["copy", !this.#log.empty],
    ])
      ui[part].hidden = !seen;
    if (!live) for (const part of ["dial", "mixer"]) this.#toggle(part, false);
    ui.type.hidden = state === "ended";
    this.#label();
    // The button that was pressed is gone: focus goes to what took its place, and never to the page's beginning.
    if (held?.closest("[hidden]") && !ui.panel.hidden) (live ? ui.stage : ui.begin).focus();
    if (live && !this.#drawing) this.#draw();
  }

  #open(on, first) {
    if (this.#panel) this.#panel.open(on, first);
    else this.toggleAttribute("open", on || !this.hasAttribute("floating"));
  }

  #toggle(part, on) {
    this.#panel.toggle(part, on);
    if (part === "mixer" && !this.#ui.mixer.hidden) this.#devices();
    this.#bottom(true);
  }

  #warn(code) {
    this.#notice = code;
    this.#label();
    this.#bottom();
  }

  // --- acting
  /** A new call: nothing of the last one stays. */
  #fresh() {
    this.#warn(null);
    this.#since = 0;
    this.#ui.heard.replaceChildren();
    this.#log.clear();
    [this.#quietSince, this.#dry, this.#blocked, this.farewell] = [0, false, false, ""];
  }

  /** Fills the lists of microphones and speakers; one that offers no choice is not shown. */
  async #devices() {
    const { microphones, speakers } = await this.call.devices();
    const { chosen } = this.call;
    for (const [kind, all] of [
      ["microphone", microphones],
      ["speaker", speakers],
    ]) {
      const list = this.#ui[`${kind}_pick`];
      list.replaceChildren(
        ...all.map(({ id, name }, at) =>
          h("option", { value: id }, name || `${this.#t(kind === "speaker" ? kind : "microphone_choice")} ${at + 1}`),
        ),
      );
      list.value = chosen[kind];
      if (list.selectedIndex < 0) list.selectedIndex = 0;
      this.#ui[`${kind}_row`].hidden = all.length < 2;
    }
  }

  /** Puts the conversation on the clipboard; where the browser lets no page do that, selects it. */
  async #copy() {
    const { copy, copy_icon, log } = this.#ui;
    const text = this.#log.turns
      .map(({ who, text }) => `${this.#t(who === "caller" ? "you" : "bot")}: ${text}`)
      .join("\n");
    const done = await navigator.clipboard?.writeText(text).then(
      () => true,
      () => false,
    );
    if (!done) {
      getSelection().selectAllChildren(log);
      log.focus();
    }
    const word = this.#t(done ? "copied" : "uncopied");
    this.#status(word);
    copy.title = word;
    if (!done) return;
    const draw = (glyph) => copy_icon.firstElementChild.setAttribute("d", ICONS[glyph]);
    draw("done");
    setTimeout(() => {
      draw("copy");
      this.#label();
    }, 2000);
  }

  #submit() {
    const { input } = this.#ui;
    if (!this.#say(input.value)) return;
    input.value = "";
    this.#label();
  }

  #say(text) {
    if (!talks(this.state) || !this.call.send(text)) return false;
    if (this.#ui) {
      this.#log.typed(text, this.call.expect.secret);
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
    const next = beside(this.#ui.dial, this.shadowRoot.activeElement, event.key);
    if (!next) return;
    event.preventDefault();
    next.focus();
  }

  // --- what the call tells
  on_state({ state, before, asking }) {
    if (!this.#ui) return;
    if (asking !== undefined) this.asking = asking;
    if (state === "connecting" && !LIVE.includes(before)) this.#fresh();
    if (this.call.hears && MICROPHONE.includes(this.#notice)) this.#warn(null);
    if (talks(state) && !this.#since) {
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
    const known = { gone: "gone", [NO_PATH.reason]: "path", "server stopped": "stopped" };
    const kind =
      known[reason] ||
      (/^ended by /.test(reason) ? "operator" : null) ||
      (["nobody", "caller", "network", "engine"].includes(blame) ? blame : "server");
    this.farewell = this.#t(`end_${kind}`);
    this.#status(`${this.#t("ended")}. ${this.farewell}`);
    this.#log.end();
    this.#warn(null);
  }

  on_error({ code }) {
    if (!this.#ui) return;
    if (code === "blocked" || code === null) {
      this.#blocked = !!code;
      this.#label();
      return;
    }
    // What was written goes back to where it was written, to be sent again.
    if (code === "not_taken") {
      const said = this.#log.untyped();
      this.#ui.input.value ||= said || "";
    }
    if (`fault_${code}` in WORDS.en) this.#warn(code);
    if (code === "deaf" && this.call.expect.keys) this.#toggle("dial", true);
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
    if (keys && secret && this.#ui.dial.hidden) this.#shown = true;
    else if (!secret && this.#shown) this.#shown = false;
    else return;
    this.#toggle("dial", this.#shown);
  }

  on_caption(caption) {
    this.#show("caption", caption);
  }
  on_bot(clause) {
    this.#show("bot", clause);
  }
  on_spoken(progress) {
    this.#log?.spoken(progress);
  }
  on_interrupted(cut) {
    this.#log?.interrupted(cut);
  }

  #show(kind, message) {
    if (!this.#ui) return;
    this.#log[kind](message);
    this.#ui.copy.hidden = this.#log.empty;
    this.#bottom();
  }

  /** Scrolls to the newest, unless the caller has scrolled back to read. */
  #bottom(always) {
    const { log } = this.#ui;
    if (always || log.scrollHeight - log.scrollTop - log.clientHeight < 140) log.scrollTop = log.scrollHeight;
  }

  #status(text) {
    this.#ui.status.textContent = text;
  }

  /**
   * Whether a screen reader speaks the captions. By itself only where the bot is not heard or nothing listens to the room:
   * a reader that talks while the bot does is hard to follow, and through loudspeakers it would interrupt the bot.
   */
  #aloud() {
    if (!this.#ui) return;
    const { check } = this.#ui;
    if (!this.#aloudChosen)
      check.checked = this.volume === 0 || (this.call.live && this.state !== "connecting" && !this.call.hears);
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
    const level =
      state === "speaking" ? this.call.botLevel : ["listening", "thinking"].includes(state) ? this.call.level : 0;
    raise(ui.bars, level, now, calm);
    if (state !== "listening" || level > 0.15 || this.mute || !this.call.hears) {
      this.#quietSince = Date.now();
      if (this.#dry && level > 0.15) this.#setDry(false);
    } else if (!this.#dry && Date.now() - this.#quietSince > 9000) this.#setDry(true);
  }

  /** Whether nothing has been heard of a caller whose turn it is. */
  #setDry(dry) {
    this.#dry = dry;
    this.#label();
  }
}
