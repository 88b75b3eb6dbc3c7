// Bars that lead somewhere: one stop in the tab order, arrows from bar to bar, and what a bar says is told in a line and in a table too.
const SVG = "http://www.w3.org/2000/svg", HEIGHT = 52, LEAST = 2;
// From the bottom up. What failed lies on top, and what is not over yet is hollow.
const LAYERS = ["succeeded", "other", "queued", "running", "partially_succeeded", "blocked", "failed"];

function svg(tag, props = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// Not by colour alone: what is neither good nor bad is hatched, each kind in its own way.
const HATCHES = { partially_succeeded: "M0 4L4 0M-1 1L1 -1M3 5L5 3", blocked: "M0 0L4 4M0 4L4 0" };

function hatches(id) {
  return svg("defs", {}, ...Object.entries(HATCHES).map(([kind, d]) =>
    svg("pattern", { id: id + kind, width: 4, height: 4, patternUnits: "userSpaceOnUse" }, svg("path", { d, class: "ops-hatch" }))));
}

// `tell` is called with the bar that is pointed at or has the focus, and with null when there is none. A bar has `key`, `label`,
// `parts` of [kind, pixels], `link`, and may be `marked`.
function barChart(model, label, tell) {
  const pattern = `ops-${Math.random().toString(36).slice(2)}`;
  const root = svg("svg", { class: "ops-bars", role: "group", "aria-label": label, height: HEIGHT + 4 });
  let shown = [], at = "";
  const links = () => [...root.querySelectorAll("a")];
  const of = (target) => shown.find((bar) => bar.key === target?.closest?.("a")?.dataset.key) ?? null;

  function column(bar, index, count) {
    const place = 100 / count, gap = Math.min(0.15, 0.02 + 0.0015 * count), x = `${index * place}%`, inside = { x: `${(index + gap / 2) * place}%`, width: `${place * (1 - gap)}%` };
    let y = HEIGHT + 2;
    const parts = bar.parts.map(([kind, size]) => {
      y -= size;
      return svg("rect", { ...inside, y, height: Math.max(1, size - 1), class: `ops-part ops-is-${kind}`, fill: HATCHES[kind] ? `url(#${pattern}${kind})` : null });
    });
    const hit = svg("rect", { x, width: `${place}%`, y: 1, height: HEIGHT + 2, rx: 2, class: "ops-hit" });
    return svg("a", { href: bar.link.href, "data-key": bar.key, ...OWN_KEYS, tabindex: -1, "aria-label": bar.label, "aria-current": bar.marked ? "true" : null,
      onclick: followed(model, bar.link.address) }, hit, ...parts);
  }

  // What was pointed at, and what has the focus, stays so.
  function paint(bars) {
    const focused = of(document.activeElement)?.key;
    shown = bars;
    root.classList.toggle("ops-chosen", bars.some((bar) => bar.marked));
    root.replaceChildren(hatches(pattern), ...bars.map((bar, i) => column(bar, i, bars.length)));
    const all = links();
    (all.find((link) => link.dataset.key === at) ?? all.find((link) => link.hasAttribute("aria-current")) ?? all.at(-1))?.setAttribute("tabindex", "0");
    if (focused) (all.find((link) => link.dataset.key === focused) ?? all.at(-1))?.focus({ preventScroll: true });
    tell(of(root.querySelector("a:hover")) ?? of(document.activeElement));
  }

  function visit(index) {
    const all = links(), to = all[Math.max(0, Math.min(all.length - 1, index))];
    all.forEach((link) => link.setAttribute("tabindex", link === to ? "0" : "-1"));
    to?.focus({ preventScroll: true });
  }
  root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const all = links(), here = all.indexOf(document.activeElement);
    const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); event.stopPropagation(); visit(to); }
  });
  root.addEventListener("focusin", (event) => { at = of(event.target)?.key ?? at; tell(of(event.target)); });
  root.addEventListener("focusout", () => tell(null));
  root.addEventListener("pointerover", (event) => tell(of(event.target)));
  root.addEventListener("pointerleave", () => tell(of(document.activeElement)));
  return { root, paint };
}

// Counts as heights: the highest bar fills the chart, and even one operation among thousands is seen.
function stacked(counts, most) {
  return LAYERS.filter((kind) => counts[kind]).map((kind) => [kind, Math.max(LEAST + 1, Math.round(HEIGHT * counts[kind] / most))]);
}

function number(value) {
  return value.toLocaleString("en-GB");
}

// The same as a table, for whoever would rather read it; its first cells lead where the bars lead. It is made once it is opened:
// `heads` gives its column heads, `lines` its rows.
function asTable(caption, heads, lines) {
  const body = el("tbody"), head = el("tr");
  const table = el("table", { class: "ops-figures" }, el("caption", { class: "ops-aside", text: caption }), el("thead", {}, head), body);
  const node = el("details", { class: "ops-shown", ontoggle: () => paint() }, el("summary", { ...OWN_KEYS, text: "Show as table" }), el("div", { class: "ops-scroll" }, table));
  const row = ([first, ...cells]) => el("tr", {}, el("th", { scope: "row" }, first), ...cells.map((text) => el("td", {}, text)));
  function paint() {
    const focused = [...body.rows].findIndex((tr) => tr.contains(document.activeElement));
    head.replaceChildren(...(node.open ? heads() : []).map((text) => el("th", { scope: "col", text })));
    body.replaceChildren(...(node.open ? lines() : []).map(row));
    if (focused >= 0) (body.rows[focused]?.querySelector("a") ?? node.firstChild).focus({ preventScroll: true });
  }
  return { node, paint };
}
