(() => {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? "JupyterLab Dark" : "JupyterLab Light";
  };
  theme();
  dark.addEventListener("change", theme);

  // Voila would uncover the page before its widgets have come; the skeleton stays until something is to be seen.
  const SEEN = ".jp-OutputArea-output > .lm-Widget > *, .ops-failed, .jp-MarkdownOutput, .jp-OutputArea-output[data-mime-type]";
  const LATEST = 10000; // ms in which all that was drawn early is to be handed over, once anything has come
  const cells = () => document.getElementById("rendered_cells");
  const uncover = () => {
    document.body.classList.remove("ops-loading");
    seen.disconnect();
  };
  let giving = 0;
  const look = () => {
    if (!opsEarly.handOver() && !cells()?.querySelector(SEEN)) return;
    if (!opsEarly.standsIn()) uncover();
    else giving ||= setTimeout(() => { opsEarly.handOver(true); uncover(); }, LATEST); // a widget of it has failed, or is not there any more
  };
  const seen = new MutationObserver(look);
  seen.observe(document.body, { childList: true, subtree: true });
  window.voila_finish = () => setTimeout(() => opsEarly.standsIn() || uncover(), 5000);
  window.voila_process = () => {};

  const say = (id, text) => {
    const node = document.getElementById(id);
    if (node && node.textContent !== text) node.textContent = text;
  };
  let beats = 0;
  window.voila_heartbeat = () => {
    if (++beats === 3) say("ops-progress", "This takes longer than usual. If nothing comes, reload the page.");
  };

  // A frame of another site gets cookies over TLS alone, and where the browser allows it. Without them a page has no kernel.
  const keepsCookies = () => {
    try { return document.cookie.includes("_xsrf="); } catch { return false; } // a sandboxed frame may not even ask
  };
  if (!keepsCookies()) {
    const note = document.getElementById("ops-no-cookies");
    const link = Object.assign(document.createElement("a"), { href: location.href, target: "_blank", textContent: "Open it by itself" });
    const framed = window.top !== window;
    note.append(`Your browser keeps no cookies for this page${framed ? " inside that of another site" : ""}, and it needs one. `, framed ? link : "");
    document.body.classList.add("ops-uncookied");
    note.hidden = false;
  }

  const DEAD = ["dead", "restarting", "autorestarting", "terminating"];
  const watch = (kernel) => {
    let timer = 0;
    const check = () => {
      clearTimeout(timer);
      const lost = kernel.isDisposed || kernel.connectionStatus !== "connected" || DEAD.includes(kernel.status);
      if (!lost) return dead || say("ops-lost", "");
      dead ||= DEAD.includes(kernel.status); // a kernel that was started again has lost the page's widgets
      timer = setTimeout(() => leaving || say("ops-lost", "Connection lost; reload the page."), dead ? 0 : 2000);
    };
    let dead = false;
    kernel.connectionStatusChanged.connect(check);
    kernel.statusChanged.connect(check);
    check();
  };
  // Voila ends the kernel of a page that closes, but only once its front end has come; until then this does.
  let leaving = false;
  addEventListener("beforeunload", () => {
    leaving = true;
    if (window.jupyterapp) return;
    const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
    const form = new FormData();
    form.append("_xsrf", document.cookie.match("\\b_xsrf=([^;]*)")?.[1] ?? "");
    navigator.sendBeacon(`${baseUrl}voila/api/shutdown/${kernelId}`, form);
  });
  const found = setInterval(() => {
    const app = window.jupyterapp;
    if (!app) return;
    clearInterval(found);
    if (app.widgetManager?.kernel) watch(app.widgetManager.kernel);
    else say("ops-lost", "Connection lost; reload the page.");
  }, 200);
})();
