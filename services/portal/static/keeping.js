/* What somebody writes is kept on the server while they write, and before it is sent, so that a form stays on its page where
   the line is cut; without JavaScript a button of the form keeps it. */
(() => {
  const PAUSE_MS = 1500, PATIENCE_MS = 20000, NOT_MARKED = 403, BROKEN = 500;

  const keepThere = (form) => {
    const said = form.querySelector("[data-kept-there]"), unsent = form.querySelector("[data-unsent]");
    const content = () => {
      const fields = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
      fields.set("do", "quietly");
      return fields.toString();
    };
    let timer = 0, kept = content(), before = Promise.resolve(), going = 0, isSent = false, isSending = false;

    // Who signed in anew has another mark since: the form goes on with it, if it is the same person.
    const markedAnew = async () => {
      const answer = await fetch(location.href, { signal: AbortSignal.timeout(PATIENCE_MS) });
      const same = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form[data-quiet]");
      if (same?.dataset.quiet !== form.dataset.quiet) return false;
      form.elements.mark.value = same.elements.mark.value;
      return true;
    };
    // False where it did not arrive, or cannot be taken now: then it stays where it is.
    const keep = async ({ anew = true, ...how } = {}) => {
      const fields = content();
      if (fields === kept) return true;
      const signal = AbortSignal.timeout(PATIENCE_MS), body = new URLSearchParams(fields);
      try {
        const answer = await fetch(form.action, { method: "POST", body, redirect: "manual", signal, ...how });
        if (answer.status === NOT_MARKED) return anew && await markedAnew() && await keep({ anew: false });
        if (answer.status === 204) kept = fields;
        said.hidden = answer.status !== 204;
        return answer.status < BROKEN;
      } catch { said.hidden = true; return false; }
    };
    // One after the other: what is sent is not kept once more behind its back.
    const keepInTurn = async () => {
      clearTimeout(timer);
      going += 1;
      const isThere = await (before = before.then(() => keep()));
      going -= 1;
      unsent.hidden = isThere || Boolean(form.dataset.keep);  // a device that has it too need not be spoken of yet
      return isThere;
    };
    form.addEventListener("input", () => {
      said.hidden = true;
      isSent = false;
      clearTimeout(timer);
      timer = setTimeout(keepInTurn, PAUSE_MS);
    });
    form.addEventListener("submit", async (event) => {
      isSent ||= !going && content() === kept;
      if (isSent) { clearTimeout(timer); return; }
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      const pressed = event.submitter;
      pressed.dispatchEvent(new Event("asking", { bubbles: true }));
      isSent = await keepInTurn();
      pressed.dispatchEvent(new Event("answered", { bubbles: true }));
      unsent.hidden = isSent;
      isSending = false;
      if (isSent) form.requestSubmit(pressed);
    });
    addEventListener("online", keepInTurn);
    addEventListener("pagehide", () => { if (!isSent) keep({ keepalive: true }); });
    addEventListener("pageshow", () => { isSent = false; });
    addEventListener("beforeunload", (event) => { if (!unsent.hidden) event.preventDefault(); });
  };

  const begin = () => document.querySelectorAll("form[data-quiet]").forEach(keepThere);
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
