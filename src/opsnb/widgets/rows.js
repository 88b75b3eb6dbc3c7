// The rows of a list, and the heads above them.
function columns(page) {
  const last = page === "stuck" ? ["Stuck", "ops-c-stuck"] : ["Duration", "ops-c-lasted"];
  return [["Operation", "ops-c-what"], ["Workspace / tenant", "ops-c-place"], ["Initiator", "ops-c-who"],
    ["Status", "ops-c-status"], ["Outcome", "ops-c-outcome"], ["Created, ", "ops-c-created", zoneLabel()], last];
}

function rowOf(model, row, page, tabbable) {
  const name = [`Operation #${row.id}`, row.label, row.status.text, row.outcome.text, row.mark, row.left].filter(Boolean).join(", ");
  const link = anchor(model, row, { class: "ops-row", "aria-label": name, tabindex: tabbable ? "0" : "-1", "data-id": row.id }, said(row.label));
  const about = el("small", {}, el("span", { class: "ops-id", text: `Operation #${row.id}` }), row.error ? " · " : "", row.error ? said(row.error) : "",
    row.left ? el("b", { class: "ops-gone", text: ` · ${row.left}` }) : "");
  const last = page === "stuck"
    ? el("td", { class: "ops-c-stuck", "data-label": "Stuck" }, el("span", { class: "ops-badge ops-warn" }, el("i", { "aria-hidden": "true", text: "!" }), row.stuck || "no longer stuck"))
    : el("td", { class: `ops-c-lasted${row.odd ? " ops-odd" : ""}`, "data-label": "Duration" }, row.lasted, row.live && row.lasted ? el("small", { text: "so far" }) : "");
  const tr = el("tr", { class: row.left ? "ops-left" : null },
    el("th", { scope: "row", class: "ops-c-what" }, link, about),
    el("td", { class: "ops-c-place", "data-label": "Where" }, said(row.workspace), said(row.tenant, { class: row.platform ? "ops-platform" : "" }, "small")),
    el("td", { class: "ops-c-who", "data-label": "Initiator" }, row.initiator ? said(row.initiator) : el("span", { class: "ops-quiet", title: "not recorded", text: "—" })),
    el("td", { class: "ops-c-status", "data-label": "Status" }, badge(row.status)),
    el("td", { class: "ops-c-outcome", "data-label": "Outcome" }, badge(row.outcome), row.mark ? said(row.mark, {}, "small") : ""),
    el("td", { class: "ops-c-created", "data-label": "Created" }, timeOf(row.created, "ago"), el("small", {}, timeOf(row.created, "short"))),
    last);
  tr.opsRow = JSON.stringify(row);
  return tr;
}

// The link of the row stays: it may have the focus, and the pointer may be about to let go of it.
function changeRow(model, tr, row, page) {
  const told = JSON.stringify(row);
  if (tr.opsRow === told) return;
  tr.opsRow = told;
  const high = () => tr.getBoundingClientRect().height;
  const link = tr.querySelector("a.ops-row"), made = rowOf(model, row, page, false), height = high();
  link.setAttribute("aria-label", made.querySelector("a.ops-row").getAttribute("aria-label"));
  tr.className = made.className;
  link.nextSibling.replaceWith(made.cells[0].lastChild);
  [...tr.cells].slice(1).forEach((cell) => cell.replaceWith(made.cells[1]));
  // A mark more makes a row of a narrow window higher; what stands below it would move.
  if (high() !== height) { tr.style.height = `${height}px`; tr.style.overflow = "hidden"; }
}
