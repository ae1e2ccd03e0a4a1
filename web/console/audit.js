// The audit: who did what, when, with which call.
import { get } from "./api.js";
import { adminHead, cell, opened, table } from "./admin.js";
import { h, write } from "./dom.js";
import { day, value } from "./format.js";
import { known, t } from "./words.js";

const PAGE = 100;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export function auditPage(main, { may, id }) {
  if (!opened(main, "read_audit", may)) return {};
  adminHead(main, "audit", may);
  const call = h("input", {
    name: "call",
    value: id ?? "",
    placeholder: "01a2043e-4218-747a-975b-ad8924c4cf5e",
    "aria-label": t("audit_of_call"),
    title: t("audit_of_call_lead"),
    spellcheck: "false",
    autocomplete: "off",
  });
  const fault = h("p", { class: "fault", role: "alert" });
  const form = h(
    "form",
    { class: "bar audit", novalidate: true },
    h("label", {}, h("span", { class: "about", text: t("audit_of_call") }), call),
    h("button", { class: "button", text: t("audit_show") }),
    id && h("a", { class: "button", href: "#/audit", text: t("audit_all") }),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const wanted = call.value.trim().toLowerCase();
    if (wanted && !UUID.test(wanted)) {
      write(fault, t("audit_wrong_call"));
      return call.focus();
    }
    location.hash = wanted ? `#/audit/${wanted}` : "#/audit";
  });
  const list = table(t("audit"), ["audit_number", "when", "audit_who", "audit_what", "audit_call", "audit_details"]);
  const more = h("button", { type: "button", class: "button", hidden: true, text: t("show_more") });
  more.addEventListener("click", () => read());
  main.append(
    form,
    fault,
    list.node,
    list.empty,
    more,
    h(
      "p",
      { class: "about" },
      h("span", { text: `${t("audit_verify")} ` }),
      h("code", { text: "switchboard audit verify" }),
    ),
  );
  let before = null;

  async function read() {
    const asked = new URLSearchParams({ limit: PAGE });
    if (before !== null) asked.set("before", before);
    if (id) asked.set("call", id);
    more.disabled = true;
    try {
      const page = await get(`audit?${asked}`);
      before = page.before;
      list.add(page.records.map(line), t("audit_none"));
      more.hidden = before === null;
    } catch (why) {
      list.fault(why);
    }
    more.disabled = false;
  }

  read();
  return {};
}

/** What a record tells beside: names and values as the server writes them. */
function detailWords(text) {
  let detail;
  try {
    detail = JSON.parse(text);
  } catch {
    return text;
  }
  const parts = Object.entries(detail ?? {}).filter(([, given]) => given !== null && given !== "");
  return parts.map(([name, given]) => `${name.replaceAll("_", " ")}: ${value(given)}`).join(" · ");
}

function line({ seq, at, name, kind, action, call, detail }) {
  return h(
    "tr",
    { role: "row", "data-action": action },
    cell(t("audit_number"), h("span", { class: "about", text: String(seq) })),
    cell(t("when"), h("time", { datetime: at, title: at, text: day(at) })),
    cell(
      t("audit_who"),
      h("b", { text: name }),
      h("span", { class: "about", text: ` ${known(`kind_${kind}`) ?? kind}` }),
    ),
    cell(t("audit_what"), known(`act_${action}`) ?? action.replaceAll("_", " ")),
    cell(
      t("audit_call"),
      call ? h("a", { href: `#/call/${call}`, title: call, text: `…${call.slice(-8)}` }) : "–",
      call && h("a", { class: "about", href: `#/audit/${call}`, text: t("audit_of_call").toLocaleLowerCase() }),
    ),
    cell(t("audit_details"), h("span", { class: "about", text: detailWords(detail) || "–" })),
  );
}
