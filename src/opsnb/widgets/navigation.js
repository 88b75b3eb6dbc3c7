function render({ model, el: root }) {
  const nav = el("nav", { class: "ops-nav", "aria-label": "Operations" });
  root.append(nav);

  function paint() {
    const now = model.get("state"), stuck = model.get("stuck");
    if (!now.tabs) return nav.replaceChildren();
    const tab = (item) => anchor(model, item, { "aria-current": item.current ? "page" : null }, item.label,
      item.page === "stuck" && stuck && stuck !== "0" ? el("span", { class: "ops-count" }, stuck) : "");
    // The focus stays on the tab that was followed.
    const at = [...nav.querySelectorAll("a, button")].indexOf(document.activeElement);
    nav.replaceChildren(...now.tabs.map(tab), el("span", { class: "ops-spacer" }), zoneSwitch(), said(now.actor, { class: "ops-quiet ops-actor", title: "Acting as" }));
    if (at >= 0) nav.querySelectorAll("a, button")[at]?.focus();
    return undefined;
  }

  // Where the page is a site of its own, the address bar says where one is; in JupyterLab it is not ours.
  function moved() {
    const now = model.get("state");
    if (!now.tabs || now.style === "lab") return;
    document.title = now.title;
    if (now.back || history.state?.opsnb === now.address) history.replaceState({ opsnb: now.address }, "");
    else history.pushState({ opsnb: now.address }, "", now.href);
  }
  const back = (event) => { if (event.state?.opsnb) go(model, event.state.opsnb, { back: true }); };
  window.addEventListener("popstate", back);
  model.on("change:state", moved);
  model.on("change:stuck", paint);
  const undo = follow(model, root, ["state"], paint);
  moved();
  return () => { undo(); window.removeEventListener("popstate", back); model.off("change:state", moved); model.off("change:stuck", paint); };
}

export default { render };
