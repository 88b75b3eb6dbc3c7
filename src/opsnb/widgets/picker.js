// A filter that opens a box to search in: the combobox pattern, its choices asked of the kernel.
const NONE = -2;

function picker(model, name, label, current, choose) {
  const closed = button("", () => (box.hidden ? open() : close(true)), { class: "ops-chip", "data-filter": name, "aria-haspopup": "listbox", "aria-expanded": "false" });
  closed.append(`${label} `, said(current ? current.text : "any", {}, "b"), el("i", { "aria-hidden": "true", text: "▾" }));
  closed.classList.toggle("ops-on", Boolean(current));
  const id = `ops-${name}-${Math.random().toString(36).slice(2)}`;
  const field = el("input", { type: "text", ...OWN_KEYS, role: "combobox", "aria-label": `${label}: type to narrow`, "aria-controls": id,
    "aria-expanded": "true", "aria-autocomplete": "list", autocomplete: "off", spellcheck: "false", placeholder: "Type to narrow" });
  const list = el("ul", { id, role: "listbox", "aria-label": label });
  const box = el("div", { class: "ops-box", hidden: true }, field, list);
  const root = el("div", { class: "ops-picker" }, closed, box);
  let active = -1, timer = 0;

  const ask = () => model.send({ type: "choices", name, text: field.value });
  const options = () => [...list.querySelectorAll("[role=option]")];
  function open() {
    box.hidden = false; closed.setAttribute("aria-expanded", "true");
    field.value = ""; field.focus(); ask();
  }
  function close(refocus) {
    box.hidden = true; closed.setAttribute("aria-expanded", "false");
    if (refocus) closed.focus();
  }
  function mark(index) {
    const all = options();
    active = all.length && index > -2 ? (index + all.length) % all.length : -1;
    all.forEach((option, i) => option.setAttribute("aria-selected", String(i === active)));
    if (active >= 0) { field.setAttribute("aria-activedescendant", all[active].id); all[active].scrollIntoView({ block: "nearest" }); }
    else field.removeAttribute("aria-activedescendant");
  }
  function take(value) { close(true); choose(value); }
  function paint({ choices, text }) {
    if (text !== field.value) return;
    const found = current && !text ? [{ value: "", text: "any", note: "clear this filter" }, ...choices] : choices;
    list.replaceChildren(...found.map((choice, i) => el("li", { role: "option", id: `${id}-${i}`, onclick: () => take(choice.value) },
      said(choice.text), choice.note ? said(choice.note, {}, "small") : null)));
    if (!found.length) list.append(el("li", { class: "ops-none", text: "Nothing matches" }));
    mark(found.length && text ? 0 : NONE);
  }
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(ask, 120); });
  root.addEventListener("keydown", (event) => {
    if (box.hidden) return;
    const act = { ArrowDown: () => mark(active + 1), ArrowUp: () => mark(active < 0 ? -1 : active - 1), Escape: () => close(true),
      Enter: () => options()[active]?.click() }[event.key];
    if (act) { event.preventDefault(); event.stopPropagation(); act(); }
  });
  root.addEventListener("focusout", (event) => { if (!root.contains(event.relatedTarget)) close(false); });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  return { root, name, paint };
}
