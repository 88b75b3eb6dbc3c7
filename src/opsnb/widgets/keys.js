// Keys for whoever would rather not reach for the mouse. Single letters can be switched off: somebody who dictates would trip over them.
const KEYS_OFF = "opsnb.keys";
const LETTERS = { o: "runs", f: "failures", s: "stuck", b: "runbooks" };
const HELP = [["/", "Find an operation"], ["↑ ↓", "Row by row; Home and End for the first and the last"], ["PgUp PgDn", "Newer and older rows"],
  ["Enter", "Open the operation"], ["Esc", "Back to the list"], ["g o", "Operations"], ["g f", "Failed operations"], ["g s", "Stuck operations"],
  ["g b", "Runbooks"], ["?", "These keys"]];
const IN_TIME = 1500;

function keysOn() {
  try { return localStorage.getItem(KEYS_OFF) !== "off"; } catch { return true; }
}

function setKeys(on) {
  try { localStorage.setItem(KEYS_OFF, on ? "on" : "off"); } catch { /* a private window: the choice cannot be kept */ }
}

function helpPanel() {
  const toggle = el("input", { type: "checkbox", ...OWN_KEYS, checked: keysOn(), onchange: () => setKeys(toggle.checked) });
  const rows = HELP.flatMap(([keys, text]) => [el("dt", {}, ...keys.split(" ").map((key) => el("kbd", { text: key }))), el("dd", { text })]);
  return el("div", { class: "ops-keys", hidden: true, role: "region", "aria-label": "Keyboard shortcuts" }, el("dl", {}, ...rows),
    el("label", {}, toggle, "Use single keys: / ? and g"));
}

// The button that shows the keys, and the listener; `visit` goes to a page by its name, `whole` is true where the page is the console's alone.
function shortcuts(root, visit, whole) {
  const panel = helpPanel();
  const control = button("?", () => show(panel.hidden), { class: "ops-textual ops-quiet", title: "Keyboard shortcuts", "aria-label": "Keyboard shortcuts", "aria-expanded": "false" });
  let before = null, since = -IN_TIME;
  function show(on) {
    if (on === !panel.hidden) return;
    if (on) before = document.activeElement;
    panel.hidden = !on;
    control.setAttribute("aria-expanded", String(on));
    (on || !before?.isConnected || before === document.body ? control : before).focus();
  }
  const here = () => root.closest(".opsnb-console");
  const search = () => [...here().querySelectorAll(".ops-search")].find((field) => field.checkVisibility());
  function find(tries = 60) {
    const field = search();
    if (field) return field.focus();
    if (tries === 60) visit("runs");
    return tries && setTimeout(find, 50, tries - 1);
  }
  function act(key) {
    const second = performance.now() - since < IN_TIME;
    since = key === "g" && !second ? performance.now() : -IN_TIME;
    if (second) return LETTERS[key] && (() => visit(LETTERS[key]));
    return { "/": () => find(), "?": () => show(panel.hidden) }[key];
  }
  function press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || !root.isConnected) return;
    const typing = event.target.matches("input:not([type=checkbox]), textarea, select, [contenteditable=true]");
    if (!(here()?.contains(event.target) || (whole() && event.target === document.body)) || typing) return;
    const done = event.key === "Escape" ? !panel.hidden && (() => show(false)) : keysOn() && act(event.key);
    if (done) { event.preventDefault(); event.stopPropagation(); done(); }
  }
  document.addEventListener("keydown", press);
  return { control, panel, undo: () => document.removeEventListener("keydown", press) };
}
