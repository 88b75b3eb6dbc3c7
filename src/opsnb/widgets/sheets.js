// The rows on screen, and those of the page after it: they are drawn and laid out before anybody asks for them, in a table that is not shown.
const HEIGHT_OF_ROW = 53; // pixels: whoever turns a page sees as many rows as fill a window at once, and the others after them

function sheet() {
  const heads = el("tr"), body = el("tbody"), table = el("table", { class: "ops-table" }, el("thead", {}, heads), body);
  return { root: el("div", {}, table), heads, body, table, rest: [], left: false };
}

// Rows come as functions that make one each: those of the first are called at once.
function sheets() {
  let on = sheet(), coming = sheet();
  coming.root.className = "ops-coming";
  const root = el("div", {}, on.root, coming.root);

  function drawRest() {
    on.body.append(...on.rest.splice(0).map((make) => make()));
  }
  function fill(one, { page, title }, makers, few) {
    one.heads.replaceChildren(...columns(page).map(([text, name, ...more]) => el("th", { scope: "col", class: name }, text, ...more)));
    one.table.classList.toggle("ops-of-stuck", page === "stuck");
    one.table.setAttribute("aria-label", title);
    Object.assign(one, { rest: makers, left: false });
    one.body.replaceChildren(...makers.splice(0, few ? Math.ceil(window.innerHeight / HEIGHT_OF_ROW) : makers.length).map((make) => make()));
  }
  function put(state, makers, few) {
    fill(on, state, makers, few);
    if (makers.length) afterPaint(drawRest);
  }
  function prepare(state, makers) {
    root.append(coming.root); // below what is shown
    fill(coming, state, makers, true);
    coming.body.getBoundingClientRect(); // what is not shown is laid out for whoever asks
  }
  // What is laid out already is only uncovered; what it takes the place of is taken apart once nobody waits.
  function turn() {
    [on, coming] = [coming, on];
    on.root.className = "";
    coming.root.className = "ops-coming";
    Object.assign(coming, { rest: [], left: true });
    const gone = coming;
    afterPaint(() => { if (gone.left) gone.body.replaceChildren(); drawRest(); });
  }
  function clear() {
    for (const one of [on, coming]) { one.rest = []; one.body.replaceChildren(); }
  }
  return { root, put, prepare, turn, clear, drawRest, rows: () => [...on.body.rows], links: () => [...on.body.querySelectorAll("a.ops-row")] };
}
