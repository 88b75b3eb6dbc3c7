const TIMES = [["", "any time"], ["1h", "1 hour"], ["24h", "24 hours"], ["7d", "7 days"], ["30d", "30 days"]];
const STATUSES = [["", "any"], ["queued", "Queued"], ["running", "Running"], ["completed", "Completed"]];
const OUTCOMES = [["", "any"], ["pending", "Pending"], ["succeeded", "Succeeded"], ["partially_succeeded", "Partially succeeded"],
  ["blocked", "Blocked"], ["failed", "Failed"]];
const LOOKING = 100; // ms after a page is drawn: then the next one is read ahead
const PICKERS = [["workspace", "Workspace"], ["tenant", "Tenant"], ["type", "Type"], ["initiator", "Initiator"]];

function addressWith(state, changes) {
  const query = new URLSearchParams();
  for (const [name, filter] of Object.entries(state.filters)) query.set(name, filter.value);
  for (const [name, value] of Object.entries(changes)) value ? query.set(name, value) : query.delete(name);
  return query.size ? `${state.root}?${query}` : state.root;
}

function shownText({ text, when }) {
  return when ? `${told(when, "minute")} ${zoneName(new Date(when.iso))}` : text;
}

function chooser(label, name, options, state, choose) {
  const set = state.filters[name]?.value ?? "";
  const all = options.some(([value]) => value === set) ? options : [...options, [set, shownText(state.filters[name])]];
  const select = el("select", { ...OWN_KEYS, "data-filter": name, "aria-label": label, onchange: (event) => choose(name, event.target.value) },
    ...all.map(([value, text]) => el("option", { value, selected: value === set }, text)));
  return el("label", { class: `ops-chip${set ? " ops-on" : ""}` }, `${label} `, select);
}

// A filter that is set elsewhere than here: a click takes it away.
function removable(label, filter, remove) {
  const chip = button(label, remove, { class: "ops-chip ops-on", title: "Remove this filter" });
  chip.append(said(shownText(filter), {}, "b"), el("i", { "aria-hidden": "true", text: "✕" }), el("span", { class: "ops-aside", text: "; remove this filter" }));
  return chip;
}

// Offered where failures are listed, and wherever an address asks for it, so that it can be taken back.
function unhandledSwitch(state, choose) {
  const on = state.filters.unhandled?.value === "true";
  if (state.page !== "failures" && !on) return [];
  return [el("button", { type: "button", ...OWN_KEYS, class: `ops-chip${on ? " ops-on" : ""}`, "data-filter": "unhandled", "aria-pressed": String(on),
    title: "Leave out what was investigated and what was retried with success", onclick: () => choose("unhandled", on ? "" : "true") },
    on ? el("i", { "aria-hidden": "true", text: "✓" }) : "", "Unhandled only")];
}

function render({ model, el: root }) {
  const head = el("header", { class: "ops-page" });
  const alert = el("div");
  const before = el("div", { class: "ops-before" }, el("div"), el("div"));
  const filters = el("div", { class: "ops-filters", role: "search", "aria-label": "Filter operations" });
  const meta = el("div", { class: "ops-meta ops-fresh" });
  const note = el("p", { class: "ops-note ops-quiet", hidden: true });
  const pages = sheets();
  const empty = el("div", { class: "ops-empty", hidden: true });
  const pager = el("nav", { class: "ops-pager", "aria-label": "Pages" });
  const live = el("div", { class: "ops-aside", role: "status" });
  root.append(head, alert, before, filters, meta, note, pages.root, empty, pager, live);
  const next = foresee(model, pages.root);
  const counted = el("span"), news = button("", () => visit(state().address, 0), { class: "ops-textual ops-news", hidden: true });
  let pickers = [], painted = "", landing = null, asked = null, opened = null, slow = 0, drawn = 0, announced = "", ahead = null, early = null, looking = 0;
  const state = () => model.get("state");
  const say = (text) => { live.textContent = text; };
  const freshness = refresher(model, root, { again: () => visit(state().address), held, say }), python = copyAsPython(model, say);
  meta.append(counted, news, el("span", { class: "ops-spacer" }), ...freshness.nodes, python, freshness.banner);

  function busy(on) {
    clearTimeout(slow);
    root.removeAttribute("aria-busy");
    if (on) slow = setTimeout(() => root.setAttribute("aria-busy", "true"), 150);
  }
  function visit(address, landOn = null) {
    if (!address) return;
    landing = landOn; asked = address; busy(true); go(model, address);
    if (ahead?.address === address && landing === 0 && early !== address) paintAhead();
  }
  // Whoever sets a second filter before the first one's answer is there means both.
  function wanted() {
    if (asked === null) return state();
    const query = [...new URLSearchParams(asked.split("?")[1] ?? "")].filter(([name]) => !["after", "before"].includes(name));
    return { root: asked.split("?")[0], filters: Object.fromEntries(query.map(([name, value]) => [name, { value }])) };
  }
  const choose = (name, value) => visit(addressWith(wanted(), name === "since" ? { since: value, until: "" } : { [name]: value }), `filter:${name}`);

  function paintFilters(now) {
    const mine = JSON.stringify([now.root, now.filters]);
    if (mine === painted) return;
    painted = mine;
    const search = el("input", { type: "search", ...OWN_KEYS, class: "ops-search", "data-filter": "search", "aria-label": "Find an operation",
      placeholder: "Operation #, tenant, initiator, type", value: now.filters.search?.value ?? "", autocomplete: "off", spellcheck: "false", maxlength: "500" });
    let timer = 0;
    const differs = (from) => search.value.trim() !== (from.filters.search?.value ?? "");
    const find = (landOn) => {
      clearTimeout(timer);
      const address = addressWith(wanted(), { search: search.value.trim() });
      if (asked === address) landing = landOn; // its answer is on its way: a second one would take the focus off its rows
      else if (differs(wanted())) visit(address, landOn);
    };
    search.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(find, 350, "filter:search"); });
    // A search that is still to come must not take the reader away from what they open meanwhile.
    search.addEventListener("blur", (event) => { if (pages.root.contains(event.relatedTarget)) clearTimeout(timer); else find(null); });
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") find("filter:search");
      if (event.key === "ArrowDown") {
        event.preventDefault();
        find(0); // also where a search was taken back whose answer is still to come
        if (!differs(state())) focusRow(0);
      }
    });
    const kept = filters.contains(document.activeElement) && document.activeElement.dataset.filter === "search" ? document.activeElement : null;
    pickers = PICKERS.map(([name, label]) => picker(model, name, label, now.filters[name], (value) => choose(name, value)));
    const selects = now.page === "runs" ? [["Status", "status", STATUSES], ["Outcome", "outcome", OUTCOMES]]
      : now.page === "stuck" ? [["Status", "status", STATUSES.slice(0, 3)]] : [];
    const until = now.filters.until ? [removable("Until ", now.filters.until, () => choose("until", ""))] : [];
    const group = now.filters.group ? [removable("Group ", now.filters.group, () => choose("group", ""))] : [];
    const reset = Object.keys(now.filters).length ? [button("Clear filters", () => visit(now.clear.address, "filter:search"), { class: "ops-textual" })] : [];
    filters.replaceChildren(kept ?? search, ...pickers.map((p) => p.root), ...selects.map(([label, name, options]) => chooser(label, name, options, now, choose)),
      chooser(TIMES.some(([value]) => value === (now.filters.since?.value ?? "")) ? "Last" : "Since", "since", TIMES, now, choose), ...until, ...group, ...unhandledSwitch(now, choose), ...reset);
    if (kept && document.activeElement !== kept) kept.focus();
  }

  function paintMeta() {
    const now = state(), count = model.get("count");
    const total = count ? [el("b", { class: "ops-num", text: count }), ` operation${count === "1" ? "" : "s"}`] : now.rows ? ["Counting…"] : [];
    if (count && model.get("hidden")) total.push(`, ${model.get("hidden")}`);
    counted.replaceChildren(...total);
    meta.hidden = false;
    paintPager();
  }

  function paintNews() {
    busy(false);
    const { new: more = "", left = 0, since } = model.get("fresh");
    if (since) stay();
    const words = [more && `${more} new`, left && `${left} left`].filter(Boolean).join(", ");
    news.hidden = !words;
    news.textContent = `↑ ${words}`;
    news.title = "Bring the list up to date";
    if (more && !announced) live.textContent = `${more} new operation${more === "1" ? "" : "s"}`;
    announced = more;
  }

  // While somebody chooses a filter or types a search, the page stands still.
  function held() {
    if (filters.querySelector(".ops-box:not([hidden])")) return "a filter is open";
    const search = filters.querySelector(".ops-search");
    return search && search.value.trim() !== (state().filters?.search?.value ?? "") ? "you type" : "";
  }

  function paintPager() {
    const { pager: to = {}, rows = [] } = state(), count = model.get("count");
    const step = (text, address, land) => button(text, () => visit(address, land), { disabled: !address });
    const range = to.range ? el("span", { class: "ops-num", text: count ? `${to.range} of ${count}` : to.range }) : null;
    pager.hidden = !rows.length && !to.newer && !to.first;
    pager.replaceChildren(to.first ? step("« Newest", to.first, 0) : "", step("‹ Newer", to.newer, 0), step("Older ›", to.older, 0), range ?? "");
  }

  // Only a page that somebody looks at is worth the next one.
  function askAhead() {
    clearTimeout(looking);
    next.rest(pages.links().find((link) => link.tabIndex === 0)?.dataset.id);
    if (state().pager?.older) looking = setTimeout(() => { if (model.get("shown")) mention(model, { type: "ahead" }); }, LOOKING);
  }

  // What the kernel read ahead is shown with its own time until the answer is there.
  function paintAhead() {
    early = ahead.address;
    pages.turn();
    freshness.showing(ahead.as_of);
    land(ahead.rows.length);
    ahead = null;
  }

  const makers = (rows, isStop) => rows.map((row, i) => () => rowOf(model, row, state().page, isStop(row, i)));

  function keepAhead({ address, as_of, rows }) {
    ahead = { address, as_of, rows };
    pages.prepare(state(), makers(rows, () => false));
  }

  const arrived = (now, rows) => early === now.address && !now.error && rows.length > 0 && rows.map((row) => row.id).join() === pages.links().map((link) => link.dataset.id).join();

  function paint() {
    const now = state();
    if (!now.page) { head.replaceChildren(); filters.replaceChildren(); meta.hidden = true; ahead = null; pages.clear(); pager.replaceChildren(); painted = ""; return undefined; }
    pages.drawRest();
    if (now.read === drawn && early) return undefined; // of the page before, and its answer is on its way
    if (now.read === drawn) return pages.rows().forEach((tr, i) => changeRow(model, tr, now.rows[i], now.page));
    drawn = now.read;
    asked = null;
    busy(false);
    const focused = root.contains(document.activeElement), rows = now.rows ?? [];
    const back = !rows.some((row) => row.id === opened) ? null : opened;
    head.replaceChildren(el("div", {}, el("h1", { tabindex: "-1", ...OWN_KEYS, text: now.title }), el("div", { class: "ops-quiet", text: "Which operation should I open next?" })),
      el("span", { class: "ops-spacer" }), anchor(model, now.action, { class: "ops-button" }));
    alert.replaceChildren(...(now.error ? [alertBox(now.error, () => visit(now.address))] : []));
    paintFilters(now);
    before.classList.toggle("ops-of-failures", now.page === "failures");
    if (arrived(now, rows)) pages.rows().forEach((tr, i) => changeRow(model, tr, rows[i], now.page));
    else { if (early && landing === null) landing = 0; pages.put(now, makers(rows, (row, i) => (back ? row.id === back : i === 0)), landing === 0); }
    early = null;
    pages.root.hidden = !rows.length;
    empty.hidden = rows.length > 0 || Boolean(now.error);
    empty.replaceChildren(el("p", { text: now.empty }), anchor(model, now.action, { class: "ops-button" }));
    python.hidden = !now.python;
    note.hidden = !now.note;
    note.textContent = now.note ?? "";
    paintMeta();
    land(rows.length);
    askAhead();
    // The focus must never fall to the page: in JupyterLab the next key would edit the notebook.
    if (focused && !root.contains(document.activeElement)) head.querySelector("h1").focus({ preventScroll: true });
    return undefined;
  }

  function land(total) {
    const to = landing; landing = null;
    if (to === null) return;
    if (typeof to === "number") { focusRow(to); root.scrollIntoView?.({ block: "nearest" }); }
    else {
      const target = filters.querySelector(`[data-filter="${to.split(":")[1]}"]`);
      if (!filters.contains(document.activeElement)) target?.focus();
    }
    live.textContent = state().error || `${total} operation${total === 1 ? "" : "s"} shown`;
  }

  // The panels come after the rows, into the room that was kept for them.
  function placePanels() {
    model.get("panels").forEach(async (reference, i) => before.children[i].replaceChildren((await viewOf(model, reference)).el));
  }

  function focusRow(index) {
    if (index > 0) pages.drawRest();
    const all = pages.links();
    if (!all.length) return;
    const at = Math.max(0, Math.min(all.length - 1, index));
    all.forEach((link, i) => { if (link.tabIndex !== (i === at ? 0 : -1)) link.tabIndex = i === at ? 0 : -1; });
    all[at].focus();
  }

  pages.root.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    pages.drawRest();
    const all = pages.links(), at = all.indexOf(document.activeElement), { older, newer } = state().pager ?? {};
    const act = {
      ArrowDown: () => (at + 1 < all.length ? focusRow(at + 1) : visit(older, 0)),
      ArrowUp: () => (at > 0 ? focusRow(at - 1) : visit(newer, Infinity)),
      Home: () => focusRow(0), End: () => focusRow(all.length - 1),
      PageDown: () => visit(older, 0), PageUp: () => visit(newer, 0),
    }[event.key];
    if (act) { event.preventDefault(); event.stopPropagation(); act(); }
  });
  pages.root.addEventListener("click", (event) => { opened = event.target.closest("tr")?.querySelector("a.ops-row")?.dataset.id ?? opened; });

  const message = (content) => {
    if (content.type === "choices") pickers.find((p) => p.name === content.name)?.paint(content);
    if (content.type === "ahead") keepAhead(content);
    if (content.type === "failed") {
      asked = null; busy(false);
      stay();
      if (early) { early = null; drawn = 0; paint(); }
      alert.replaceChildren(alertBox(content.message, () => visit(state().address)));
    }
  };
  // Back from an operation, the focus is on its row again.
  const returned = () => {
    if (!model.get("shown") || !opened) return;
    const index = pages.links().findIndex((link) => link.dataset.id === opened);
    if (index >= 0) focusRow(index);
    else head.querySelector("h1")?.focus({ preventScroll: true });
  };
  // An operation that was read ahead is shown, and cannot be opened.
  function stay() {
    if (!model.get("shown") || !root.hidden) return;
    uncover(root);
    returned();
  }
  model.on("msg:custom", message);
  const rezone = () => { painted = ""; ahead = null; if (state().page) paintFilters(state()); };
  document.addEventListener(ZONE_CHANGED, rezone);
  ["change:count", "change:hidden"].forEach((name) => model.on(name, paintMeta));
  model.on("change:fresh", paintNews);
  paintNews();
  placePanels();
  const undo = follow(model, root, ["state", "turn"], paint);
  model.on("change:shown", returned);
  return () => { clearTimeout(looking); next.stop(); undo(); freshness.stop(); document.removeEventListener(ZONE_CHANGED, rezone); model.off("msg:custom", message); ["change:count", "change:hidden"].forEach((name) => model.off(name, paintMeta)); model.off("change:fresh", paintNews); model.off("change:shown", returned); };
}

export default { render: once(render) };
