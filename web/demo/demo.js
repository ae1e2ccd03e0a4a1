// The demo page: the bots of this server, a call to them, and how long each answer took.
(() => {
  "use strict";
  const WORDS = {
    en: {
      headline: "Talk to it. It listens while it speaks.",
      lead: "Choose a bot, start the call and say what you need. Cut in whenever you like: it stops and listens. You can also type, or use the keypad.",
      bots: "Bots",
      understood: "Understood so far",
      understood_none: "What the bot has understood appears here.",
      latency: "How long each answer took",
      latency_note: "From the end of your words to the first sound of the answer, in milliseconds.",
      latency_none: "Each answer adds a line.",
      median: "median",
      turn: "You said",
      total: "Total",
      endpoint: "Endpoint",
      recognise: "Recognise",
      think: "Think",
      synthesise: "Synthesise",
      playout: "Playout",
      bar: "As a bar",
      about_endpoint: "the pause that shows you are done",
      about_recognise: "the recogniser’s work that was waited for",
      about_think: "choosing the answer",
      about_synthesise: "its first sound",
      about_playout: "sending it",
      embed: "On your own page",
      embed_note: "One line. Your page’s address has to be among widget.origins in the server’s configuration.",
      copy: "Copy",
      copied: "Copied",
      language: "Language",
      en: "English",
      vi: "Vietnamese",
      none: 'This server offers no bot to visitors. Name some in its configuration: public = ["booking.en"] under [widget].',
      off: "This server’s widget is turned off. Turn it on in its configuration: enabled = true under [widget].",
      fault: "The server does not say which bots it has. Its log says why.",
      unreachable: "The server does not answer. Is it running?",
      insecure:
        "This page is not secure, so your browser gives it no microphone. Open it by https (make run LAN=1 makes a certificate) or on the server’s own machine at http://localhost. Typing works all the same.",
    },
    vi: {
      headline: "Cứ nói. Bot vừa nói vừa lắng nghe.",
      lead: "Chọn một bot, bắt đầu gọi và nói điều quý khách cần. Cứ ngắt lời bất cứ lúc nào: bot dừng lại và nghe. Cũng có thể gõ chữ hoặc dùng bàn phím.",
      bots: "Các bot",
      understood: "Đã hiểu",
      understood_none: "Những gì bot đã hiểu sẽ hiện ở đây.",
      latency: "Mỗi câu trả lời mất bao lâu",
      latency_note: "Từ lúc quý khách dứt lời đến âm thanh đầu tiên của câu trả lời, tính bằng mili giây.",
      latency_none: "Mỗi câu trả lời thêm một dòng.",
      median: "trung vị",
      turn: "Quý khách nói",
      total: "Tổng",
      endpoint: "Dứt lời",
      recognise: "Nhận dạng",
      think: "Suy nghĩ",
      synthesise: "Tổng hợp",
      playout: "Phát",
      bar: "Biểu đồ",
      about_endpoint: "khoảng lặng cho biết đã nói xong",
      about_recognise: "thời gian chờ nhận dạng",
      about_think: "chọn câu trả lời",
      about_synthesise: "âm thanh đầu tiên",
      about_playout: "gửi đi",
      embed: "Trên trang của quý khách",
      embed_note: "Chỉ một dòng. Địa chỉ trang phải có trong widget.origins ở cấu hình của máy chủ.",
      copy: "Sao chép",
      copied: "Đã chép",
      language: "Ngôn ngữ",
      en: "tiếng Anh",
      vi: "tiếng Việt",
      none: 'Máy chủ này chưa có bot nào cho khách. Hãy ghi tên bot trong cấu hình: public = ["booking.en"] ở mục [widget].',
      off: "Widget của máy chủ này đang tắt. Hãy bật trong cấu hình: enabled = true ở mục [widget].",
      fault: "Máy chủ không cho biết có những bot nào. Nhật ký của máy chủ ghi lý do.",
      unreachable: "Máy chủ không trả lời. Máy chủ có đang chạy không?",
      insecure:
        "Trang này không an toàn nên trình duyệt không cho dùng micrô. Hãy mở bằng https (make run LAN=1 tạo chứng chỉ) hoặc trên chính máy chủ tại http://localhost. Vẫn có thể gõ chữ.",
    },
  };
  const PARTS = ["endpoint", "recognise", "think", "synthesise", "playout"];
  const $ = (id) => document.getElementById(id);
  const make = (tag, attributes = {}, ...children) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  let lang = new URLSearchParams(location.search).get("lang") || (navigator.language.startsWith("vi") ? "vi" : "en");
  let bots = [];
  let trouble = null;
  let face = null;
  let turns = [];
  const said = new Map();
  const t = (word) => WORDS[lang]?.[word] ?? WORDS.en[word];

  function label() {
    if (!WORDS[lang]) lang = "en";
    document.documentElement.lang = lang;
    for (const element of document.querySelectorAll("[data-word]")) element.textContent = t(element.dataset.word);
    for (const button of document.querySelectorAll("[data-lang]"))
      button.setAttribute("aria-pressed", button.dataset.lang === lang);
    document.querySelector("[data-label]").setAttribute("aria-label", t("language"));
    $("bots").setAttribute("aria-label", t("bots"));
    const chosen = face && bots.find((bot) => bot.name === face.getAttribute("bot"));
    if (chosen) {
      face.lang = lang;
      face.setAttribute("heading", title(chosen));
    }
    const warning = trouble || (isSecureContext ? null : "insecure");
    $("warning").hidden = !warning;
    $("warning").textContent = warning ? t(warning) : "";
    list();
    draw();
  }

  const title = (bot) => bot.titles?.[lang] || bot.title || bot.name;

  // --- the bots
  function list() {
    $("bots").replaceChildren(
      ...bots.map((bot) => {
        const input = make("input", { type: "radio", name: "bot", value: bot.name });
        input.checked = face?.getAttribute("bot") === bot.name;
        input.addEventListener("change", () => choose(bot));
        return make(
          "label",
          { class: "bot" },
          input,
          make("span", { class: "bot-title", lang: bot.titles?.[lang] ? lang : bot.language }, title(bot)),
          make("span", { class: "bot-about" }, `${bot.name} · ${t(bot.language) || bot.language}`),
        );
      }),
    );
  }

  /** Another bot is another telephone: a call that goes on is hung up. */
  function choose(bot) {
    face?.remove();
    turns = [];
    said.clear();
    document.querySelector("#understood dl").replaceChildren();
    face = make("switchboard-call", { bot: bot.name, heading: title(bot), lang });
    face.addEventListener("slot", ({ detail }) => understood(detail));
    face.addEventListener("latency", ({ detail }) => {
      turns.push(detail);
      draw();
    });
    face.addEventListener("caption", ({ detail }) => {
      if (detail.final && detail.text) said.set(detail.turn, detail.secret ? "•••" : detail.text);
    });
    face.addEventListener("state", ({ detail }) => {
      if (detail.state === "connecting" && detail.before !== "connecting") {
        turns = [];
        said.clear();
        document.querySelector("#understood dl").replaceChildren();
        draw();
      }
    });
    $("phone").replaceChildren(face);
    const place = new URL("widget.js", location.href).href;
    $("snippet").textContent = `<script src="${place}" data-bot="${bot.name}"></script>`;
    draw();
  }

  // --- what was understood
  function understood({ name, value, confirmed }) {
    const list = document.querySelector("#understood dl");
    let row = [...list.children].find((row) => row.dataset.name === name);
    if (value == null) return void row?.remove();
    if (!row) {
      row = make("div", { "data-name": name }, make("dt", {}, name), make("dd"));
      list.append(row);
    }
    row.lastChild.textContent = typeof value === "object" ? JSON.stringify(value) : value;
    row.classList.toggle("sure", !!confirmed);
  }

  // --- latency: a line for each answer, its parts to scale
  function draw() {
    const [head, body] = [document.querySelector("#turns thead tr"), document.querySelector("#turns tbody")];
    const totals = turns.map((turn) => turn.total_ms).sort((a, b) => a - b);
    const most = Math.max(400, ...totals);
    const scale = [500, 1000, 1500, 2000, 3000, 5000, 8000].find((ms) => ms >= most) || most;
    // Said outright, for narrow screens lay the table out as something else.
    const column = (more, ...children) => make("th", { scope: "col", role: "columnheader", ...more }, ...children);
    const cell = (more, ...children) => make("td", { role: "cell", ...more }, ...children);
    const swatch = (part) => make("span", { class: "swatch", "data-part": part });
    head.replaceChildren(
      column({}, t("turn")),
      column(
        { class: "bar-head" },
        make("span", { class: "unseen" }, t("bar")),
        make(
          "span",
          { class: "axis", "aria-hidden": "true" },
          make("span", {}, "0"),
          make("span", {}, String(scale / 2)),
          make("span", {}, `${scale} ms`),
        ),
      ),
      ...PARTS.map((part) => column({ class: "figure", title: t(`about_${part}`) }, swatch(part), t(part))),
      column({ class: "figure" }, t("total")),
    );
    body.replaceChildren(
      ...turns.map((turn) => {
        const bar = make("div", { class: "bar", "aria-hidden": "true" });
        for (const part of PARTS) {
          const ms = turn[`${part}_ms`] || 0;
          const piece = make("i", { "data-part": part, title: `${t(part)}: ${ms} ms` });
          piece.style.width = `${(100 * ms) / scale}%`;
          bar.append(piece);
        }
        return make(
          "tr",
          { role: "row" },
          make("th", { scope: "row", role: "rowheader" }, said.get(turn.turn) || "–"),
          cell({ class: "bar-cell" }, bar),
          ...PARTS.map((part) => cell({ class: "figure", "data-part": part }, String(turn[`${part}_ms`] ?? "–"))),
          cell({ class: "figure total" }, String(turn.total_ms)),
        );
      }),
    );
    const middle = totals.length ? (totals[(totals.length - 1) >> 1] + totals[totals.length >> 1]) / 2 : 0;
    $("median").textContent = totals.length ? `${t("median")} ${Math.round(middle)} ms` : "";
    const scroll = document.querySelector(".scroll");
    scroll.scrollTop = scroll.scrollHeight;
  }

  $("copy").addEventListener("click", async () => {
    const done = await navigator.clipboard?.writeText($("snippet").textContent).then(
      () => true,
      () => false,
    );
    if (!done) getSelection().selectAllChildren($("snippet"));
    $("copy").textContent = t(done ? "copied" : "copy");
    setTimeout(() => ($("copy").textContent = t("copy")), 1500);
  });
  for (const button of document.querySelectorAll("[data-lang]")) {
    button.addEventListener("click", () => {
      lang = button.dataset.lang;
      label();
    });
  }

  async function begin() {
    label();
    try {
      const answer = await fetch("/api/v1/widget/bots", { cache: "no-store" });
      const told = await answer.json().catch(() => ({}));
      trouble = answer.ok ? null : told.code === "widget_off" ? "off" : "fault";
      bots = (answer.ok && told.bots) || [];
      if (answer.ok && !bots.length) trouble = "none";
    } catch {
      trouble = "unreachable";
    }
    document.body.classList.toggle("bare", !bots.length);
    if (bots.length) choose(bots.find((bot) => bot.language === lang) || bots[0]);
    label();
  }
  begin();
})();
