// Which operation is likely to be opened next: the one whose row has the cursor, and the one whose row is pressed. The kernel reads it
// ahead, and the part that shows operations draws it as soon as it is opened.
const RESTING = 100; // ms

function foresee(model, rows) {
  let timer = 0, pressed = null;
  const idOf = ({ target }) => target.closest("tr")?.querySelector("a.ops-row")?.dataset.id;
  const ask = (id, more) => { clearTimeout(timer); if (id && model.get("shown")) mention(model, { type: "foresee", id, ...more }); };
  const rest = (id) => { clearTimeout(timer); if (id !== pressed) timer = setTimeout(ask, RESTING, id); };
  rows.addEventListener("focusin", (event) => rest(idOf(event)));
  rows.addEventListener("pointerdown", (event) => { if (event.button === 0) { pressed = idOf(event); ask(pressed, { pressed: true }); } });
  rows.addEventListener("click", (event) => {
    pressed = null;
    if (event.defaultPrevented) emit(rows, OPENED, idOf(event));
  });
  return { rest, stop: () => clearTimeout(timer) };
}
