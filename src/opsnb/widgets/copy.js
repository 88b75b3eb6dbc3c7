async function copyText(text) {
  try { await navigator.clipboard.writeText(text); return true; } catch { /* no permission, or no https: the old way */ }
  const area = el("textarea", { class: "ops-away", text }), before = document.activeElement;
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  before?.focus({ preventScroll: true });
  return done;
}

// Copies, and says on the control for a moment what came of it.
async function copyFrom(control, text, say) {
  control.dataset.label ??= control.textContent;
  control.textContent = await copyText(text) ? "Copied" : "Copying was refused by the browser";
  say(control.textContent);
  setTimeout(() => { control.textContent = control.dataset.label; }, 2000);
}

function copyAsPython(model, say) {
  const control = button("Copy as Python", () => copyFrom(control, model.get("state").python, say), { class: "ops-textual ops-python", title: "The line that gives the same in a notebook" });
  return control;
}
