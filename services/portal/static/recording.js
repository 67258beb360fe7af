/* A talk's room by keyboard alone, and over a line that is cut: each record is kept on this device before it is sent, in
   order, one at a time, under a key made here, so that a lost answer changes nothing. Without scripts it is a plain form. */
(() => {
  const room = document.getElementById("room"), form = document.getElementById("record");
  const waiting = document.getElementById("waiting");
  const KEPT = `qinqing-room:${room.dataset.owner}:${room.dataset.talk}`, WRITING = `${KEPT}:writing`;
  const FIRST_PAUSE_MS = 1000, MOST_PAUSE_MS = 15000, PATIENCE_MS = 20000;
  const words = form?.elements.text;
  const line = waiting.querySelector("[data-line]"), said = waiting.querySelector("[data-full]").dataset;
  const taken = new Map();  // of what was sent from this page: under its key the issue, and how it is called
  let marked = "", pause = FIRST_PAUSE_MS, timer = 0, going = false, mends = "";

  /* ------------------------------------------------- what this device keeps */
  const read = (name = KEPT) => { try { return JSON.parse(localStorage.getItem(name) || "[]"); } catch { return []; } };
  const write = (items) => {
    if (items.length) localStorage.setItem(KEPT, JSON.stringify(items)); else localStorage.removeItem(KEPT);
    draw();
  };
  const change = (key, more) => write(read().map((one) => (one.key === key ? { ...one, ...more } : one)));
  const fieldsOf = (from) => Object.fromEntries([...new FormData(from)].filter(([name]) => name !== "mark" && name !== "key"));

  // True where it is kept; false where the device has no space, and the browser sends the form as it is.
  const keep = (item) => {
    const items = read(), at = items.findIndex((one) => one.key === mends);
    try { write(at < 0 ? [...items, item] : items.toSpliced(at, 1, item)); } catch { line.textContent = said.full; waiting.hidden = false; return false; }
    mends = "";
    send();
    return true;
  };

  /* ------------------------------------------------------------- sending it */
  const markOf = async () => {
    const answer = await fetch(location.pathname, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) return "";
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const same = page.getElementById("room")?.dataset.owner === room.dataset.owner;
    return same ? page.querySelector("input[name=mark]").value : "";
  };
  const post = async (item, mark) => {
    const body = new URLSearchParams({ ...item.fields, mark, key: item.key, by: room.dataset.owner, do: "from-device" });
    const answer = await fetch(item.action, { method: "POST", body, redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
    return { status: answer.status, said: answer.headers.get("content-type")?.startsWith("application/json") ? await answer.json() : {} };
  };
  // The next that can be sent: not refused, and not about a record that is itself not sent yet.
  const next = () => { const items = read(); return items.find((one) => !one.why && !items.some((other) => other.key === one.of)); };
  const settle = (item, { status, said: told }) => {
    if (status === 200) {
      taken.set(item.key, { issue: told.issue, said: item.said });
      write(read().filter((one) => one.key !== item.key).map((one) =>
        (one.of === item.key ? { ...one, of: "", action: one.action.replace(/[^/]*$/, told.issue) } : one)));
    } else change(item.key, { why: told.why || document.getElementById("busy").dataset.words });
  };
  const sendAll = async () => {
    let mark = document.querySelector("input[name=mark]").value;
    for (let item = next(); item; item = next()) {
      say("going");
      let answer = await post(item, mark);
      if (answer.status === 403) {  // somebody signed in anew: forms have another mark since
        mark = await markOf();
        if (mark) document.querySelectorAll("input[name=mark]").forEach((field) => { field.value = mark; });
        if (mark) answer = await post(item, mark);
      }
      if (answer.status === 401 || answer.status === 403) { say("signedOut"); return; }
      if (![200, 404, 413, 422].includes(answer.status)) throw new Error(String(answer.status));
      pause = FIRST_PAUSE_MS;
      settle(item, answer);
    }
    say("");
  };
  const send = () => {
    clearTimeout(timer);
    if (going) return;
    going = true;
    const alone = navigator.locks ? (act) => navigator.locks.request(KEPT, act) : (act) => act();
    alone(sendAll).catch(() => {
      say("cut");
      timer = setTimeout(send, pause);
      pause = Math.min(2 * pause, MOST_PAUSE_MS);
    }).finally(() => { going = false; if (next() && !timer && !line.dataset.now) send(); });
  };
  const say = (what) => {
    if (what !== "cut") timer = 0;
    line.dataset.now = what === "going" ? "" : what;
    line.textContent = what ? line.dataset[what] : "";
    waiting.querySelector("[data-sign-in]").hidden = what !== "signedOut";
  };

  /* ------------------------------------------------------------ showing it */
  const draw = () => {
    const items = read(), list = waiting.querySelector("[data-items]");
    waiting.hidden = !items.length;
    waiting.querySelector("[data-count]").textContent = items.length || "";
    list.replaceChildren(...[...items].reverse().map((item) => {
      const row = waiting.querySelector("template").content.firstElementChild.cloneNode(true);
      row.dataset.row = item.key;
      if (item.kind === "record") { row.dataset.claim = row.dataset.answer = ""; row.dataset.waits = ""; }
      row.querySelector("[data-said]").textContent = item.said;
      row.querySelector("[data-what]").textContent = said[item.kind];
      row.querySelector("[data-why]").textContent = item.why || "";
      row.querySelector("[data-refused]").hidden = row.querySelector("[data-doings]").hidden = !item.why;
      row.querySelector("[data-mend]").addEventListener("click", () => mend(item));
      row.querySelector("[data-drop]").addEventListener("click", (event) => {
        if (confirm(event.currentTarget.dataset.sure)) write(read().filter((one) => one.key !== item.key && one.of !== item.key));
      });
      return row;
    }));
    mark();
  };
  const mend = (item) => {
    const target = item.kind === "record" ? form : document.querySelector(`[data-spot=${item.kind}]`);
    if (item.kind === "record" && words.value.trim()) { change(item.key, { why: said.first }); return; }
    if (item.kind !== "record") open(item.kind, { key: item.of, about: item.action, said: item.said });
    fill(target, item.fields);
    mends = item.key;
    (item.kind === "record" ? words : target.querySelector("input:checked, input:not([type=hidden])"))?.focus();
  };
  const fill = (target, fields) => {
    for (const field of target.elements) {
      if (!field.name || ["mark", "key"].includes(field.name)) continue;
      if (field.type === "radio" || field.type === "checkbox") field.checked = fields[field.name] === field.value;
      else if (field.type !== "hidden" && field.type !== "submit") field.value = fields[field.name] || "";
    }
  };

  /* ------------------------------------- the marked issue, claim and answer */
  const rows = () => [...document.querySelectorAll("[data-items] [data-waits], #recorded-rows [data-row]")];
  const isMarked = (row) => [marked, taken.get(marked)?.issue].includes(row.dataset.row);
  // What was taken stands on the list a moment later: until then it is marked, and no other row is.
  const comes = () => (rows().some(isMarked) ? undefined : taken.get(marked));
  // A moment later still its row says what may be done with it: whoever is faster asks, and the service decides.
  const isFaster = (row) => isMarked(row) && taken.has(marked) && !("claim" in row.dataset || "answer" in row.dataset);
  const current = () => rows().find(isMarked) || rows()[0];
  const mark = () => {
    const chosen = comes() ? undefined : current();
    document.querySelectorAll("[data-row].sel").forEach((row) => row.classList.remove("sel"));
    chosen?.classList.add("sel");
  };
  const step = (by) => {
    const all = rows(), at = all.indexOf(current());
    marked = all[Math.min(all.length - 1, Math.max(0, at + by))]?.dataset.row || "";
    mark();
    current()?.scrollIntoView({ block: "nearest" });
  };
  const open = (kind, about) => {
    const one = document.querySelector(`[data-spot=${kind}]`);
    typed = "";
    shut();
    one.dataset.of = about.key || "";
    one.dataset.action = about.about;
    one.querySelector("[data-about]").textContent = about.said;
    one.closest("section").hidden = false;
    one.scrollIntoView({ block: "nearest" });
    return one;
  };
  const shut = () => document.querySelectorAll(".spot").forEach((one) => { one.hidden = true; });
  const about = (kind) => {
    const row = current(), came = comes(), path = `/talks/${room.dataset.talk}/${kind}/`;
    if (!came && !(row && (kind in row.dataset || isFaster(row)))) return;
    const waits = !came && "waits" in row.dataset;
    const one = open(kind, came ? { about: `${path}${came.issue}`, said: came.said } : {
      key: waits ? row.dataset.row : "", about: `${path}${waits ? "-" : row.dataset.row}`,
      said: waits ? row.querySelector("[data-said]").textContent : row.dataset.number,
    });
    const people = one.querySelectorAll("[name=official]");
    if (kind === "answer" && people.length === 1) one.querySelector("[name=outcome]").focus(); else people[0]?.focus();
  };

  /* ---------------------------------------------------------------- forms */
  const item = (kind, from, more) => ({ key: crypto.randomUUID ? crypto.randomUUID() : String(Math.random()).slice(2) + Date.now(), kind, action: from.dataset.action || from.getAttribute("action"), fields: fieldsOf(from), ...more });
  const speakerOf = () => form.querySelector("[name=speaker]:checked")?.closest("label").querySelector("b")?.textContent || form.elements.phone.value;
  const isWhole = () => {
    const missing = !words.value.trim() ? words : !form.querySelector("[name=speaker]:checked") ? form.querySelector("[name=speaker]") : form.elements.speaker.value === "other" && !form.elements.phone.value.trim() ? form.elements.phone : null;
    missing?.focus();
    return !missing;
  };
  form?.addEventListener("submit", (event) => {
    if (!isWhole()) { event.preventDefault(); return; }
    const text = words.value.trim(), short = `${speakerOf()}：${form.elements.title.value || text.slice(0, 60)}`;
    const record = item("record", form, { said: short });
    if (!keep(record)) return;  // no space here: the browser sends it
    event.preventDefault();
    marked = record.key;
    for (const name of ["text", "title"]) form.elements[name].value = "";
    form.elements.urgent.checked = false;
    form.querySelector("[name=kind]").checked = true;
    localStorage.removeItem(WRITING);
    mark();
    words.focus();
  });
  document.querySelectorAll("[data-spot]").forEach((one) => one.addEventListener("submit", (event) => {
    const missing = ["official", "outcome", "text"].find((name) => one.querySelector(`[name=${name}]`) && !new FormData(one).get(name));
    if (missing) { event.preventDefault(); one.querySelector(`[name=${missing}]`).focus(); return; }
    const came = taken.get(one.dataset.of);  // its record was taken while this form was open
    if (came) Object.assign(one.dataset, { of: "", action: one.dataset.action.replace(/[^/]*$/, came.issue) });
    if (!keep(item(one.dataset.spot, one, { of: one.dataset.of, said: one.querySelector("[data-about]").textContent }))) {
      one.method = "post";  // no space here: the browser sends it
      one.action = one.dataset.action;
      return;
    }
    event.preventDefault();
    one.reset();
    shut();
    words?.focus();
  }));
  form?.addEventListener("input", () => {
    try { localStorage.setItem(WRITING, JSON.stringify(fieldsOf(form))); } catch { /* the form still has it */ }
  });

  /* ------------------------------------------------------------------ keys */
  let typed = "";
  const choose = (input) => { input.checked = true; input.dispatchEvent(new Event("input", { bubbles: true })); };
  // Keys are of equal width, so that nobody's are the beginning of another's; what begins nobody's is forgotten.
  const gather = (all, key) => {
    typed = [typed + key, key].find((keys) => all.some((one) => one.dataset.keys.startsWith(keys))) || "";
    const found = all.find((one) => one.dataset.keys === typed);
    if (found) typed = "";
    return found;
  };
  const speak = (key) => {
    const found = gather([...form.querySelectorAll("[name=speaker]")], key);
    if (!found) return;
    choose(found);
    (found.value === "other" ? form.elements.phone : words).focus();
  };
  const KEYS = {
    w: () => words.focus(), t: () => form.elements.title.focus(), o: () => speak("o"),
    f: () => document.getElementById("find-speaker").focus(),
    j: () => step(1), k: () => step(-1), c: () => about("claim"), a: () => about("answer"),
  };
  const AT_ONCE = { F2: KEYS.c, F4: KEYS.a };  // out of the words as well
  const press = (key) => {
    const one = document.querySelector(`[data-press="${key}"]`);
    if (!one) return false;
    one.click();
    if (one.form) words.focus();
    return true;
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.altKey || !form) return;
    const target = event.target, spot = target.closest("[data-spot]");
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); (target.form || form).requestSubmit(); return; }
    if (event.ctrlKey || event.metaKey) return;
    if (AT_ONCE[event.key]) { event.preventDefault(); AT_ONCE[event.key](); return; }
    if (event.key === "Escape") { typed = ""; shut(); target.blur(); return; }
    if (spot && target.type === "radio" && target.name === "official" && /^[0-9]$/.test(event.key)) {
      event.preventDefault();
      const found = gather([...spot.querySelectorAll("[name=official]")], event.key);
      if (!found) return;
      found.checked = true;
      if (spot.dataset.spot === "claim") spot.requestSubmit(); else spot.querySelector("[name=outcome]").focus();
      return;
    }
    if (spot && target.type === "radio" && target.name === "outcome" && /^[1-9]$/.test(event.key)) {
      const found = spot.querySelectorAll("[name=outcome]")[event.key - 1];
      if (!found) return;
      event.preventDefault();
      found.checked = true;
      spot.elements[found.value === "planned" ? "promised_on" : "text"].focus();
      return;
    }
    if (target.matches("textarea, input:not([type=radio], [type=checkbox]), select") || spot) return;
    if (/^[0-9]$/.test(event.key)) { event.preventDefault(); speak(event.key); return; }
    const act = KEYS[event.key];
    if (act) { event.preventDefault(); act(); } else if (press(event.key)) event.preventDefault();
  });

  // Type-ahead: the first who fits is chosen by Enter.
  const find = document.getElementById("find-speaker");
  const labels = () => [...form.querySelectorAll(".speakers .choice")];
  const fits = (label) => label.textContent.toLowerCase().includes(find.value.trim().toLowerCase());
  find?.addEventListener("input", (event) => { event.stopPropagation(); labels().forEach((label) => { label.hidden = !fits(label); }); });
  find?.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    const first = labels().find(fits);
    find.value = "";
    labels().forEach((label) => { label.hidden = false; });
    if (first) { choose(first.querySelector("input")); words.focus(); }
  });

  /* -------------------------------------------------------------- beginning */
  document.querySelectorAll("[data-spot] [name=outcome]").forEach((one, at) => {
    const key = Object.assign(document.createElement("kbd"), { className: "of-keys", textContent: at + 1 });
    one.nextElementSibling.prepend(key, " ");
  });
  document.querySelectorAll(".of-keys, .finding").forEach((one) => { one.hidden = false; });
  const writing = read(WRITING);
  if (form && !words.value && writing.text !== undefined) fill(form, { ...writing, speaker: writing.speaker || form.elements.speaker.value });
  new MutationObserver(mark).observe(document.getElementById("live"), { childList: true, subtree: true });
  addEventListener("online", () => { pause = FIRST_PAUSE_MS; send(); });
  addEventListener("storage", (event) => { if (event.key === KEPT) draw(); });
  addEventListener("beforeunload", () => clearTimeout(timer));
  draw();
  send();
})();
