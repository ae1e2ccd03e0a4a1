// The elements of the face and how they lie in each other.

/**
 * Builds the panel and the button that opens it. `acts` is what each control does. Gives every element that changes later, by
 * name; `X_word` is the text of the button `X`.
 */
function layout(acts, floating) {
  const ui = {};
  const button = (name, glyph, onclick, more = {}) => {
    const word = h("span", { class: "name" });
    const attributes = { type: "button", class: `round ${name}`, part: `button ${name}`, onclick, ...more };
    Object.assign(ui, { [name]: h("button", attributes, icon(glyph), word), [`${name}_word`]: word });
    return ui[name];
  };
  ui.title = h("h2", { class: "title", part: "title", id: "title" });
  ui.sub = h("p", { class: "sub", "aria-hidden": "true" });
  ui.copy_icon = icon("copy");
  ui.copy = h("button", { type: "button", class: "tool copy", part: "copy", onclick: acts.copy }, ui.copy_icon);
  ui.minimise = h(
    "button",
    { type: "button", class: "tool minimise", part: "minimise", onclick: acts.minimise },
    icon("down"),
  );
  ui.bars = BARS.map(() => h("i"));
  ui.word = h("p", { class: "word", part: "state" });
  ui.hint = h("p", { class: "hint" });
  ui.stage = h(
    "div",
    { class: "stage", part: "stage", tabindex: "-1" },
    h("div", { class: "meter", part: "meter", "aria-hidden": "true" }, ...ui.bars),
    h("div", { class: "says" }, ui.word, ui.hint),
  );
  ui.intro_text = h("p");
  ui.intro = h(
    "div",
    { class: "intro", part: "intro" },
    h("div", { class: "orb", "aria-hidden": "true" }, ...BARS.map(() => h("i"))),
    ui.intro_text,
  );
  ui.log = h("div", { class: "log", part: "log", role: "log", "aria-live": "off", tabindex: "0" });
  ui.heard = h("div", {
    class: "hidden",
    "aria-live": "polite",
    "aria-atomic": "false",
    "aria-relevant": "additions",
  });
  ui.status = h("div", { class: "hidden", role: "status" });
  ui.notice_text = h("p");
  ui.notice_help = h("p", { class: "help" });
  ui.notice = h("div", { class: "notice", part: "notice", role: "alert" }, ui.notice_text, ui.notice_help);
  ui.dial = h(
    "div",
    { class: "dial", part: "keypad", role: "group", hidden: true, onkeydown: acts.pad },
    ...KEYS.map(([key, letters]) =>
      h(
        "button",
        { type: "button", part: "key", "data-key": key, onclick: () => acts.press(key) },
        h("b", {}, key),
        h("small", {}, letters),
      ),
    ),
  );
  ui.range = h("input", {
    type: "range",
    min: 0,
    max: 100,
    step: 5,
    value: 100,
    oninput: () => acts.volume(ui.range.value / 100),
  });
  ui.range_word = h("span");
  ui.check = h("input", { type: "checkbox", onchange: acts.aloud });
  ui.check_word = h("span");
  const pick = (kind) => {
    const select = h("select", { class: "select", onchange: () => acts.use(kind, select.value) });
    const name = h("span");
    const row = h("label", { class: "pick", hidden: true }, name, select);
    Object.assign(ui, { [`${kind}_pick`]: select, [`${kind}_name`]: name, [`${kind}_row`]: row });
    return row;
  };
  ui.mixer = h(
    "div",
    { class: "mixer", part: "mixer", role: "group", hidden: true },
    pick("microphone"),
    pick("speaker"),
    h("label", { class: "slide" }, ui.range_word, ui.range),
    h("label", { class: "tick" }, ui.check, ui.check_word),
  );
  ui.input = h("input", {
    class: "input",
    part: "input",
    type: "text",
    maxlength: 500,
    autocomplete: "off",
    enterkeyhint: "send",
    oninput: acts.write,
  });
  ui.submit = h("button", { class: "send", part: "send" }, icon("send"));
  ui.form = h("form", { class: "composer", part: "composer", onsubmit: acts.submit }, ui.input, ui.submit);
  const bar = h("div", { class: "bar", part: "controls", role: "group" });
  bar.append(
    button("mute", "mic", acts.mute),
    button("pad", "pad", () => acts.toggle("dial"), { "aria-expanded": "false", "aria-controls": "dial" }),
    button("sound", "sound", () => acts.toggle("mixer"), {
      "aria-expanded": "false",
      "aria-controls": "mixer",
    }),
    button("hangup", "phone", acts.stop),
  );
  [ui.dial.id, ui.mixer.id, ui.bar] = ["dial", "mixer", bar];
  ui.begin_word = h("span");
  ui.begin = h(
    "button",
    { type: "button", class: "begin", part: "start", onclick: () => acts.begin(true) },
    icon("phone"),
    ui.begin_word,
  );
  ui.type_word = h("span");
  ui.type = h(
    "button",
    { type: "button", class: "plain", part: "type", onclick: () => acts.begin(false) },
    icon("keys"),
    ui.type_word,
  );
  ui.actions = h("div", { class: "actions" }, ui.begin, ui.type);
  // What floats over a page is a dialog; what stands in its flow is a part of it.
  ui.panel = h(
    floating ? "dialog" : "section",
    {
      class: "panel",
      part: "panel",
      id: "panel",
      "aria-labelledby": "title",
      onkeydown: (event) => event.key === "Escape" && acts.escape(event),
    },
    h(
      "header",
      { class: "head", part: "header" },
      h("span", { class: "mark", "aria-hidden": "true" }, icon("phone")),
      h("div", { class: "names" }, ui.title, ui.sub),
      ui.copy,
      ui.minimise,
    ),
    ui.stage,
    ui.intro,
    ui.log,
    ui.heard,
    ui.status,
    ui.notice,
    ui.dial,
    ui.mixer,
    ui.form,
    bar,
    ui.actions,
  );
  ui.launch_word = h("span");
  ui.launch = h(
    "button",
    { type: "button", class: "launch", part: "launcher", "aria-controls": "panel", onclick: acts.open },
    icon("phone"),
    ui.launch_word,
  );
  // Nothing is shown before the style sheet is there.
  ui.shell = h("div", { hidden: true }, ui.launch, ui.panel);
  return ui;
}

/** The key of the keypad that an arrow key leads to from `key`. */
function beside(dial, key, arrow) {
  // Low screens have two rows of six.
  const row = getComputedStyle(dial).gridTemplateColumns.split(" ").length;
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -row, ArrowDown: row }[arrow];
  const keys = [...dial.children];
  return step && keys[keys.indexOf(key) + step];
}
