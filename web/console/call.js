// One call: as it goes, or its replay.
import { get } from "./api.js";
import { h, icon } from "./dom.js";
import { endedCall } from "./ended.js";
import { liveCall } from "./live.js";
import { t } from "./words.js";

export function callPage(main, context) {
  main.classList.add("call");
  const back = h("a", { class: "quiet", href: "#/", "aria-label": t("to_wall"), title: t("to_wall") }, icon("back"));
  const page = { parts: [], ended: false };
  main.append(h("p", { class: "empty", text: t("loading") }));
  begin();
  return {
    leave: (how) => {
      page.ended = true;
      for (const end of page.parts) end(how);
    },
  };

  async function begin() {
    let call;
    try {
      call = await get(`calls/${context.id}?timeline=true`);
    } catch (why) {
      const words = why.status === 404 ? t("no_such_call") : why.status ? why.message : t("fault_network");
      main.replaceChildren(
        h("div", { class: "bar" }, back, h("h1", { text: t("call") })),
        h("p", { class: "empty", role: "alert", text: words }),
      );
      return;
    }
    if (page.ended) return;
    const over = () => {
      if (page.ended) return;
      for (const end of page.parts.splice(0)) end({ over: true });
      begin();
    };
    if (call.state === "live") page.parts.push(liveCall(main, back, call, context, over));
    else page.parts.push(endedCall(main, back, call, context));
  }
}
