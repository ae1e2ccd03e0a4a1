// `Panel`: how the panel lies on the screen, and which of its drawers is open.

// On screens as small as these the open panel takes all of them, and the page behind it waits.
const SMALL = globalThis.matchMedia?.("(max-width: 480px), (max-height: 420px)");

class Panel {
  #ui;
  #host;

  /** `host`: the element that the panel belongs to, which has the `call`. */
  constructor(ui, host) {
    [this.#ui, this.#host] = [ui, host];
    SMALL.addEventListener("change", () => this.fit());
    globalThis.visualViewport?.addEventListener("resize", () => this.fit());
  }

  /** Whether it opens and closes; else it is a part of the page. */
  get floats() {
    return this.#ui.panel.localName === "dialog";
  }

  /** Opens or closes it. `first`: nobody has asked for it, and focus stays where it is. */
  open(on, first) {
    const { panel, launch, minimise, stage, begin } = this.#ui;
    const seen = on || !this.floats;
    this.#host.toggleAttribute("open", seen);
    panel.hidden = !seen;
    launch.hidden = seen || !this.floats;
    minimise.hidden = !this.floats;
    launch.setAttribute("aria-expanded", seen);
    this.fit();
    if (first || !this.floats) return;
    (on ? (this.#host.call.live ? stage : begin) : launch).focus();
  }

  /** The element was moved within its page, which closes dialogs. */
  reopen() {
    if (!this.#ui.panel.open) return;
    this.#ui.panel.close();
    this.fit();
  }

  /** Opens the dialog as the screen lets it: beside the page, or in its place. */
  fit() {
    const { panel, shell, input } = this.#ui;
    if (!this.floats || !this.#host.isConnected || shell.hidden) return;
    const full = SMALL.matches && !panel.hidden;
    // The keyboard of a phone lies over the page: what is left is what the panel has.
    const seen = globalThis.visualViewport;
    panel.style.setProperty("--seen", full && seen ? `${seen.height}px` : "100dvh");
    panel.style.setProperty("--from", full && seen ? `${seen.offsetTop}px` : "0px");
    if (panel.open && panel.hidden) panel.close();
    const held = this.#host.shadowRoot.activeElement;
    // Whoever writes keeps the keyboard: the change waits for the next time.
    if (panel.hidden || (panel.open && (panel.matches(".full") === full || held === input))) return;
    if (panel.open) panel.close();
    panel.classList.toggle("full", full);
    if (full) panel.showModal();
    else panel.show();
    held?.focus();
  }

  /** Opens or closes the keypad (`dial`) or the choice of devices (`mixer`); one at a time. */
  toggle(part, on = this.#ui[part].hidden) {
    const ui = this.#ui;
    if (on) this.toggle(part === "dial" ? "mixer" : "dial", false);
    ui[part].hidden = !on;
    // The keys need the room that typing takes.
    if (part === "dial") ui.form.hidden = on || !this.#host.call.live;
    this.#opens(part).setAttribute("aria-expanded", on);
    if (on && part === "dial" && ui.panel.contains(this.#host.shadowRoot.activeElement))
      ui.dial.firstElementChild.focus();
  }

  /** The button that opens a drawer. */
  #opens(part) {
    return part === "dial" ? this.#ui.pad : this.#ui.sound;
  }

  /** Closes what was opened last. */
  escape(event) {
    event.stopPropagation();
    event.preventDefault();
    const part = ["dial", "mixer"].find((part) => !this.#ui[part].hidden);
    if (part) {
      this.toggle(part, false);
      this.#opens(part).focus();
    } else if (this.floats) this.open(false);
  }
}
