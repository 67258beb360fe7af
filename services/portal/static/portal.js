/* What makes forms safer where there is JavaScript: every page works without it. */
(() => {
  const PREFIX = "qinqing:", SENT = `${PREFIX}sent`;

  // Nothing typed or chosen is lost: kept on this device until it was sent, or until somebody leaves. What the server has
  // since then goes before; hidden fields, passwords and files are never kept.
  const KEPT = /^(text|textarea|tel|email|number|date|time|radio|checkbox|select-one)$/;
  const isTick = (field) => /^(radio|checkbox)$/.test(field.type);
  const standsIn = (field) => (isTick(field) ? field.checked : field.value);
  const cameWith = (field) => {
    if (isTick(field)) return field.defaultChecked;
    if (!field.options) return field.defaultValue;
    return ([...field.options].find((one) => one.defaultSelected) || field.options[0])?.value;
  };
  const keyOf = (field) => (isTick(field) ? `${field.name}=${field.value}` : field.name);
  const putBack = (field, [came, stood] = []) => {
    if (stood === undefined || came !== cameWith(field)) return;
    field[isTick(field) ? "checked" : "value"] = stood;
    const folded = field.closest("details");
    if (folded) folded.open = true;
  };
  const keepOnDevice = (form) => {
    const name = PREFIX + form.dataset.keep;
    const fields = [...form.elements].filter((field) => field.name && KEPT.test(field.type));
    try {
      const kept = JSON.parse(localStorage.getItem(name) || "{}");
      for (const field of fields) putBack(field, kept[keyOf(field)]);
    } catch { /* what cannot be read is not put back */ }
    const said = form.querySelector("[data-kept]");
    form.addEventListener("input", () => {
      const changed = fields.filter((field) => standsIn(field) !== cameWith(field));
      const values = Object.fromEntries(changed.map((field) => [keyOf(field), [cameWith(field), standsIn(field)]]));
      try {
        localStorage.setItem(name, JSON.stringify(values));
        if (said) said.hidden = false;
      } catch { /* a device without space for it still has the form */ }
    });
  };
  const keepThese = (part) => part.querySelectorAll("form[data-keep]").forEach(keepOnDevice);

  // What was sent is forgotten once the page came that answers it. Where another came, because the line broke or the form
  // was not taken, it is put back.
  const rememberSent = (form) => {
    const from = location.href.split("#")[0];
    try { sessionStorage.setItem(SENT, JSON.stringify([PREFIX + form.dataset.keep, from])); } catch { /* as above */ }
  };
  const forgetWhatWasSent = () => {
    const [name, from] = JSON.parse(sessionStorage.getItem(SENT) || "[]");
    sessionStorage.removeItem(SENT);
    const isTaken = !(performance.getEntriesByType("navigation")[0]?.responseStatus >= 400);
    if (!name || document.referrer !== from || !isTaken) return;
    const shownAgain = [...document.querySelectorAll("form[data-keep]")].some((form) => PREFIX + form.dataset.keep === name);
    if (!shownAgain || document.querySelector(".did")) localStorage.removeItem(name);
  };

  // How many characters are left, once there are few.
  const countLeft = (field) => {
    const most = Number(field.dataset.most);
    const line = document.createElement("p");
    line.className = "count-left";
    line.setAttribute("aria-live", "polite");
    field.after(line);
    const say = () => {
      const length = [...field.value].length;
      line.textContent = length > most * 0.5 ? `${length} / ${most}` : "";
      line.classList.toggle("over", length > most);
    };
    field.addEventListener("input", say);
    say();
  };

  // What was chosen is named, and a button says so in the page's language.
  const namePicked = (input) => {
    const line = document.createElement("p");
    line.className = "picked";
    line.setAttribute("aria-live", "polite");
    input.after(line);
    input.addEventListener("change", () => { line.textContent = [...input.files].map((file) => file.name).join(", "); });
  };

  // The key / leads to the search, wherever nothing is being typed.
  const searchByKey = (event) => {
    const field = document.getElementById("search");
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || !field) return;
    if (/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName) || !field.checkVisibility()) return;
    event.preventDefault();
    field.focus();
    field.select();
  };

  // An address to be handed over is copied; where that is not allowed it is marked, so that one key copies it.
  const copyThere = (button) => {
    const shown = document.getElementById(button.dataset.copy), said = button.querySelector("span");
    button.hidden = false;
    button.addEventListener("click", async () => {
      getSelection().selectAllChildren(shown);
      try {
        await navigator.clipboard.writeText(shown.textContent);
        said.textContent = button.dataset.copied;
      } catch { /* it is marked */ }
    });
  };

  // What takes longer than a blink says so, until the next page or the answer is there: other scripts say "asking" and "answered".
  const SOON_MS = 300;
  let waiting = 0, asked = null;
  const answered = () => {
    clearTimeout(waiting);
    asked?.classList.remove("busy");
    asked?.removeAttribute("aria-busy");
    asked = null;
    document.getElementById("busy").textContent = "";
  };
  const asking = (one) => {
    answered();
    asked = one;
    waiting = setTimeout(() => {
      asked?.classList.add("busy");
      asked?.setAttribute("aria-busy", "true");
      const line = document.getElementById("busy");
      line.textContent = line.dataset.words;
    }, SOON_MS);
  };

  const begin = () => {
    document.querySelectorAll("[data-copy]").forEach(copyThere);
    document.addEventListener("submit", ({ target, submitter, defaultPrevented }) => {
      if (defaultPrevented) return;
      asking(submitter || target.querySelector("button"));
      if (target.dataset.keep) rememberSent(target);
      const once = target.querySelector("[data-once]");
      if (once) setTimeout(() => { once.disabled = true; }, 0);
    });
    document.addEventListener("asking", (event) => asking(event.target));
    document.addEventListener("answered", (event) => { answered(); keepThese(event.target); });
    addEventListener("pageshow", answered);
    document.addEventListener("keydown", searchByKey);
    document.documentElement.classList.add("has-js");
    document.querySelectorAll("input[data-picked]").forEach(namePicked);
    forgetWhatWasSent();
    keepThese(document);
    document.querySelectorAll("textarea[data-most]").forEach(countLeft);
    document.querySelectorAll("[data-sent]").forEach((one) => localStorage.removeItem(PREFIX + one.dataset.sent));
    // What a form was answered with may have an address of its own: looked at again it is that, and nothing is sent again.
    document.querySelectorAll("[data-at]").forEach((one) => history.replaceState(null, "", one.dataset.at));
    document.querySelectorAll("#errors").forEach((one) => one.focus());
    document.querySelectorAll('form[action="/sign-out"]').forEach((form) => form.addEventListener("submit", () => {
      Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)).forEach((key) => localStorage.removeItem(key));
    }));
    addEventListener("pageshow", () => document.querySelectorAll("[data-once]").forEach((one) => { one.disabled = false; }));
    document.addEventListener("click", (event) => document.querySelectorAll("details.me[open]").forEach((one) => {
      if (!one.contains(event.target)) one.open = false;
    }));
  };
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
