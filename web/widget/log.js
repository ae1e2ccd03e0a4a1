// `Log`: what was said in a call, as it is shown, and as a text to take along.

class Log {
  #t;
  #read;
  #box;
  #turns = new Map();
  #says = new Map();
  #last;
  #typed = [];
  #entries = [];

  /** Fills `box`. `t` gives words, `read` is told whole sentences for a screen reader. */
  constructor(box, t, read) {
    [this.#box, this.#t, this.#read] = [box, t, read];
  }

  get empty() {
    return !this.#entries.length;
  }

  clear() {
    this.#box.replaceChildren();
    this.#turns.clear();
    this.#says.clear();
    [this.#last, this.#typed, this.#entries] = [null, [], []];
  }

  /** Each turn that is over, `{ who, text }`; of the bot only what was heard, and "…" where it was cut. */
  get turns() {
    const clause = ({ text, cut }) => (cut === undefined ? text.join("") : `${text.slice(0, cut).join("")}…`);
    return this.#entries
      .filter(({ box }) => !box.classList.contains("partial"))
      .map(({ who, text, clauses }) => ({
        who,
        text: clauses
          ? clauses
              .filter(({ cut }) => cut !== 0)
              .map(clause)
              .join(" ")
          : text.textContent,
      }))
      .filter(({ text }) => text);
  }

  #entry(who) {
    const text = h("p", {});
    const box = h(
      "div",
      { class: `turn ${who}`, part: `turn ${who === "you" ? "caller" : "bot"}` },
      h("span", { class: "hidden" }, `${this.#t(who)}: `),
      text,
    );
    const entry = { who: who === "you" ? "caller" : "bot", box, text };
    this.#entries.push(entry);
    this.#box.append(box);
    return entry;
  }

  #drop(entry) {
    entry?.box.remove();
    this.#entries = this.#entries.filter((one) => one !== entry);
  }

  /** What was written, until the server has taken it. */
  typed(words, secret) {
    const entry = this.#entry("you");
    entry.text.textContent = secret ? "•••" : words.trim();
    entry.said = words;
    entry.box.classList.add("partial");
    this.#typed.push(entry);
  }

  /** What was written last was not taken: gives it back. */
  untyped() {
    const entry = this.#typed.pop();
    this.#drop(entry);
    return entry?.said;
  }

  caption({ turn, text, final, by, secret }) {
    let entry = this.#turns.get(turn);
    if (final && text == null) {
      this.#drop(entry);
      this.#turns.delete(turn);
      return;
    }
    const typed = final && by === "text" ? this.#typed.shift() : null;
    if (typed) this.#drop(entry);
    if (typed || !entry) {
      entry = typed || this.#entry("you");
      this.#turns.set(turn, entry);
    }
    entry.text.textContent = text;
    entry.box.classList.toggle("partial", !final);
    entry.box.classList.toggle("key", by === "keys");
    if (final) this.#read(this.#t("you"), secret ? this.#t("hidden") : text);
  }

  bot({ say, turn, text }) {
    // A channel that opened anew tells again what is being said.
    if (this.#says.has(say)) return;
    // Clauses of one answer share a bubble.
    if (this.#last?.turn !== turn) this.#last = this.#entry("bot");
    const entry = this.#last;
    entry.turn = turn;
    const clause = { text: [...text], heard: h("span", { class: "heard" }), coming: h("span", { class: "coming" }) };
    if (entry.text.childNodes.length) entry.text.append(" ");
    entry.text.append(clause.heard, clause.coming);
    entry.clauses ??= [];
    entry.clauses.push(clause);
    this.#says.set(say, clause);
    this.#progress(clause, 0);
    this.#read(this.#t("bot"), text);
  }

  spoken({ say, chars, done }) {
    const clause = this.#says.get(say);
    if (clause && clause.cut === undefined) this.#progress(clause, done ? Infinity : chars);
  }

  interrupted({ say, chars }) {
    for (const [number, clause] of this.#says) {
      if (number < say || clause.cut !== undefined || (number > say && clause.whole)) continue;
      const at = this.#progress(clause, number === say ? chars : 0);
      if (clause.whole) continue;
      clause.cut = at;
      clause.coming.replaceWith(
        h("s", {}, h("span", { class: "hidden" }, ` ${this.#t("unsaid")} `), ...clause.coming.childNodes),
      );
    }
  }

  /** Gives how many characters are shown as heard. */
  #progress(clause, chars) {
    let at = Math.min(chars, clause.text.length);
    clause.whole = at === clause.text.length;
    // Half a word is not shown as heard.
    while (at && !clause.whole && /\S/.test(clause.text[at - 1]) && /[\p{L}\p{N}]/u.test(clause.text[at])) at--;
    clause.heard.textContent = clause.text.slice(0, at).join("");
    clause.coming.textContent = clause.text.slice(at).join("");
    return at;
  }

  /** The call is over: what was not final never will be. */
  end() {
    for (const [turn, entry] of this.#turns) {
      if (!entry.box.classList.contains("partial")) continue;
      this.#drop(entry);
      this.#turns.delete(turn);
    }
  }
}
