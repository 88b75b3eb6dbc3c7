// JupyterLab says itself below which path it stands.
function labBase() {
  try { return JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl ?? "/"; } catch { return null; }
}

function book(item) {
  const base = item.lab ? labBase() : null;
  const open = base !== null ? el("a", { class: "ops-button", ...OWN_KEYS, href: `${base}lab/tree/${item.lab.split("/").map(encodeURIComponent).join("/")}`, target: "_blank", rel: "noopener", "aria-label": `Open ${item.title} in a new tab` }, "Open") : "";
  return el("li", { class: "ops-book" }, el("div", {}, el("h2", {}, said(item.title)), el("p", {}, said(item.summary)),
    el("div", { class: "ops-quiet" }, "For: ", said(item.types), " · ", el("code", {}, said(item.path)))), el("span", { class: "ops-spacer" }), open);
}

function render({ model, el: root }) {
  const page = el("article");
  root.append(page);
  function paint() {
    const now = model.get("state");
    if (!now.action) return page.replaceChildren();
    const head = el("header", { class: "ops-page" }, el("div", {}, el("h1", { tabindex: "-1", ...OWN_KEYS, text: "Runbooks" }), el("div", { class: "ops-quiet", text: "What do I do about it?" })),
      el("span", { class: "ops-spacer" }), anchor(model, now.action, { class: "ops-button" }));
    const empty = now.error ? alertBox(now.error) : el("div", { class: "ops-empty" }, el("p", { text: now.empty }), anchor(model, now.action, { class: "ops-button" }));
    const how = el("p", { class: "ops-quiet", text: "Runbooks are notebooks: open them in JupyterLab, set the parameters in their first cell, and run them." });
    return page.replaceChildren(head, ...(now.books.length ? [el("ul", { class: "ops-books" }, ...now.books.map(book)), how] : [empty]));
  }
  const arrived = () => { if (model.get("shown")) page.querySelector("h1")?.focus({ preventScroll: true }); };
  const undo = follow(model, root, ["state", "turn"], paint);
  model.on("change:shown", arrived);
  return () => { undo(); model.off("change:shown", arrived); };
}

export default { render: once(render) };
