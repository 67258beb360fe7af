/* Keys of the office's triage: j k enter a r d u. Without a script every one of them is a link or a button. */
(() => {
  const OFF = "qinqing-keys-off";
  const list = document.querySelector("[data-keys]");
  if (!list) return;
  const isWide = () => matchMedia("(min-width: 801px)").matches;
  const rows = () => [...list.querySelectorAll("a[data-pane]")];
  const current = () => list.querySelector("tr.sel a[data-issue]");
  const isOff = () => localStorage.getItem(OFF) === "1";

  // On a wide page the chosen issue changes beside the list, which stays where it is.
  const choose = async (link) => {
    if (!link) return;
    if (!isWide()) { location.assign(link.href); return; }
    list.querySelectorAll("tr.sel").forEach((one) => { one.classList.remove("sel"); one.querySelector("a").removeAttribute("aria-current"); });
    link.closest("tr").classList.add("sel");
    link.setAttribute("aria-current", "true");
    link.closest("tr").scrollIntoView({ block: "nearest" });
    const pane = document.getElementById("chosen");
    pane.dispatchEvent(new Event("asking", { bubbles: true }));
    try {
      const answer = await fetch(link.dataset.pane, { headers: { Accept: "text/html" } });
      if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
      const part = await answer.text();
      if (current() !== link) return;
      pane.innerHTML = part;
      pane.dispatchEvent(new Event("answered", { bubbles: true }));
      link.closest("tr").classList.remove("unread");
      link.parentElement.querySelector(".hide")?.remove();
      history.replaceState(null, "", link.href);
    } catch { location.assign(link.href); }
  };
  const step = (by) => {
    const all = rows();
    const at = all.indexOf(current());
    choose(all[at < 0 ? 0 : Math.min(all.length - 1, Math.max(0, at + by))]);
  };
  const press = (key) => document.querySelector(`[data-key="${key}"]`)?.click();
  const KEYS = {
    j: () => step(1),
    k: () => step(-1),
    Enter: () => document.querySelector("#chosen [data-open]")?.click(),
    a: () => press("a"),
    m: () => press("m"),
    r: () => press("r"),
    u: () => press("u"),
    d: () => document.getElementById("find-other")?.focus(),
  };
  document.addEventListener("keydown", (event) => {
    if (isOff() || event.ctrlKey || event.metaKey || event.altKey || event.repeat && event.key !== "j" && event.key !== "k") return;
    if (event.target.closest("input:not([type=radio]), textarea, select, a, button, summary") && (event.key === "Enter" || !event.target.closest("a, button, summary"))) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); }
  });
  list.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-pane]");
    if (!link || !isWide() || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    choose(link);
  });
  // What the enterprise will see names the department that is chosen now.
  list.addEventListener("change", (event) => {
    const named = list.querySelector("[data-chosen]");
    if (!named || !event.target.closest("[data-give]")) return;
    const other = document.getElementById("other");
    const one = list.querySelector("[name=department]:checked");
    named.textContent = other.value ? other.selectedOptions[0].textContent : one ? one.dataset.name : "";
  });
  const hint = list.querySelector("[data-keys-hint]"), button = list.querySelector("[data-keys-off]");
  const say = () => { button.textContent = isOff() ? button.dataset.on : button.dataset.off; };
  hint.hidden = false;
  button.addEventListener("click", () => { localStorage.setItem(OFF, isOff() ? "0" : "1"); say(); });
  say();
})();
