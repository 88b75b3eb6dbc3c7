function render({ model, el: root }) {
  const state = () => model.get("state"), shown = () => state().bars ?? [];
  const name = (bar) => `Operation ${bar.label}: ${bar.state}${bar.ran ? `, ran for ${bar.ran}` : ""}, created ${told(bar.created, "full")}${bar.marked ? ", this one" : ""}`;
  const title = el("h2"), line = el("span", { class: "ops-told" });
  const chart = barChart(model, "The last runs of this type by duration and outcome", (bar) => { line.textContent = bar ? bar.label : state().error || rest(); });
  const table = asTable("The last runs of this type", () => ["Operation", `Created, ${zoneName()}`, "Ended", "Ran for"], () => shown().toReversed().map((bar) =>
    [anchor(model, bar, { class: "ops-link", "aria-current": bar.marked ? "true" : null }), told(bar.created, bar.created.form), bar.state, bar.ran || "—"]));
  const box = el("section", { class: "ops-history" }, title, chart.root, el("div", { class: "ops-under" }, line), table.node);
  root.append(box);

  // The bars differ where the operations do: what ran for longest fills the chart.
  const parts = (bar) => [[bar.kind, Math.max(LEAST + 1, Math.round(HEIGHT * bar.share))]];
  const rest = () => (shown().length > 1 ? "Duration and outcome; the last one is this one" : shown().length ? "No earlier run of this type is known" : "");

  function paint() {
    const bars = shown();
    title.textContent = bars.length > 1 ? `This type’s last ${bars.length} runs` : "This type’s last runs";
    for (const node of [chart.root, table.node]) node.toggleAttribute("hidden", bars.length < 2);
    chart.paint(bars.map((bar) => ({ key: bar.key, label: name(bar), parts: parts(bar), link: bar, marked: bar.marked })));
    table.paint();
  }

  document.addEventListener(ZONE_CHANGED, paint);
  const undo = follow(model, root, ["state"], paint), undoBusy = followBusy(model, box);
  return () => { undo(); undoBusy(); document.removeEventListener(ZONE_CHANGED, paint); };
}

export default { render };
