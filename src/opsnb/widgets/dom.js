// Elements out of data. Text reaches the page by textContent alone.
function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

// JupyterLab would take the keys of a focused control for its own shortcuts: `x` would delete the cell.
const OWN_KEYS = { "data-lm-suppress-shortcuts": "true" };

function button(text, onclick, props = {}) {
  return el("button", { type: "button", ...OWN_KEYS, class: "ops-button", onclick, text, ...props });
}

// A plain click swaps the page in place; any other click is the browser's own.
function followed(model, address) {
  return (event) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(model, address);
  };
}

function anchor(model, link, props = {}, ...children) {
  const inside = children.length ? children : [link.label];
  return el("a", { href: link.href, ...OWN_KEYS, onclick: followed(model, link.address), ...props }, ...inside);
}

function go(model, address, more = {}) {
  model.send({ type: "go", address, ...more });
}

// For what no reader asked for, and which may come when the page is being left or its kernel is gone: nobody misses it then.
// What a reader does goes by `model.send` itself.
async function mention(model, content) {
  try { await model.send(content); } catch { /* the page says itself that its connection is lost */ }
}

function badge({ text, kind, mark }) {
  const sign = mark ? el("i", { "aria-hidden": "true", text: mark }) : null;
  return el("span", { class: `ops-badge ops-${kind}` }, sign, text);
}

// Text from the database keeps its own direction, and cannot turn what stands around it.
function said(text, props = {}, tag = "bdi") {
  return el(tag, { dir: "auto", ...props, text });
}

function alertBox(message, retry) {
  const again = retry ? button("Refresh", retry) : null;
  return el("div", { class: "ops-alert", role: "alert" }, el("span", { text: message }), again);
}

// Makes a widget within another one: `reference` is how a trait of the outer one names it.
async function viewOf(model, reference) {
  const child = await model.widget_manager.get_model(reference.replace("IPY_MODEL_", ""));
  return model.widget_manager.create_view(child);
}

// In a published page a part may be drawn already when its widget comes: then it is taken as it stands.
function once(render) {
  return (view) => window.opsEarly?.take(view.model, view.el) ?? render(view);
}

// For what may come once what was asked for is on screen; before its frame is painted, it would be waited for.
function afterPaint(act) {
  requestAnimationFrame(() => setTimeout(act));
}

// Says of `box` that more is on its way; gives back what undoes that.
function followBusy(model, box) {
  const mark = () => box.toggleAttribute("aria-busy", model.get("busy"));
  model.on("change:busy", mark);
  mark();
  return () => model.off("change:busy", mark);
}

// What parts tell each other: that a row was opened, with its operation's number, and that this is drawn before its answer, with where it is.
const OPENED = "opsnb-opened", EARLY = "opsnb-early";

function emit(root, name, detail) {
  root.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

// Hears it from parts of the same console; gives back what undoes that.
function hear(root, name, act) {
  const heard = ({ target, detail }) => { if (target.closest(".opsnb-console") === root.closest(".opsnb-console")) act(detail); };
  document.addEventListener(name, heard);
  return () => document.removeEventListener(name, heard);
}

// The parts of a console take turns: the one that is shown hides the others in the same moment.
function uncover(root) {
  root.hidden = false;
  for (const other of root.closest(".opsnb-console")?.querySelectorAll(".ops-turn") ?? []) other.hidden = other !== root;
}

// Renders whenever the kernel changes the state, and hides with `shown`; gives back what undoes that.
function follow(model, root, names, render) {
  const visible = () => {
    if (model.get("shown") && names.includes("turn")) uncover(root);
    else root.hidden = !model.get("shown");
  };
  if (names.includes("turn")) root.classList.add("ops-turn");
  // What comes along with its turn is drawn into what is shown already, and laid out once.
  const draw = () => { visible(); render(); };
  const changes = [...names.map((name) => [`change:${name}`, draw]), ["change:shown", visible]];
  for (const [event, handler] of changes) model.on(event, handler);
  root.classList.add("opsnb");
  visible();
  render();
  // Only now does the kernel make what a reader may want next.
  if (names.includes("turn")) (window.requestIdleCallback ?? requestAnimationFrame)(() => mention(model, { type: "drawn" }));
  return () => changes.forEach(([event, handler]) => model.off(event, handler));
}
