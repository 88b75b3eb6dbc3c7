function eventItem(model, event) {
  const at = event.at.iso ? timeOf(event.at, "short") : el("span", { class: "ops-when", text: "unknown time" });
  return el("li", { class: `ops-${event.kind}` }, at, el("span", {}, said(event.text), event.link ? anchor(model, event.link, { class: "ops-link" }) : "", event.rest ? said(event.rest) : ""));
}

function fact(item) {
  const value = item.text !== undefined ? [said(item.text)]
    : [timeOf(item, "full", { class: "ops-num" }), " ", el("span", { class: "ops-quiet", text: item.ago })];
  return [el("dt", { text: item.name }), el("dd", {}, ...value, item.note ? el("span", { class: "ops-quiet ops-num", text: ` ${item.note}` }) : "")];
}

// Branches fill when they are first opened: a context can hold thousands of values.
function node(item, open) {
  const key = said(item.k, { class: "ops-key" });
  if (!item.c) return el("li", { class: `ops-leaf ops-v-${item.t}` }, item.k ? key : "", said(item.t === "text" ? JSON.stringify(item.v).slice(1, -1) : item.v, { class: "ops-value" }),
    item.t === "masked" ? el("small", { text: "masked" }) : "");
  const list = el("ul");
  const fill = () => { if (!list.children.length) list.append(...item.c.map((child) => node(child, false))); };
  const summary = el("summary", OWN_KEYS, item.k ? key : "", el("small", { text: item.v }));
  const details = el("details", { open, ontoggle: () => details.open && fill() }, summary, list);
  if (open) fill();
  return el("li", {}, details);
}

function contextOf(model, context) {
  if (!context.tree) return el("pre", { class: "ops-context" }, said(context.text));
  const top = context.tree;
  if (!top.c || !top.c.length) return el("p", { class: "ops-quiet", text: "The worker left no context." });
  const first = (item) => item.k === "error" || top.c.length === 1 || (item.c && item.c.length <= 6);
  return el("ul", { class: "ops-context ops-tree" }, ...top.c.map((item) => node(item, Boolean(item.c) && first(item))));
}

function section(title, ...content) {
  return el("section", {}, el("h2", {}, ...[title].flat()), ...content);
}

function part(title, items, error, make) {
  if (error) return section(title, alertBox(error));
  return items.length ? section(title, make(items)) : "";
}

async function copyText(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* no permission, or no https: the old way */ }
  const area = el("textarea", { class: "ops-away", text });
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  return done;
}

function render({ model, el: root }) {
  const live = el("div", { class: "ops-aside", role: "status" });
  const ways = el("div"), alert = el("div"), title = el("div"), rest = el("div"), slot = el("div", { class: "ops-slot" });
  const head = el("header", { class: "ops-page" }, title, el("span", { class: "ops-spacer" }), slot);
  const page = el("article", {}, ways, alert, head, rest);
  root.append(page, live);
  let shown = null, slow = 0;
  const state = () => model.get("state");
  const copy = button("Copy", () => model.send({ type: "copy" }), { class: "ops-textual", "aria-label": "Copy the context as JSON" });
  function refresh() {
    slow = setTimeout(() => root.setAttribute("aria-busy", "true"), 150);
    go(model, state().address);
  }

  function top(now) {
    const asOf = now.as_of ? [el("span", { class: "ops-quiet ops-num", text: `as of ${now.as_of}` })] : [];
    return el("div", { class: "ops-ways" }, anchor(model, now.back, { class: "ops-link ops-back" }), anchor(model, now.runbooks, { class: "ops-link" }),
      el("span", { class: "ops-spacer" }), ...asOf, button("Refresh", refresh, { class: "ops-textual" }));
  }

  function heading(now) {
    const line = el("div", { class: "ops-line" }, el("span", { class: "ops-id", text: `Operation #${now.id}` }), badge(now.status), badge(now.outcome));
    return [el("h1", { tabindex: "-1", ...OWN_KEYS }, said(now.label)), line];
  }

  // The triage bar is a widget of its own, and there only for somebody who may act.
  async function placeBar() {
    const reference = model.get("bar");
    if (!reference) return slot.replaceChildren();
    const child = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
    const view = await model.widget_manager.create_view(child);
    return slot.replaceChildren(view.el);
  }

  function lineage(items) {
    return el("dl", {}, ...items.flatMap((item) => [el("dt", { text: item.role }),
      el("dd", {}, item.link ? anchor(model, item.link, { class: "ops-link ops-num" }) : el("span", { class: "ops-num", text: item.id }), " ", badge(item.badge))]));
  }

  function whole(now) {
    const verdict = now.verdict ? el("div", { class: `ops-verdict ops-${now.verdict.kind}` }, said(now.verdict.head, {}, "b"), el("div", { text: now.verdict.text })) : "";
    const left = el("div", {}, part(["Timeline, ", zoneLabel()], now.timeline.items, now.timeline.error, (items) => el("ol", { class: "ops-time" }, ...items.map((item) => eventItem(model, item)))),
      el("section", {}, el("div", { class: "ops-headline" }, el("h2", { text: "Context" }), el("span", { class: "ops-spacer" }), copy), contextOf(model, now.context)));
    const right = el("div", {}, section("Facts", el("dl", {}, ...now.facts.flatMap(fact))), part("Lineage", now.lineage.items, now.lineage.error, lineage), el("div", { class: "ops-after" }));
    const mark = now.mark ? el("div", { class: "ops-verdict ops-success" }, said(now.mark)) : "";
    return [verdict, mark, el("div", { class: "ops-cols" }, left, right)];
  }

  function missing(now) {
    return [el("div", { class: "ops-empty" }, el("h1", { tabindex: "-1", ...OWN_KEYS, text: `Operation #${now.id} is not here` }), el("p", { text: now.missing }), anchor(model, now.back, { class: "ops-button" }))];
  }

  function paint() {
    clearTimeout(slow);
    root.removeAttribute("aria-busy");
    const now = state();
    page.hidden = !now.id;
    if (!now.id) return rest.replaceChildren();
    const again = shown === now.id ? opened() : null;
    ways.replaceChildren(top(now));
    alert.replaceChildren(now.error ? alertBox(now.error, refresh) : "");
    head.hidden = now.label === undefined;
    title.replaceChildren(...(head.hidden ? [] : heading(now)));
    rest.replaceChildren(...(now.missing ? missing(now) : head.hidden ? [] : whole(now)));
    if (again) restore(again);
    else if (model.get("shown")) land();
    if (shown === now.id) live.textContent = now.error || `Refreshed, as of ${now.as_of}`;
    shown = now.id;
    return undefined;
  }

  // A refresh leaves open what was open, and the focus where it was.
  function opened() {
    const names = (details) => [...details.querySelectorAll(":scope > summary .ops-key")].map((key) => key.textContent).join();
    const own = page.contains(document.activeElement) && !slot.contains(document.activeElement);
    const within = own ? document.activeElement.textContent : null;
    return { open: [...page.querySelectorAll("details")].map((d) => [names(d), d.open]), within };
  }
  function restore({ open, within }) {
    const was = new Map(open);
    for (const details of page.querySelectorAll(".ops-tree > li > details")) {
      const name = details.querySelector(".ops-key")?.textContent ?? "";
      if (was.has(name)) details.open = was.get(name);
    }
    if (within === null) return;
    const same = [...page.querySelectorAll("button, a, summary, h1")].find((control) => control.textContent === within);
    (same ?? page.querySelector("h1"))?.focus({ preventScroll: true });
  }
  function land() {
    const heading = page.querySelector("h1") ?? page.querySelector("a");
    heading?.focus({ preventScroll: true });
    root.closest(".opsnb-console")?.scrollIntoView({ block: "nearest" });
  }

  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented) return;
    event.stopPropagation();
    model.send({ type: "back" });
  });
  const message = async (content) => {
    if (content.type === "copied") {
      const done = await copyText(content.text);
      copy.textContent = done ? "Copied" : "Copying was refused by the browser";
      live.textContent = copy.textContent;
      setTimeout(() => { copy.textContent = "Copy"; }, 2000);
    }
    if (content.type === "failed") { clearTimeout(slow); root.removeAttribute("aria-busy"); alert.replaceChildren(alertBox(content.message, refresh)); }
  };
  const arrived = () => { if (model.get("shown") && state().id) land(); };
  model.on("msg:custom", message);
  model.on("change:bar", placeBar);
  placeBar();
  const undo = follow(model, root, ["state", "turn"], paint);
  model.on("change:shown", arrived);
  return () => { undo(); model.off("msg:custom", message); model.off("change:bar", placeBar); model.off("change:shown", arrived); };
}

export default { render };
