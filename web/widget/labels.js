// All words of the panel, for the language, the state and what is switched on.

function setText(element, word) {
  if (element.textContent !== word) element.textContent = word;
}

function setName(element, word) {
  element.setAttribute("aria-label", word);
}

/** Which hint stands below the state. */
function hint({ call, notice, dry, asking, blocked }) {
  if (blocked) return "blocked";
  if (call.state === "connecting") return asking ? "ask" : "connecting";
  if (call.state !== "listening") return call.state;
  if (call.expect.secret) return "secret";
  if (call.hears && call.mute) return "muted";
  if (!call.hears || notice === "deaf") return "typing";
  return dry ? "silent" : "listening";
}

/**
 * Writes them. `t` gives a word in the visitor's language. `view`: the `call`, the `notice` that is shown, what the site calls it
 * (`heading`, `intro`), how long the call has lasted (`clock`), how it ended (`farewell`), and whether the browser asks for the
 * microphone (`asking`), plays nothing (`blocked`), or nothing is heard of the caller (`dry`).
 */
function label(ui, t, view) {
  const { call, notice, heading, intro, clock, farewell } = view;
  const { state, live, hears, mute } = call;
  const word = t(state === "listening" && hears && mute ? "muted" : state);
  setText(ui.title, heading);
  setText(ui.word, word);
  setText(ui.sub, clock || word);
  setText(ui.hint, state === "ended" ? farewell || "" : t(`hint_${hint(view)}`) || "");
  setText(ui.intro_text, intro || t("intro"));
  setText(ui.begin_word, t(state === "ended" ? "again" : notice && notice !== "insecure" ? "retry" : "begin"));
  setText(ui.type_word, t("type"));
  setText(ui.launch_word, live ? word : heading);
  setName(ui.launch, live ? `${t("open")}: ${word}` : heading);
  labelControls(ui, t, call);
  labelForm(ui, t, call);
  if (notice) {
    setText(ui.notice_text, t(`fault_${notice}`) || t("fault_server"));
    setText(ui.notice_help, notice === "denied" ? t(`help_${browser()}`) : "");
  }
  ui.notice.hidden = !notice;
}

function labelControls(ui, t, { live, hears, mute, expect }) {
  const talking = hears && !mute;
  setName(ui.minimise, t("minimise"));
  setName(ui.copy, t("copy"));
  ui.copy.title = t("copy");
  setText(ui.microphone_name, t("microphone_choice"));
  setText(ui.speaker_name, t("speaker"));
  setText(ui.mute_word, t(!hears ? "microphone" : mute ? "unmute" : "mute"));
  ui.mute.classList.toggle("on", !talking);
  ui.mute.querySelector("path").setAttribute("d", ICONS[talking ? "mic" : "off"]);
  setText(ui.pad_word, t("keypad"));
  setText(ui.sound_word, t("sound"));
  setText(ui.hangup_word, t("hangup"));
  setText(ui.range_word, t("volume"));
  setText(ui.check_word, t("aloud"));
  setName(ui.log, t("log"));
  setName(ui.bar, t("call_controls"));
  setName(ui.dial, t("keypad"));
  setName(ui.mixer, t("sound"));
  ui.pad.classList.toggle("asked", expect.keys && live);
}

function labelForm(ui, t, { state, expect }) {
  ui.input.type = expect.secret ? "password" : "text";
  ui.input.placeholder = t(expect.secret ? "secret" : "write");
  setName(ui.input, ui.input.placeholder);
  setName(ui.submit, t("send"));
  ui.submit.disabled = !ui.input.value.trim() || !talks(state);
}
