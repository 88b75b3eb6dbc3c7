// Draws the console from what its kernel has sent, by the parts' own modules, until Voila's front end has come; then hands it over as it stands.
window.opsEarly = (() => {
  const ACTS = ["go", "back", "retry"]; // what a reader waits for
  const PATIENCE = 3000; // ms, after which they are told that it is on its way
  const place = document.getElementById("ops-early");
  let parts = [], over = false, telling = 0, asked = null; // the last that a reader waits for, of whatever part
  let pressed = false; // a browser gives no click to what is moved between pressing and releasing

  function press() { pressed = true; }
  function release() { pressed = false; setTimeout(handOver); } // after the click, which comes next
  addEventListener("pointerdown", press, true);
  for (const end of ["pointerup", "pointercancel"]) addEventListener(end, release, true);

  const say = (text) => { document.getElementById("ops-lost").textContent = text; };
  function wait({ type }) {
    if (!ACTS.includes(type) || !place.isConnected) return;
    place.setAttribute("aria-busy", "true");
    telling ||= setTimeout(say, PATIENCE, "This page is still loading; what you asked for comes next.");
  }

  // Stands for a model that is to come: it tells what the kernel has sent, and keeps what is asked of it, of each kind the last.
  function standIn(state) {
    let live = null, handlers = [], come;
    const kept = new Map(), coming = new Promise((done) => { come = done; });
    const later = (name) => async (...asked) => (await coming).widget_manager[name](...asked);
    const news = (name) => name === "live" || (name.startsWith("change:") && JSON.stringify(live.get(name.slice(7))) !== JSON.stringify(state[name.slice(7)]));
    return {
      get: (name) => (live ? live.get(name) : state[name]),
      on(name, handler) { if (live) live.on(name, handler); else handlers.push([name, handler]); },
      off(name, handler) { handlers = handlers.filter((one) => one[0] !== name || one[1] !== handler); live?.off(name, handler); },
      send(content) {
        if (live) return live.send(content);
        const waits = ACTS.includes(content.type);
        kept.set(content.type, content);
        if (waits) asked = content;
        wait(content);
        return coming.then(() => kept.get(content.type) === content && (!waits || asked === content) && live.send(content));
      },
      get widget_manager() { return live?.widget_manager ?? { get_model: later("get_model"), create_view: later("create_view") }; },
      become(model) {
        live = model;
        for (const [name, handler] of handlers) model.on(name, handler);
        for (const [name, handler] of handlers) if (news(name)) handler();
        come(model);
      },
    };
  }

  async function draw(script) {
    const before = [...document.querySelectorAll("#rendered_cells :is(.jp-MarkdownOutput, .jp-OutputArea-output, .ops-failed)")];
    if (before.length || parts.length || over) return; // what stands above the console would move it
    const told = JSON.parse(script.textContent);
    const modules = await Promise.all(told.map((part) => import(part.module))).catch(() => null); // then the front end draws, as ever
    if (!modules || over) return;
    place.hidden = false; // what is hidden cannot take the focus
    document.getElementById("ops-skeleton").remove();
    parts = told.map(({ state }, i) => {
      const style = Object.assign(document.createElement("style"), { id: state._anywidget_id, textContent: modules[i].styleOfPart });
      const root = document.createElement("div"), model = standIn(state);
      document.head.append(style); // which the widget will take for its own
      place.append(root);
      return { layout: state.layout, model, root, undo: modules[i].default.render({ model, el: root }) };
    });
  }

  // A part whose widget has come, and will not draw itself: what to do as it goes. None where nothing is drawn of it.
  function take(model, target) {
    const part = parts.find(({ layout }) => layout === `IPY_MODEL_${model.get("layout")?.model_id}`);
    if (!part) { over ||= Boolean(model.get("layout")?.model_id); return undefined; }
    Object.assign(part, { target, live: model });
    handOver();
    return () => { part.undo?.(); part.root.remove(); };
  }

  // A filter closes when it loses the focus, which a browser without moveBefore takes from what is moved.
  function keepOpen(event) { event.stopImmediatePropagation(); }

  // All at once, so that nothing is missed, and moves, in between; `anyway` leaves out what has not come.
  function handOver(anyway = false) {
    const ready = parts.filter(({ target }) => target?.isConnected);
    if (!parts.length || ((pressed || ready.length < parts.length) && !anyway)) return false;
    const focused = document.activeElement, at = scrollY;
    addEventListener("focusout", keepOpen, true);
    for (const { root, target } of ready) target.moveBefore ? target.moveBefore(root, null) : target.append(root);
    removeEventListener("focusout", keepOpen, true);
    for (const part of parts) if (!ready.includes(part)) part.undo?.();
    parts = [];
    place.remove();
    clearTimeout(telling);
    say("");
    document.body.classList.remove("ops-loading");
    if (document.activeElement !== focused) { focused.focus({ preventScroll: true }); scrollTo(scrollX, at); } // a browser without moveBefore
    for (const { model, live } of ready) model.become(live);
    return true;
  }

  return { draw, take, handOver, standsIn: () => parts.length > 0 };
})();
