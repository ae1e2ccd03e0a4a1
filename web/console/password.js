// One's own password.
import { changePassword } from "./api.js";
import { adminHead } from "./admin.js";
import { h, write } from "./dom.js";
import { faultOf, passwordFault, passwordField, refuse, SHORTEST } from "./fields.js";
import { t } from "./words.js";

export function passwordPage(main, { may, user, toast }) {
  adminHead(main, "own_password", may);
  const current = passwordField(t("own_password_current"), { name: "current", autocomplete: "current-password" });
  const rule = t("password_rule", { n: SHORTEST });
  const next = passwordField(t("own_password_new"), { autocomplete: "new-password" }, rule);
  const again = passwordField(t("password_again"), { name: "again", autocomplete: "new-password" });
  const fault = h("p", { class: "fault", role: "alert" });
  const button = h("button", { class: "button primary", text: t("own_password_set") });
  // For whatever keeps passwords in this browser.
  const name = h("input", { name: "username", autocomplete: "username", value: user?.name ?? "", hidden: true });
  const form = h(
    "form",
    { class: "door narrow", novalidate: true },
    name,
    current.node,
    next.node,
    again.node,
    fault,
    button,
  );
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    write(fault, "");
    if (!current.input.value) return refuse(fault, t("own_password_wrong"), current.input);
    const bad = passwordFault(next.input.value);
    if (bad) return refuse(fault, bad, next.input);
    if (next.input.value !== again.input.value) return refuse(fault, t("password_differs"), again.input);
    button.disabled = true;
    try {
      await changePassword(current.input.value, next.input.value);
      form.reset();
      toast(t("own_password_done"));
    } catch (why) {
      const wrong = why.status === 401 || why.code === "wrong_password";
      if (wrong) refuse(fault, t("own_password_wrong"), current.input);
      else write(fault, faultOf(why));
    }
    button.disabled = false;
  });
  main.append(form);
  return {};
}
