// How the widget comes onto a page: by its script, by code, or as an element.

const taken = new WeakSet();

/** Puts a floating widget on the page for each `<script data-bot>` of this file; `data-…` become its attributes. */
function embed(place) {
  for (const script of document.querySelectorAll("script[data-bot][src]")) {
    if (script.src !== place || taken.has(script)) continue;
    taken.add(script);
    const attributes = Object.fromEntries(
      Object.entries(script.dataset).map(([name, value]) => [
        name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`),
        value,
      ]),
    );
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

if (globalThis.Switchboard) {
  // This file was loaded again, by a second script perhaps with a bot of its own.
  globalThis.Switchboard.embed(here);
} else {
  globalThis.Switchboard = { version: VERSION, Call, Fault, Face, browser, embed, mount };
  // There is no page where a server renders one.
  if (globalThis.document) {
    customElements.define("switchboard-call", Face);
    embed(here);
  }
}
