const FIRST = 3; // cards before somebody asks for all

function plural(count, noun) {
  return `${count.toLocaleString("en-GB")} ${noun}${count === 1 ? "" : "s"}`;
}

function render({ model, el: root }) {
  const told = el("span", { class: "ops-told" }), cards = el("ul", { class: "ops-cards" });
  const all = button("", () => { open = !open; paint(); }, { class: "ops-textual", hidden: true });
  const box = el("section", { class: "ops-groups", "aria-label": "Failure groups" }, el("div", { class: "ops-reading" }, told, all), cards);
  root.append(box);
  let open = false;
  const state = () => model.get("state");

  // What leads to a group leads back where the group is shown already.
  function card(item) {
    const on = item.group === model.get("active"), address = on ? state().all : item;
    const [first, last] = item.last.iso ? [[" · first ", timeOf(item.first, "short")], [" · last ", timeOf(item.last, "ago")]] : [[], []];
    return el("li", {}, anchor(model, { address: address.address, href: address.href }, { class: "ops-card", "aria-current": on ? "true" : null, "data-group": item.group, title: item.error },
      el("span", { class: "ops-what" }, on ? el("i", { "aria-hidden": "true", text: "✓ " }) : "", el("b", { class: "ops-num", dir: "auto", text: `${item.failures.toLocaleString("en-GB")} ×` }), " ", said(item.error, { class: "ops-cause" })),
      el("small", { class: "ops-hit-by" }, said(item.label), el("span", {}, item.tenants ? ` · ${plural(item.tenants, "tenant")}` : "", ...last)),
      el("small", { class: "ops-num" }, on ? el("span", { class: "ops-back-to-all", text: "Show all failures again" }) : item.counts.join(" · "), ...(on ? [] : first))));
  }

  function headline(now) {
    if (!now.found) return [];
    const of = now.cut || plural(now.failures, "failure");
    const until = now.until ? [" to ", timeOf(now.until, "short")] : [];
    return [`${plural(now.found, "group")} of ${of} since `, timeOf(now.since, "short"), ...until, " ", zoneLabel()];
  }

  function paint() {
    const now = state(), found = now.cards ?? [], hidden = found.length > FIRST;
    const focused = cards.contains(document.activeElement) ? document.activeElement.dataset.group : null;
    const chosen = found.findIndex((item) => item.group === model.get("active"));
    const wide = open || chosen >= FIRST;
    told.replaceChildren(...(now.error ? [now.error] : headline(now)));
    all.hidden = !hidden || chosen >= FIRST;
    all.textContent = open ? "Show fewer" : `Show ${now.found > found.length ? "the first" : "all"} ${found.length} groups`;
    all.setAttribute("aria-expanded", String(open));
    cards.classList.toggle("ops-open", wide);
    cards.replaceChildren(...(wide ? found : found.slice(0, FIRST)).map(card));
    if (now.cards && !found.length) cards.append(el("li", { class: "ops-none", text: "No failure in this time." }));
    if (focused) (cards.querySelector(`[data-group="${CSS.escape(focused)}"]`) ?? cards.querySelector("a") ?? all).focus({ preventScroll: true });
  }

  model.on("change:active", paint);
  const undo = follow(model, root, ["state"], paint), undoBusy = followBusy(model, box);
  return () => { undo(); undoBusy(); model.off("change:active", paint); };
}

export default { render };
