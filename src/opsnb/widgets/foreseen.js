// An operation that was read ahead is drawn in the moment in which it is opened, with the time of which it is; its answer takes its place.
const KEPT = 60_000; // ms

function foreseen(model, root, draw) {
  let ahead = null, early = null;
  const message = (content) => { if (content.type === "foreseen") ahead = { ...content, until: Date.now() + KEPT }; };
  const answered = () => { ahead = early = null; };
  const unhear = hear(root, OPENED, (id) => {
    if (ahead?.state.id !== id || Date.now() > ahead.until) return;
    early = ahead;
    uncover(root);
    draw();
    emit(root, EARLY, { address: early.state.address, href: early.href });
  });
  model.on("msg:custom", message);
  model.on("change:state", answered); // before it is drawn
  const stop = () => { unhear(); model.off("msg:custom", message); model.off("change:state", answered); };
  return { now: () => early, stop };
}
