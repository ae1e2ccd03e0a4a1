// A link to one call for somebody who signs in, and what erases a caller.
import { get, request } from "./api.js";
import { dialog, h, icon, write } from "./dom.js";
import { caller, day } from "./format.js";
import { t } from "./words.js";

const HOURS = [1, 24, 72, 168];

const reason = (fault) => (fault.status === 0 ? t("fault_network") : fault.message);

/** Asks for how long, and shows the link. `now()`: the moment that it leads to, in ms; nothing: the call's beginning. */
export function shareButton(id, now = null) {
  const ask = () => {
    const hours = h(
      "select",
      { id: "share-hours" },
      ...HOURS.map((n) => h("option", { value: n, text: n < 48 ? t("hours", { n }) : t("days", { n: n / 24 }) })),
    );
    hours.value = 24;
    const moment = h("input", { type: "checkbox" });
    const link = h("input", { readonly: true, "aria-label": t("share"), hidden: true, onfocus: () => link.select() });
    const told = h("p", { class: "about", role: "status" });
    const fault = h("p", { class: "fault", role: "alert" });
    const make = h("button", { class: "button primary", text: t("make_link") });
    const form = h(
      "form",
      {},
      h("p", { class: "about", text: t("share_lead") }),
      h("label", { for: "share-hours", text: t("share_hours") }),
      hours,
      now && h("label", { class: "check" }, moment, h("span", { text: t("share_moment") })),
      link,
      told,
      fault,
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", class: "button", text: t("close"), onclick: () => box.close() }),
        make,
      ),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const json = { hours: Number(hours.value) };
      if (now && moment.checked) json.at_ms = Math.max(0, Math.round(now()));
      try {
        const made = await (await request("POST", `calls/${id}/shares`, { json })).json();
        link.value = new URL(`#/shared/${made.secret}`, location.href).href;
        link.hidden = false;
        link.select();
        const copied = await navigator.clipboard?.writeText(link.value).then(
          () => true,
          () => false,
        );
        write(told, t(copied ? "link_copied" : "link_made", { at: day(made.until) }));
        write(fault, "");
      } catch (why) {
        write(fault, reason(why));
      }
    });
    const box = dialog(t("share"), form);
  };
  return h("button", { type: "button", class: "button", onclick: ask }, icon("share"), h("span", { text: t("share") }));
}

/** A file with which this caller calls again; `toast(words)` says what it is for. */
export const rehearsalLink = (id, toast) =>
  h("a", {
    class: "button",
    href: `/api/v1/calls/${id}/rehearsal`,
    download: `${id}.toml`,
    title: t("rehearsal_help"),
    text: t("rehearsal"),
    onclick: () => toast(t("rehearsal_saved", { file: `${id}.toml` })),
  });

/** Erases the caller of this call, after the word was typed that says so. */
export function eraseButton(id, { toast }) {
  const ask = () => {
    const word = h("input", { id: "erase-word", autocomplete: "off", spellcheck: "false" });
    const fault = h("p", { class: "fault", role: "alert" });
    const whom = h("p", { hidden: true });
    get(`calls/${id}`)
      .then((call) => {
        whom.hidden = false;
        whom.append(t("erase_whom"), " ", h("b", { text: caller(call) }));
      })
      .catch(() => {});
    const form = h(
      "form",
      {},
      whom,
      h("p", { text: t("erase_sure") }),
      h("label", { for: "erase-word", text: t("erase_type", { word: t("erase_word") }) }),
      word,
      fault,
      h(
        "p",
        { class: "actions" },
        h("button", { type: "button", class: "button", text: t("cancel"), onclick: () => box.close() }),
        h("button", { class: "button danger", text: t("erase_caller") }),
      ),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (word.value.trim().toLocaleLowerCase() !== t("erase_word").toLocaleLowerCase()) {
        write(fault, t("erase_type", { word: t("erase_word") }));
        return word.focus();
      }
      try {
        const { calls } = await (await request("DELETE", `callers/${id}`)).json();
        box.close();
        toast(t("erased", { n: calls }));
        location.hash = "#/calls";
      } catch (why) {
        write(fault, reason(why));
      }
    });
    const box = dialog(t("erase_caller"), form);
    word.focus();
  };
  return h(
    "button",
    { type: "button", class: "button danger", onclick: ask },
    icon("erase"),
    h("span", { text: t("erase_caller") }),
  );
}

/** Opens a link, and leads to its call. */
export function sharedPage(main, { id: secret }) {
  // The secret stays in no address.
  history.replaceState(null, "", "#/");
  const note = h("p", { class: "empty", role: "status", text: t("loading") });
  main.append(h("div", { class: "bar" }, h("h1", { text: t("call") })), note);
  request("POST", "shares", { json: { secret } })
    .then((answer) => answer.json())
    .then(({ call, at_ms }) => (location.hash = at_ms === null ? `#/call/${call}` : `#/call/${call}/${at_ms}`))
    .catch((why) => write(note, why.status === 404 ? t("no_such_link") : reason(why)));
  return {};
}
