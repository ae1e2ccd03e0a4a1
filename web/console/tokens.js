// API tokens: which there are, and making one for a program.
import { get, request } from "./api.js";
import { adminHead, cell, formDialog, opened, table } from "./admin.js";
import { dialog, h, write } from "./dom.js";
import { botsChoice, botsWords, choices, faultOf, field, readBots, refuse } from "./fields.js";
import { day } from "./format.js";
import { known, t } from "./words.js";

const RIGHTS = [
  "see_calls",
  "see_numbers",
  "see_transcripts",
  "hear_recordings",
  "monitor",
  "whisper",
  "barge",
  "take_over",
  "guide",
  "approve",
  "answer",
  "annotate",
  "end_calls",
  "dial",
  "pause_recording",
  "export",
  "read_metrics",
  "erase",
  "read_audit",
  "manage_users",
  "manage_bots",
];
const DAY = 86400e3;
const LONGEST = 366;
/** What is offered at first, in days. */
const USUAL = 90;

const rightWords = (right) => known(`right_${right}`) ?? right;

/** A date as a field of dates has it, by this browser's calendar. */
function dateOf(time) {
  const date = new Date(time);
  const two = (figure) => String(figure).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

export function tokensPage(main, { may, user: self, toast }) {
  if (!opened(main, "manage_users", may)) return {};
  const make = h("button", { type: "button", class: "button primary", text: t("token_make"), onclick: () => ask() });
  adminHead(main, "tokens", may, make);
  const list = table(t("tokens"), ["name", "token_owner", "token_rights", "which_bots", "token_until"], { does: true });
  main.append(list.node, list.empty);

  async function read() {
    try {
      const { tokens } = await get("tokens");
      list.show(tokens.map(line), t("tokens_none"));
    } catch (why) {
      list.fault(why);
    }
  }

  function line({ id, name, owner, rights, bots, expires_at }) {
    const over = Date.parse(expires_at) <= Date.now();
    return h(
      "tr",
      { role: "row", "data-name": name, "data-off": over },
      cell(t("name"), h("b", { text: name })),
      cell(t("token_owner"), owner === self?.name ? `${owner} (${t("user_you")})` : owner),
      cell(t("token_rights"), rights.map(rightWords).join(", ")),
      cell(t("which_bots"), botsWords(bots)),
      cell(t("token_until"), day(expires_at), over && h("span", { class: "badge", text: t("token_over") })),
      h(
        "td",
        { role: "cell", class: "does" },
        h("button", {
          type: "button",
          class: "button small danger",
          text: t("token_remove"),
          "aria-label": `${t("token_remove")}: ${name}`,
          onclick: () => remove(id, name),
        }),
      ),
    );
  }

  async function ask() {
    let all;
    try {
      all = await readBots();
    } catch (why) {
      return toast(faultOf(why), "bad");
    }
    const name = field(t("token_name"), { name: "name", autocomplete: "off", spellcheck: "false", maxlength: 64 });
    // No token has a right that its maker has not.
    const own = RIGHTS.filter(may).map((right) => [right, rightWords(right)]);
    const rights = choices(t("token_rights"), own, ["see_calls"]);
    const bots = botsChoice(all);
    const until = field(
      t("token_until"),
      {
        name: "until",
        type: "date",
        value: dateOf(Date.now() + USUAL * DAY),
        min: dateOf(Date.now()),
        max: dateOf(Date.now() + (LONGEST - 1) * DAY),
      },
      t("token_until_rule"),
    );
    formDialog(t("token_make"), {
      parts: [name.node, rights.node, bots.node, until.node],
      action: t("token_make"),
      act: async (fault) => {
        if (!name.input.value.trim()) return refuse(fault, t("token_name_needed"), name.input);
        if (rights.value().length === 0) return refuse(fault, t("token_rights_needed"), rights.first);
        const chosen = bots.value();
        if (chosen?.length === 0) return refuse(fault, t("bots_needed"), bots.first);
        // To the end of that day.
        const end = new Date(`${until.input.value}T23:59:59`);
        if (Number.isNaN(end.getTime()) || end <= Date.now() || end > Date.now() + LONGEST * DAY)
          return refuse(fault, t("token_until_rule"), until.input);
        const json = {
          name: name.input.value.trim(),
          rights: rights.value(),
          bots: chosen,
          expires_at: end.toISOString(),
        };
        try {
          const made = await (await request("POST", "tokens", { json })).json();
          await read();
          // After this dialog has closed, which gives the focus back.
          setTimeout(() => showToken(made), 0);
        } catch (why) {
          if (why.status === 409) return refuse(fault, t("token_name_used"), name.input);
          throw why;
        }
        return true;
      },
    });
  }

  function remove(id, name) {
    formDialog(t("token_remove_of", { name }), {
      lead: t("token_remove_lead"),
      action: t("token_remove"),
      danger: true,
      act: async () => {
        await request("DELETE", `tokens/${encodeURIComponent(id)}`);
        toast(t("token_removed_done", { name }));
        await read();
        return true;
      },
    });
  }

  read();
  return {};
}

/** Shows the secret, this once. */
function showToken({ token, name }) {
  const secret = h("input", {
    readonly: true,
    name: "token",
    class: "secret",
    "aria-label": t("token_made"),
    value: token,
    onfocus: () => secret.select(),
  });
  const told = h("p", { class: "about", role: "status" });
  const copy = h("button", {
    type: "button",
    class: "button primary",
    text: t("token_copy"),
    onclick: async () => {
      try {
        await navigator.clipboard.writeText(token);
        write(told, t("token_copied"));
      } catch {
        secret.select();
        write(told, t("token_not_copied"));
      }
    },
  });
  const use = `curl -H "Authorization: Bearer $TOKEN" ${location.origin}/api/v1/calls`;
  const box = dialog(
    `${t("token_made")}: ${name}`,
    h("p", { class: "about", text: t("token_made_lead") }),
    h("div", { class: "copied" }, secret, copy),
    told,
    h("p", { class: "about", text: t("token_use") }),
    h("pre", { class: "shell", tabindex: "0", text: use }),
    h(
      "p",
      { class: "actions" },
      h("button", { type: "button", class: "button", text: t("close"), onclick: () => box.close() }),
    ),
  );
  copy.focus();
}
