function render({ model, el: root }) {
  const nav = el("nav", { class: "ops-nav", "aria-label": "Operations" });
  const tabs = el("span", { class: "ops-tabs" }), actor = el("span", { class: "ops-quiet ops-actor", title: "Acting as" });
  const visit = (page) => go(model, model.get("state").tabs.find((tab) => tab.page === page).address);
  const keys = shortcuts(root, visit, () => model.get("state").style !== "lab");
  nav.append(tabs, el("span", { class: "ops-spacer" }), zoneSwitch(), actor, keys.control);
  root.append(nav, keys.panel);

  function paint() {
    const now = model.get("state"), stuck = model.get("stuck");
    nav.hidden = !now.tabs;
    if (!now.tabs) return tabs.replaceChildren();
    const tab = (item) => anchor(model, item, { "aria-current": item.current ? "page" : null }, item.label,
      item.page === "stuck" && stuck && stuck !== "0" ? el("span", { class: "ops-count" }, stuck) : "");
    // The focus stays on the tab that was followed.
    const at = [...tabs.children].indexOf(document.activeElement);
    tabs.replaceChildren(...now.tabs.map(tab));
    actor.replaceChildren(said(now.actor));
    tabs.children[at]?.focus();
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
  // Whoever sees an operation before its answer may go back from it, too.
  const unhear = hear(root, EARLY, ({ address, href }) => { if (model.get("state").style !== "lab") history.pushState({ opsnb: address }, "", href); });
  const back = (event) => { if (event.state?.opsnb) go(model, event.state.opsnb, { back: true }); };
  window.addEventListener("popstate", back);
  // The address comes ahead of the page that it is of, which would wait for the tabs to be drawn.
  const after = () => { moved(); afterPaint(paint); };
  model.on("change:state", after);
  model.on("change:stuck", paint);
  const undo = follow(model, root, [], paint);
  moved();
  return () => { undo(); unhear(); keys.undo(); window.removeEventListener("popstate", back); model.off("change:state", after); model.off("change:stuck", paint); };
}

export default { render: once(render) };
