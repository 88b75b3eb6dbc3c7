// Times are told in UTC until a reader asks for their own zone; every part of every console on the page shares the choice.
const ZONE_KEY = "opsnb.zone", ZONE_CHANGED = "opsnb-zone";
const OWN_ZONE = Intl.DateTimeFormat().resolvedOptions().timeZone;
const HAS_ZONE = !/^(Etc\/)?(UTC|UCT|GMT|Zulu|Greenwich|Universal)$/.test(OWN_ZONE);

function inOwnZone() {
  try { return HAS_ZONE && localStorage.getItem(ZONE_KEY) === "own"; } catch { return false; }
}

function partsOf(at, timeZone) {
  const format = new Intl.DateTimeFormat("en-GB", { timeZone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit",
    second: "2-digit", hourCycle: "h23", timeZoneName: "short" });
  return Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

// The same forms that the kernel writes for UTC.
const FORMS = {
  clock: (p) => `${p.hour}:${p.minute}:${p.second}`,
  minute: (p) => `${p.day} ${MONTHS[p.month - 1]} ${p.hour}:${p.minute}`,
  day: (p) => `${p.year}-${p.month}-${p.day}`,
  full: (p) => `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second} ${p.timeZoneName}`,
};

function told(when, form) {
  if (!when.iso || !inOwnZone()) return form === "full" ? when.full : when.short;
  return FORMS[form](partsOf(new Date(when.iso)));
}

function zoneName(at = new Date()) {
  return inOwnZone() ? partsOf(at).timeZoneName : "UTC";
}

function retime(node) {
  const { when, show } = node.opsTime;
  node.textContent = show === "ago" ? when.ago : show === "full" ? told(when, "full") : told(when, when.form);
  node.title = [show !== "full" && told(when, "full"), inOwnZone() && when.iso && when.full, show === "short" && when.ago].filter(Boolean).join(", ");
}

// Shows "ago", "short" or "full" of a time, and tells all of it to whoever points at it.
function timeOf(when, show, props = {}) {
  const node = el("time", { datetime: when.iso, ...props });
  node.opsTime = { when, show };
  retime(node);
  return node;
}

// In sentences of opsnb's own a moment has one form, and follows the switch too: as elements, and as plain text.
const MOMENT = /(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d) UTC/g;

function momentOf([full, day, clock]) {
  return { iso: `${day}T${clock}Z`, full, short: full, ago: "" };
}

function zoned(text) {
  const nodes = [];
  let from = 0;
  for (const match of text.matchAll(MOMENT)) {
    nodes.push(text.slice(from, match.index), timeOf(momentOf(match), "full"));
    from = match.index + match[0].length;
  }
  return [...nodes, text.slice(from)];
}

function zonedText(text) {
  return text.replace(MOMENT, (...match) => told(momentOf(match), "full"));
}

function zoneLabel() {
  return el("span", { class: "ops-zone", text: zoneName() });
}

function retimeAll() {
  for (const node of document.querySelectorAll(".opsnb time")) if (node.opsTime) retime(node);
  for (const node of document.querySelectorAll(".opsnb .ops-zone")) node.textContent = zoneName();
  document.dispatchEvent(new Event(ZONE_CHANGED));
}

function zoneSwitch() {
  if (!HAS_ZONE) return el("span", { class: "ops-quiet", title: "Times are in UTC, which is this browser's zone too", text: "UTC" });
  const change = () => {
    try { localStorage.setItem(ZONE_KEY, inOwnZone() ? "utc" : "own"); } catch { /* a private window: the choice cannot be kept */ }
    retimeAll();
  };
  const control = button("", change, { class: "ops-textual ops-quiet", title: `Times in UTC or in ${OWN_ZONE}` });
  control.append(el("span", { class: "ops-aside", text: "Times are in " }), zoneLabel(), el("span", { class: "ops-aside", text: "; change the zone" }), el("i", { "aria-hidden": "true", text: " ⇄" }));
  return control;
}
