// A time as the axis and the bars tell it, in the zone that the reader chose.
function partsAt(iso) {
  return partsOf(new Date(iso), inOwnZone() ? undefined : "UTC");
}

function dayOf(iso) {
  const p = partsAt(iso);
  return `${p.day} ${MONTHS[p.month - 1]}`;
}

function hourOf(iso) {
  const p = partsAt(iso);
  return `${p.hour}:${p.minute}`;
}

const dateOf = (iso) => dayOf(iso) + partsAt(iso).year;

// "13:00–14:00 UTC" of today, "22 Nov 13:00–14:00 UTC" of any other day, "22 Nov (UTC)" of a whole one.
function spanOf(bar, state) {
  const zone = zoneName(new Date(bar.start)), day = dateOf(bar.start) === dateOf(state.now) ? "" : `${dayOf(bar.start)} `;
  const within = Date.parse(bar.end) - Date.parse(bar.start) <= 36e5;
  if (within) return `${day}${hourOf(bar.start)}–${hourOf(bar.end)} ${zone}`;
  if (hourOf(bar.start) === "00:00" && hourOf(bar.end) === "00:00") return `${dayOf(bar.start)}, ${zone}`;
  return `${dayOf(bar.start)} ${hourOf(bar.start)}–${dayOf(bar.end)} ${hourOf(bar.end)} ${zone}`;
}

function countsOf(bar, kinds) {
  const told = kinds.filter(({ name }) => bar.counts[name]).map(({ name, text }) => `${number(bar.counts[name])} ${text}`);
  return told.join(", ") || "nothing";
}

// A label at the left end, then at every sixth hour or at every seventh day, and "now" at the right end where the chart reaches it.
function labels(state) {
  const { bars, every } = state, step = every === "hour" ? 6 : Math.max(1, Math.round(bars.length / 5));
  const open = Date.parse(state.until) > Date.parse(state.now);
  const first = every === "hour" ? `${dateOf(bars[0].start) === dateOf(state.now) ? "" : `${dayOf(bars[0].start)} `}${hourOf(bars[0].start)}` : dayOf(bars[0].start);
  const found = [{ at: 0, text: first }];
  bars.forEach((bar, i) => {
    const at = i / bars.length, due = every === "hour" ? Number(partsAt(bar.start).hour) % step === 0 : i % step === 0;
    if (due && at > 0.14 && at < 0.88) found.push({ at, text: every === "hour" ? hourOf(bar.start) : dayOf(bar.start) });
  });
  return [...found, { at: 1, text: open ? (every === "hour" ? "now" : "today") : every === "hour" ? hourOf(state.until) : dayOf(bars.at(-1).start) }];
}

function legend(kinds) {
  return kinds.map(({ name, text }) => el("span", { class: "ops-kind" }, el("i", { class: `ops-swatch ops-is-${name}`, "aria-hidden": "true" }), text));
}

function total(bar) {
  return Object.values(bar.counts).reduce((sum, count) => sum + count, 0);
}

function render({ model, el: root }) {
  const told = el("span", { class: "ops-told" }), keys = el("span", { class: "ops-kinds" }), axis = el("div", { class: "ops-axis", "aria-hidden": "true" });
  const line = el("div", { class: "ops-reading" }, told, keys), none = el("div", { class: "ops-nothing" });
  const state = () => model.get("state"), kinds = () => state().kinds ?? [];
  const heads = () => [`Created, ${zoneName()}`, ...kinds().map(({ text }) => text), "all"];
  const lines = () => (state().bars ?? []).map((bar) => [anchor(model, { ...bar, label: spanOf(bar, state()) }, { class: "ops-link", "aria-current": bar.marked ? "true" : null }),
    ...kinds().map(({ name }) => number(bar.counts[name] ?? 0)), number(total(bar))]);
  const chart = barChart(model, "Operations by time and outcome", tell), table = asTable("Operations by time and outcome", heads, lines);
  const box = el("section", { class: "ops-activity", "aria-label": "Activity" }, line, none, chart.root, axis, table.node);
  root.append(box);

  function tell(bar) {
    const now = state();
    if (!now.bars) { told.textContent = ""; return; }
    told.textContent = bar ? bar.label : now.error || `${now.name}: ${number(now.total)} since ${dayOf(now.since)} ${hourOf(now.since)} ${zoneName(new Date(now.since))}`;
  }

  function paint() {
    const now = state(), bars = now.total ? now.bars : [], most = Math.max(1, ...bars.map(total));
    none.textContent = now.bars ? (now.total ? "" : "No operation was created in this time.") : now.error || "";
    for (const node of [chart.root, table.node]) node.toggleAttribute("hidden", !bars.length);
    keys.replaceChildren(...legend(kinds()));
    axis.replaceChildren(...(bars.length ? labels(now).map(({ at, text }) => el("span", { style: `left: ${at * 100}%`, text })) : []));
    chart.paint(bars.map((bar) => ({ key: bar.start, label: `${spanOf(bar, now)}: ${countsOf(bar, now.kinds)}`, parts: stacked(bar.counts, most), link: bar, marked: bar.marked })));
    table.paint();
  }

  document.addEventListener(ZONE_CHANGED, paint);
  const undo = follow(model, root, ["state"], paint), undoBusy = followBusy(model, box);
  return () => { undo(); undoBusy(); document.removeEventListener(ZONE_CHANGED, paint); };
}

export default { render };
