// The question stands in the header, under the buttons. A draft of a reason outlives a closed question.
function render({ model, el: root }) {
  root.classList.add("ops-bar");
  const acts = el("div", { class: "ops-acts", role: "group", "aria-label": "Follow-up" });
  const asked = el("div", { class: "ops-asked" });
  const said = el("div", { class: "ops-said", role: "status", tabindex: "-1", ...OWN_KEYS });
  root.append(acts, asked, said);
  const id = `ops-${Math.random().toString(36).slice(2)}`;
  let busy = false, open = null, from = null, draft = "", of = null;
  const state = () => model.get("state");

  // While an act is under way nothing more is sent: the kernel would refuse it, but not before confusing the reader.
  function send(message) {
    if (busy) return;
    busy = true;
    root.setAttribute("aria-busy", "true");
    model.send({ id: state().id, seen: state().seen, ...message });
  }
  function dismiss() {
    busy = false;
    from = open;
    send({ type: "dismiss" });
  }

  function actButton(item, i) {
    const why = item.refused ? el("span", { id: `${id}-${i}`, class: "ops-aside" }, ...zoned(item.refused)) : "";
    const control = button(item.label, () => { if (item.refused) { said.replaceChildren(...zoned(item.refused)); } else { from = item.act; send({ type: "ask", act: item.act }); } }, {
      class: `ops-button${item.danger ? " ops-danger" : ""}`, "data-act": item.act, title: zonedText(item.refused) || null,
      "aria-disabled": item.refused ? "true" : null, "aria-describedby": item.refused ? `${id}-${i}` : null });
    return [control, why];
  }

  function reasonField(ask, submit) {
    const [least, most] = ask.reason;
    const count = el("span", { class: "ops-num ops-quiet" });
    const error = el("div", { id: `${id}-error`, class: "ops-wrong", role: "alert" });
    const input = el("input", { type: "text", ...OWN_KEYS, id: `${id}-reason`, value: draft, autocomplete: "off", required: true,
      "aria-describedby": `${id}-error`, placeholder: `Why it needs nobody any more, ${least} to ${most} characters` });
    const wrong = (text) => { error.textContent = text; input.setAttribute("aria-invalid", String(Boolean(text))); };
    const measure = () => {
      draft = input.value;
      const length = [...draft.trim()].length;
      count.textContent = `${length} / ${most}`;
      count.classList.toggle("ops-over", length > most);
    };
    input.addEventListener("input", () => { measure(); wrong(""); });
    input.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); submit(input.value); } });
    measure();
    return { nodes: [el("label", { for: input.id, text: "Reason" }), input, count], error, input, wrong };
  }

  function question(ask) {
    const field = ask.reason ? reasonField(ask, (reason) => confirm(reason)) : null;
    const confirm = (reason) => { from = ask.act; send({ type: "confirm", token: ask.token, reason }); };
    const yes = button(ask.confirm, () => confirm(field?.input.value), { class: `ops-button ${ask.danger ? "ops-danger-fill" : "ops-go"}` });
    const no = button("Keep as is", dismiss);
    const text = ask.text ? el("p", { id: `${id}-text` }, ...zoned(ask.text)) : "";
    const box = el("div", { class: "ops-ask", role: "group", "aria-label": `${ask.confirm}?`, "aria-describedby": ask.text ? `${id}-text` : null },
      text, ...(field ? field.nodes : []), yes, no);
    const changed = el("div", { class: "ops-changed", role: "status" });
    asked.replaceChildren(box, ...(field ? [field.error] : []), changed);
    return { ask, changed, told: "", first: field?.input ?? (ask.danger ? no : yes), wrong: field?.wrong };
  }

  let shown = null, last = "";
  function paint() {
    const now = state();
    busy = false;
    root.removeAttribute("aria-busy");
    if (now.id !== of) { of = now.id; draft = ""; }
    // Only an answer moves the focus; a refresh finds it where it is.
    const answer = JSON.stringify([now.said, now.ask?.error]), answered = answer !== last;
    last = answer;
    const held = root.contains(document.activeElement), act = document.activeElement?.dataset?.act;
    acts.replaceChildren(...(now.acts ?? []).flatMap(actButton));
    if (!now.ask) { shown = null; asked.replaceChildren(); }
    else if (shown?.ask.token !== now.ask.token) { shown = question(now.ask); shown.first.focus(); }
    // Only what is new is written: a screen reader hears all that is written there.
    if (now.ask && shown.told !== now.ask.changed) { shown.told = now.ask.changed; shown.changed.replaceChildren(...zoned(now.ask.changed)); }
    if (answered && now.ask?.error) { shown.wrong(now.ask.error); shown.first.focus(); }
    said.classList.toggle("ops-bad", Boolean(now.said?.bad));
    if (now.said) { said.replaceChildren(...zoned(now.said.text), ...(now.said.link ? [anchor(model, now.said.link, { class: "ops-link" })] : [])); }
    else said.replaceChildren();
    open = now.ask?.act ?? null;
    if (now.said && !now.said.bad && from === "mark_investigated") draft = "";
    // The focus is never lost: it stays on the act, in the question, or goes to what came of it.
    if (held && !root.contains(document.activeElement)) (acts.querySelector(`[data-act="${act ?? from}"]`) ?? said).focus({ preventScroll: true });
    if (answered && now.said && held && !now.ask) said.focus({ preventScroll: true });
  }

  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !open) return;
    event.preventDefault();
    event.stopPropagation();
    dismiss();
  });
  const elsewhere = (event) => { if (open && open !== "mark_investigated" && !asked.contains(event.target)) dismiss(); };
  document.addEventListener("pointerdown", elsewhere, true);
  model.on("change:state", paint);
  // What was said stays; what a button tells to whoever points at it cannot hold a time of its own.
  const rezone = () => (state().acts ?? []).forEach((item) => { if (item.refused) acts.querySelector(`[data-act="${item.act}"]`).title = zonedText(item.refused); });
  document.addEventListener(ZONE_CHANGED, rezone);
  paint();
  return () => { document.removeEventListener(ZONE_CHANGED, rezone); document.removeEventListener("pointerdown", elsewhere, true); model.off("change:state", paint); };
}

export default { render };
