/* A field that narrows a list of choices by what is typed. Without a script the whole list is there to choose from. */
(() => {
  const MOST = 6, all = new WeakMap();
  const listOf = (field) => document.getElementById(field.dataset.find);

  // 住建 finds 住房和城乡建设局: the characters come in this order, whole names first.
  const comesIn = (name, typed) => {
    let at = -1;
    return [...typed].every((one) => (at = name.indexOf(one, at + 1)) >= 0);
  };
  const fitting = (options, typed) => {
    const named = options.filter((one) => one.value).map((one) => [one, one.textContent.toLowerCase()]);
    const whole = named.filter(([, name]) => name.includes(typed));
    const parts = named.filter(([, name]) => !name.includes(typed) && comesIn(name, typed));
    return [...whole, ...parts].map(([one]) => one);
  };
  const choose = (field, list, at) => {
    list.selectedIndex = at;
    const said = field.parentElement.querySelector("[role=status]");
    const isNone = field.value.trim() && !list.value;
    said.textContent = isNone ? said.dataset.none : list.value ? list.selectedOptions[0].textContent : "";
    said.classList.toggle("visually-hidden", !isNone);
    list.dispatchEvent(new Event("change", { bubbles: true }));
  };
  const narrow = (field) => {
    const list = listOf(field), typed = field.value.trim().toLowerCase();
    if (!all.has(list)) all.set(list, [...list.options]);
    const options = all.get(list), found = typed ? fitting(options, typed) : options;
    list.replaceChildren(...(found.length ? found : options.slice(0, 1)));
    if (typed && found.length) list.size = Math.min(Math.max(found.length, 2), MOST);
    else list.removeAttribute("size");
    choose(field, list, 0);
    list.scrollIntoView({ block: "nearest" });
  };

  document.addEventListener("input", (event) => {
    if (event.target.dataset?.find && !event.isComposing) narrow(event.target);
  });
  document.addEventListener("compositionend", (event) => { if (event.target.dataset?.find) narrow(event.target); });
  document.addEventListener("keydown", (event) => {
    const field = event.target, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!field.dataset?.find || event.isComposing || !(step || event.key === "Enter")) return;
    event.preventDefault();  // Enter sends nothing yet: it goes on to what sends it
    const list = listOf(field);
    if (step) choose(field, list, Math.min(Math.max(list.selectedIndex + step, 0), list.options.length - 1));
    else (list.form.querySelector("[data-key=a]") || list).focus();
  });
})();
