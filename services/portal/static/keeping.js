/* What somebody writes is kept on the server while they write; without JavaScript a button of the form does that. */
(() => {
  const PAUSE_MS = 1500;

  const keepThere = (form) => {
    const said = form.querySelector("[data-kept-there]");
    const under = new AbortController();
    let timer = 0, sent = false, kept = "";
    const content = () => {
      const fields = new URLSearchParams(new FormData(form));
      fields.set("do", "quietly");
      return fields;
    };
    const keep = async (more = {}) => {
      clearTimeout(timer);
      const fields = content();
      if (sent || fields.toString() === kept) return;
      try {
        const answer = await fetch(form.action, { method: "POST", body: fields, signal: under.signal, redirect: "manual", ...more });
        if (answer.status === 204) kept = fields.toString();
        if (said) said.hidden = answer.status !== 204;
      } catch { if (said) said.hidden = true; /* away: the device still has it */ }
    };
    kept = content().toString();
    form.addEventListener("input", () => {
      if (said) said.hidden = true;
      clearTimeout(timer);
      timer = setTimeout(keep, PAUSE_MS);
    });
    // What is sent is not kept once more behind its back.
    form.addEventListener("submit", () => { sent = true; clearTimeout(timer); under.abort(); });
    addEventListener("pagehide", () => { if (!sent) keep({ keepalive: true }); });
    addEventListener("pageshow", () => { sent = false; });
  };

  const begin = () => document.querySelectorAll("form[data-quiet]").forEach(keepThere);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
