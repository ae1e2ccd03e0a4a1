// Bots: which there are, what is wrong with their files, and reading those again.
import { get, request } from "./api.js";
import { adminHead, cell, opened, table } from "./admin.js";
import { h } from "./dom.js";
import { faultOf } from "./fields.js";
import { known, t } from "./words.js";

export function botsPage(main, { may, toast }) {
  if (!opened(main, "manage_bots", may)) return {};
  const again = h("button", { type: "button", class: "button primary", text: t("bots_reload"), onclick: reload });
  adminHead(main, "bots", may, again);
  const list = table(t("bots"), ["name", "language", "bot_tasks", "bot_state"]);
  main.append(list.node, list.empty);

  const show = ({ bots }) => list.show(bots.map(line), t("bots_none"));

  async function reload() {
    again.disabled = true;
    try {
      show(await (await request("POST", "bots/reload")).json());
      toast(t("bots_reloaded"));
    } catch (why) {
      toast(faultOf(why), "bad");
    }
    again.disabled = false;
  }

  get("bots").then(show).catch(list.fault);
  return {};
}

function line({ name, language, tasks, fault }) {
  return h(
    "tr",
    { role: "row", "data-name": name, "data-fault": fault ? "" : null },
    cell(t("name"), h("b", { text: name })),
    cell(t("language"), known(`language_${language}`) ?? language ?? "–"),
    cell(t("bot_tasks"), tasks.map(({ title }) => title).join(", ") || "–"),
    cell(t("bot_state"), fault ? h("pre", { class: "fault", text: fault }) : t("bot_good")),
  );
}
