function eventItem(model, event) {
  const at = event.at.iso ? timeOf(event.at, "short") : el("span", { class: "ops-when", text: "unknown time" });
  return el("li", { class: `ops-${event.kind}` }, at, el("span", {}, said(event.text), event.link ? anchor(model, event.link, { class: "ops-link" }) : "", event.rest ? said(event.rest) : ""));
}

function fact(item) {
  const value = item.text !== undefined ? [said(item.text)]
    : [timeOf(item, "full", { class: "ops-num" }), " ", el("span", { class: "ops-quiet", text: item.ago })];
  return [el("dt", { text: item.name }), el("dd", {}, ...value, item.note ? el("span", { class: "ops-quiet ops-num", text: ` ${item.note}` }) : "")];
}

// Branches fill when they are first opened: a context can hold thousands of values. `unfolded` knows which a reader opened or closed.
function node(item, open, unfolded, path) {
  const key = said(item.k, { class: "ops-key" });
  if (!item.c) return el("li", { class: `ops-leaf ops-v-${item.t}` }, item.k ? key : "", said(item.t === "text" ? JSON.stringify(item.v).slice(1, -1) : item.v, { class: "ops-value" }),
    item.t === "masked" ? el("small", { text: "masked" }) : "");
  const list = el("ul"), own = JSON.stringify([path, item.k]);
  const fill = () => { if (!list.children.length) list.append(...item.c.map((child) => node(child, false, unfolded, own))); };
  const summary = el("summary", OWN_KEYS, item.k ? key : "", el("small", { text: item.v }));
  const details = el("details", { open: unfolded.get(own) ?? open, ontoggle: () => { unfolded.set(own, details.open); if (details.open) fill(); } }, summary, list);
  if (details.open) fill();
  return el("li", {}, details);
}

function contextOf(context, unfolded) {
  if (!context.tree) return el("pre", { class: "ops-context" }, said(context.text));
  const top = context.tree;
  if (!top.c || !top.c.length) return el("p", { class: "ops-quiet", text: "The worker left no context." });
  const first = (item) => item.k === "error" || top.c.length === 1 || (item.c && item.c.length <= 6);
  return el("ul", { class: "ops-context ops-tree" }, ...top.c.map((item) => node(item, Boolean(item.c) && first(item), unfolded, "")));
}

function section(title, ...content) {
  return el("section", {}, el("h2", {}, ...[title].flat()), ...content);
}

function part(title, items, error, make) {
  if (error) return section(title, alertBox(error));
  return items.length ? section(title, make(items)) : "";
}

function render({ model, el: root }) {
  const live = el("div", { class: "ops-aside", role: "status" });
  const ways = el("div", { class: "ops-ways ops-fresh" }), alert = el("div"), title = el("div"), rest = el("div"), slot = el("div", { class: "ops-slot" });
  const head = el("header", { class: "ops-page" }, title, el("span", { class: "ops-spacer" }), slot);
  const page = el("article", {}, ways, alert, head, rest);
  root.append(page, live);
  const verdict = el("div"), mark = el("div"), timeline = el("div"), context = el("section"), facts = el("div"), relatives = el("div"), after = el("div", { class: "ops-after" });
  const whole = [verdict, mark, el("div", { class: "ops-cols" }, el("div", {}, timeline, context), el("div", {}, facts, after, relatives))];
  let shown = null, slow = 0, drawn = 0, painted = {}, unfolded = new Map();
  const ahead = foreseen(model, root, () => paint());
  const state = () => ahead.now()?.state ?? model.get("state");
  const copy = button("Copy", () => model.send({ type: "copy" }), { class: "ops-textual", "aria-label": "Copy the context as JSON" });
  function wait() {
    slow = setTimeout(() => root.setAttribute("aria-busy", "true"), 150);
  }
  function refresh() {
    wait();
    go(model, state().address);
  }

  const freshness = refresher(model, root, { again: refresh, still: () => (slot.querySelector(".ops-ask") ? "a question is open" : ""), say });
  const links = el("span", { class: "ops-links" }), python = copyAsPython(model, say), frozen = evidence(model, say);
  ways.append(links, el("span", { class: "ops-spacer" }), ...freshness.nodes, python, freshness.banner);
  ways.after(frozen.saved);

  function say(text) { live.textContent = text; }
  function done() { clearTimeout(slow); root.removeAttribute("aria-busy"); }

  function heading(now) {
    const line = el("div", { class: "ops-line" }, el("span", { class: "ops-id", text: `Operation #${now.id}` }), badge(now.status), badge(now.outcome));
    return [el("h1", { tabindex: "-1", ...OWN_KEYS }, said(now.label)), line];
  }

  // The triage bar is a widget of its own, and there only for somebody who may act.
  async function placeBar() {
    const reference = model.get("bar");
    if (!reference) return slot.replaceChildren();
    return slot.replaceChildren((await viewOf(model, reference)).el);
  }
  async function placeHistory() {
    after.replaceChildren((await viewOf(model, model.get("history"))).el);
  }

  function lineage(items) {
    return el("dl", {}, ...items.flatMap((item) => [el("dt", { text: item.role }),
      el("dd", {}, item.link ? anchor(model, item.link, { class: "ops-link ops-num" }) : el("span", { class: "ops-num", text: item.id }), " ", badge(item.badge))]));
  }

  // What has not changed is not touched: a selection, what was scrolled and what was unfolded stay.
  function paintPart(box, data, make) {
    const told = JSON.stringify(data), name = boxes.indexOf(box);
    if (painted[name] === told) return;
    painted[name] = told;
    box.replaceChildren(...[make(data)].flat());
  }
  const boxes = [links, title, verdict, mark, timeline, context, facts, relatives];

  function paintContext(data) {
    // Of another operation nothing is kept; to ask how far it is scrolled would lay the page out once more.
    const known = painted[boxes.indexOf(context)], scrolled = known && known !== JSON.stringify(data) ? context.querySelector(".ops-context")?.scrollTop ?? 0 : 0;
    paintPart(context, data, () => [el("div", { class: "ops-headline" }, el("h2", { text: "Context" }), el("span", { class: "ops-spacer" }), copy), contextOf(data, unfolded)]);
    const box = context.querySelector(".ops-context");
    if (box && scrolled) box.scrollTop = scrolled;
  }

  // First what answers the click: which operation it is, how it stands and its facts. The rest comes into its place a frame later.
  function paintWhole(now) {
    paintPart(title, [now.id, now.label, now.status, now.outcome], () => heading(now));
    paintPart(verdict, now.verdict, (v) => (v ? el("div", { class: `ops-verdict ops-${v.kind}` }, said(v.head, {}, "b"), el("div", { text: v.text })) : ""));
    paintPart(mark, now.mark, (m) => (m ? el("div", { class: "ops-verdict ops-success" }, said(m.by), ...(m.at ? [" at ", timeOf(m.at, "full")] : []), ": ", said(m.reason)) : ""));
    paintPart(facts, now.facts, (items) => section("Facts", el("dl", {}, ...items.flatMap(fact))));
    if (shown?.id === now.id) return paintRest(now);
    for (const box of [timeline, context, relatives]) box.replaceChildren();
    after.classList.add("ops-unseen");
    return afterPaint(() => { if (!head.hidden) paintRest(state()); });
  }

  function paintRest(now) {
    after.classList.toggle("ops-unseen", Boolean(ahead.now())); // it comes with the answer
    paintPart(timeline, now.timeline, ({ items, error }) => part(["Timeline, ", zoneLabel()], items, error, () => el("ol", { class: "ops-time" }, ...items.map((item) => eventItem(model, item)))));
    paintContext(now.context);
    paintPart(relatives, now.lineage, ({ items, error }) => part("Lineage", items, error, lineage));
  }

  function missing(now) {
    return [el("div", { class: "ops-empty" }, el("h1", { tabindex: "-1", ...OWN_KEYS, text: `Operation #${now.id} is not here` }), el("p", { text: now.missing }), anchor(model, now.back, { class: "ops-button" }))];
  }

  function paint() {
    done();
    const now = state(), asked = now.read !== drawn, same = shown?.id === now.id;
    page.hidden = !now.id;
    if (!now.id) return rest.replaceChildren();
    if (!same) { painted = {}; unfolded = new Map(); frozen.forget(); }
    const focus = page.contains(document.activeElement) && !slot.contains(document.activeElement) ? document.activeElement.textContent : null;
    paintPart(links, [now.back, now.runbooks], () => [anchor(model, now.back, { class: "ops-link ops-back" }), anchor(model, now.runbooks, { class: "ops-link" })]);
    alert.replaceChildren(now.error ? alertBox(now.error, refresh) : "");
    head.hidden = now.label === undefined;
    // What is read ahead is for looking at: what is done with an operation waits for its answer.
    slot.hidden = Boolean(ahead.now());
    python.hidden = head.hidden || slot.hidden;
    if (!now.freezes || head.hidden) frozen.control.remove();
    else if (frozen.control.parentNode !== ways) python.before(frozen.control);
    if (!head.hidden) paintWhole(now);
    const shows = now.missing ? missing(now) : head.hidden ? [] : whole;
    if (shows !== whole || rest.firstChild !== verdict) rest.replaceChildren(...shows);
    if (ahead.now() || (!same && !root.hidden)) land();
    if (focus !== null) restore(focus);
    if (same && !shown.early) tell(now, asked);
    if (ahead.now()) { freshness.showing(ahead.now().as_of); wait(); }
    shown = { id: now.id, state: [now.status, now.outcome], early: Boolean(ahead.now()) };
    drawn = now.read;
    return undefined;
  }

  // Heard when a reader asked, and when the operation went on; not at every refresh.
  function tell(now, asked) {
    if (asked) say(now.error || "Refreshed");
    else if (now.status && JSON.stringify(shown.state) !== JSON.stringify([now.status, now.outcome])) say(`Operation #${now.id}: ${now.status.text}, ${now.outcome.text}`);
  }

  // The focus stays where it was, on what has the same text if it was made anew.
  function restore(text) {
    if (page.contains(document.activeElement)) return;
    const again = [...page.querySelectorAll("button, a, summary, h1")].find((control) => control.textContent === text);
    (again ?? page.querySelector("h1"))?.focus({ preventScroll: true });
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
  const message = (content, buffers) => {
    if (content.type === "copied") {
      copyFrom(copy, content.text, say);
    }
    if (content.type === "evidence" && content.id === state().id) frozen.take(content, buffers);
    if (content.type === "failed") { done(); frozen.rest(); alert.replaceChildren(alertBox(content.message, refresh)); }
  };
  const arrived = () => { if (model.get("shown") && state().id && !page.contains(document.activeElement)) land(); };
  model.on("msg:custom", message);
  model.on("change:bar", placeBar);
  model.on("change:fresh", done);
  placeBar();
  placeHistory();
  const undo = follow(model, root, ["state", "turn"], paint);
  model.on("change:shown", arrived);
  // A part that is made for a click stands in the page only after this, and by then the row that was clicked has lost the focus.
  if (document.activeElement?.closest(".opsnb-console")) afterPaint(arrived);
  return () => { undo(); ahead.stop(); freshness.stop(); model.off("change:fresh", done); model.off("msg:custom", message); model.off("change:bar", placeBar); model.off("change:shown", arrived); };
}

export default { render: once(render) };
