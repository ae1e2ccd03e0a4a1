// Users: who may sign in, as what, for which bots.
import { get, request } from "./api.js";
import { adminHead, cell, formDialog, opened, table } from "./admin.js";
import { h } from "./dom.js";
import {
  botsChoice,
  botsWords,
  faultOf,
  nameFault,
  nameField,
  passwordFault,
  passwordField,
  readBots,
  refuse,
  SHORTEST,
} from "./fields.js";
import { day } from "./format.js";
import { ways } from "./provider.js";
import { t } from "./words.js";

const ROLES = ["viewer", "agent", "supervisor", "admin"];

function roleField(chosen) {
  const select = h(
    "select",
    { name: "role" },
    ...ROLES.map((role) => h("option", { value: role, text: `${t(`role_${role}`)}: ${t(`role_${role}_lead`)}` })),
  );
  select.value = chosen;
  return { select, node: h("div", { class: "field" }, h("label", {}, h("span", { text: t("user_role") }), select)) };
}

const newPassword = (props) =>
  passwordField(t("password"), { autocomplete: "new-password", ...props }, t("password_rule", { n: SHORTEST }));
const onceMore = () => passwordField(t("password_again"), { name: "again", autocomplete: "new-password" });

export function usersPage(main, { may, user: self, toast }) {
  if (!opened(main, "manage_users", may)) return {};
  const add = h("button", { type: "button", class: "button primary", text: t("user_add"), onclick: () => ask() });
  adminHead(main, "users", may, add);
  const list = table(t("users"), ["name", "user_role", "which_bots", "user_way", "user_since"], { does: true });
  main.append(list.node, list.empty);

  async function read() {
    try {
      const { users } = await get("users");
      list.show(users.map(line), t("users_none"));
    } catch (why) {
      list.fault(why);
    }
  }

  /** Does something to a user, and reads the list anew. */
  async function send(method, name, json, done) {
    await request(method, `users/${encodeURIComponent(name)}`, { json });
    toast(t(done, { name }));
    await read();
    return true;
  }

  function line(one) {
    const { name, role, bots, disabled, identity } = one;
    const own = name === self?.name;
    const way = !identity ? "user_way_password" : identity.subject ? "user_way_provider" : "user_way_invited";
    const button = (word, act, kind = "") =>
      h("button", {
        type: "button",
        class: `button small ${kind}`,
        text: t(word),
        "aria-label": `${t(word)}: ${name}`,
        onclick: act,
      });
    return h(
      "tr",
      { role: "row", "data-name": name, "data-off": disabled },
      cell(
        t("name"),
        h("b", { text: name }),
        own && h("span", { class: "about", text: ` (${t("user_you")})` }),
        disabled && h("span", { class: "badge", text: t("user_disabled") }),
      ),
      cell(t("user_role"), t(`role_${role}`)),
      cell(t("which_bots"), botsWords(bots)),
      cell(t("user_way"), t(way)),
      cell(t("user_since"), day(one.created_at)),
      h(
        "td",
        { role: "cell", class: "does" },
        own
          ? h("a", { class: "button small", href: "#/password", text: t("own_password") })
          : [
              button("user_change", () => change(one)),
              !identity && button("user_password_set", () => another(name)),
              button(disabled ? "user_enable" : "user_disable", () => disable(name, !disabled)),
              button("user_remove", () => remove(name), "danger"),
            ],
      ),
    );
  }

  async function ask() {
    let known;
    try {
      known = await Promise.all([readBots(), ways()]);
    } catch (why) {
      return toast(faultOf(why), "bad");
    }
    const [all, { provider, password: byPassword }] = known;
    const name = nameField(t("name"), t("user_name_rule"));
    name.input.autocomplete = "off";
    const role = roleField("supervisor");
    const bots = botsChoice(all);
    const [password, again] = [newPassword(), onceMore()];
    const way = h(
      "select",
      { name: "way" },
      byPassword && h("option", { value: "password", text: t("user_way_password") }),
      provider && h("option", { value: "provider", text: provider.name }),
    );
    const secret = h("div", { class: "field" }, password.node, again.node);
    const show = () => (secret.hidden = way.value !== "password");
    way.addEventListener("change", show);
    show();
    const by = h("div", { class: "field" }, h("label", {}, h("span", { text: t("user_way") }), way));
    formDialog(t("user_add"), {
      parts: [name.node, role.node, bots.node, provider && by, secret],
      action: t("user_add"),
      act: async (fault) => {
        const wrong = nameFault(name.input.value);
        if (wrong) return refuse(fault, wrong, name.input);
        const chosen = bots.value();
        if (chosen?.length === 0) return refuse(fault, t("bots_needed"), bots.first);
        const json = { name: name.input.value.trim().toLowerCase(), role: role.select.value, bots: chosen };
        if (way.value === "password") {
          const bad = passwordFault(password.input.value);
          if (bad) return refuse(fault, bad, password.input);
          if (password.input.value !== again.input.value) return refuse(fault, t("password_differs"), again.input);
          json.password = password.input.value;
        }
        try {
          await request("POST", "users", { json });
        } catch (why) {
          if (why.status === 409) return refuse(fault, t("user_name_used"), name.input);
          throw why;
        }
        toast(t("user_added_done", { name: json.name }));
        await read();
        return true;
      },
    });
  }

  async function change({ name, role: before, bots: those }) {
    let all;
    try {
      all = await readBots();
    } catch (why) {
      return toast(faultOf(why), "bad");
    }
    const role = roleField(before);
    const bots = botsChoice(all, those);
    formDialog(t("user_change_of", { name }), {
      parts: [role.node, bots.node],
      action: t("user_change"),
      words: { 409: "user_last_admin" },
      act: async (fault) => {
        const chosen = bots.value();
        if (chosen?.length === 0) return refuse(fault, t("bots_needed"), bots.first);
        return send("PATCH", name, { role: role.select.value, bots: chosen }, "user_changed_done");
      },
    });
  }

  function another(name) {
    const [password, again] = [newPassword(), onceMore()];
    formDialog(t("user_password_of", { name }), {
      lead: t("user_password_lead", { name }),
      parts: [password.node, again.node],
      action: t("user_password_set"),
      act: async (fault) => {
        const bad = passwordFault(password.input.value);
        if (bad) return refuse(fault, bad, password.input);
        if (password.input.value !== again.input.value) return refuse(fault, t("password_differs"), again.input);
        return send("PATCH", name, { password: password.input.value }, "user_password_done");
      },
    });
  }

  async function disable(name, disabled) {
    try {
      await send("PATCH", name, { disabled }, disabled ? "user_disabled_done" : "user_enabled_done");
    } catch (why) {
      toast(faultOf(why, { 409: "user_last_admin" }), "bad");
    }
  }

  function remove(name) {
    formDialog(t("user_remove_of", { name }), {
      lead: t("user_remove_lead", { name }),
      action: t("user_remove"),
      danger: true,
      words: { 409: "user_last_admin" },
      act: () => send("DELETE", name, undefined, "user_removed_done"),
    });
  }

  read();
  return {};
}
