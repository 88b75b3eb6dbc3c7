// Keeps a page fresh. The browser asks and the kernel answers, so that a page that nobody sees costs nothing.
const BEAT = 1000, BUSY = 4000, GIVEN_UP = 20000; // ms: how often to look, when an answer is late, when it is asked for again
const SOONEST = 1000; // ms after an answer: what is asked sooner the kernel leaves without one
const IDLE = 20, SLOWEST = 16; // an untouched page is asked for half as often every 20 intervals, down to a sixteenth
const GONE = ["dead", "restarting", "autorestarting", "terminating"];
const TOUCHES = ["pointermove", "pointerdown", "keydown", "wheel"];

// A kernel that was started again has lost its widgets; one that is merely out of reach may come back.
function watchKernel(model, changed) {
  const watched = { kernel: null, gone: false, away: false, stop: () => {} };
  const look = () => {
    watched.gone ||= watched.kernel.isDisposed || GONE.includes(watched.kernel.status);
    watched.away = watched.kernel.connectionStatus !== "connected";
    changed();
  };
  const begin = () => {
    const kernel = model.widget_manager?.kernel;
    if (!kernel?.statusChanged) return;
    watched.kernel = kernel;
    const signals = [kernel.statusChanged, kernel.connectionStatusChanged];
    signals.forEach((signal) => signal.connect(look));
    watched.stop = () => signals.forEach((signal) => signal.disconnect(look));
  };
  begin();
  model.on("live", begin); // of a page that was drawn before its kernel was reached
  return watched;
}

// `again` reads the page as its reader would, `held` says why nothing is asked just now, `still` why what is asked is not shown, `say` is
// heard by screen readers.
function refresher(model, root, { again, held = () => "", still = () => "", say }) {
  const fresh = () => model.get("fresh");
  const asOf = el("span", { class: "ops-num" }), why = el("span");
  const said = el("span", { role: "alert" }), next = el("span", { class: "ops-num", "aria-hidden": "true" });
  const now = button("Try now", () => { hurry = true; if (fresh().wait) beat(); else again(); });
  const banner = el("div", { class: "ops-alert ops-stale", hidden: true }, el("span", {}, said, " ", next), now);
  let asked = 0, hurry = false, answered = Math.min(Date.now(), Date.parse(fresh().as_of?.iso) || 0), touched = Date.now(), seen = true, failing = false, told = "";
  const kernel = watchKernel(model, () => describe());

  function interval() {
    const every = fresh().wait * 1000;
    return every * Math.min(SLOWEST, 2 ** Math.floor((Date.now() - touched) / (IDLE * every)));
  }
  const due = () => (asked ? asked + GIVEN_UP : answered + (hurry ? SOONEST : Math.max(SOONEST, interval())));
  const visible = () => seen && !document.hidden && model.get("shown");
  const lost = () => kernel.gone || kernel.away;

  function ask() {
    asked = Date.now();
    hurry = false;
    mention(model, { type: "refresh" });
    describe();
  }
  function beat() {
    if (fresh().wait && visible() && !lost() && !held() && Date.now() >= due()) ask();
    describe();
  }

  function describe() {
    const late = asked && Date.now() - asked > BUSY && kernel.kernel?.status === "busy";
    why.textContent = late ? ", waiting for the kernel" : fresh().wait && (held() || still()) ? `, paused while ${held() || still()}` : "";
    const { wait, since } = fresh();
    next.textContent = lost() || !wait ? "" : asked ? "Trying again…" : `Trying again in ${Math.max(1, Math.ceil((due() - Date.now()) / 1000))} s.`;
    now.hidden = lost();
    warn(since);
  }

  // Only what is new is written: a screen reader hears all that is written into an alert.
  function warn(since) {
    const { as_of: shown, error } = fresh(), off = lost() && !document.getElementById("ops-lost");
    const key = JSON.stringify([off, kernel.gone, shown?.iso, since?.iso, error]);
    root.classList.toggle("ops-outdated", Boolean(since) || lost());
    if (key === told) return;
    told = key;
    banner.hidden = !since && !off;
    const showing = shown ? ["Showing ", timeOf(shown, "short"), " ", zoneLabel(), "; "] : [];
    const reason = kernel.gone ? ["the kernel was stopped or started again. Run the cell again."] : off ? ["the connection to the kernel is lost."]
      : since ? ["the database has not answered since ", timeOf(since, "short"), ". ", error] : [];
    said.replaceChildren(...(banner.hidden ? [] : [...showing, ...reason]));
  }

  // Also for what is drawn before its answer: a page that was read ahead is of another moment.
  function showing(at, behind = "") {
    asOf.replaceChildren(...(at ? ["as of ", timeOf(at, "short"), " ", zoneLabel(), behind] : []));
  }

  function answer() {
    const { as_of: at, behind, since } = fresh();
    answered = Date.now();
    asked = 0;
    showing(at, behind);
    if (failing && !since) say("The database answers again");
    failing = Boolean(since);
    describe();
  }

  const touch = () => { const before = interval(); touched = Date.now(); if (interval() !== before) beat(); };
  const watcher = new IntersectionObserver((entries) => { seen = entries.at(-1).isIntersecting; beat(); });
  watcher.observe(root);
  TOUCHES.forEach((name) => document.addEventListener(name, touch, { capture: true, passive: true }));
  document.addEventListener("visibilitychange", beat);
  model.on("change:fresh", answer);
  const timer = setInterval(beat, BEAT);
  answer();
  const stop = () => {
    clearInterval(timer);
    watcher.disconnect();
    TOUCHES.forEach((name) => document.removeEventListener(name, touch, { capture: true }));
    document.removeEventListener("visibilitychange", beat);
    model.off("change:fresh", answer);
    kernel.stop();
  };
  return { nodes: [el("span", { class: "ops-as-of" }, asOf, why), button("Refresh", again, { class: "ops-textual" })], banner, showing, stop };
}
