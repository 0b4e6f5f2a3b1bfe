/* Times in the reader's zone, copying, and lists that renew themselves; every page works without it. */
(() => {
  const stored = (name, otherwise) => { try { return localStorage.getItem(name) ?? otherwise; } catch { return otherwise; } };
  const store = (name, value) => { try { localStorage.setItem(name, value); } catch { /* then it is forgotten */ } };
  let utc = stored("hookline.utc", "no") === "yes";
  let live = stored("hookline.live", "yes") === "yes";
  const zone = () => (utc ? "UTC" : Intl.DateTimeFormat().resolvedOptions().timeZone);

  const format = (at, options) => new Intl.DateTimeFormat("en-GB", { timeZone: zone(), hour12: false, ...options }).format(at);
  const full = { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const today = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const clock = { ...today, fractionalSecondDigits: 3 };
  const steps = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const relative = (at) => {
    const seconds = Math.round((at - Date.now()) / 1000);
    const [unit, size] = steps.find(([, each]) => Math.abs(seconds) >= each) ?? ["second", 1];
    return new Intl.RelativeTimeFormat("en", { numeric: "always" }).format(Math.trunc(seconds / size), unit);
  };
  const shown = (element, at) => {
    if (element.dataset.relative) return relative(at);
    if (element.dataset.clock) return format(at, clock);
    return format(at, format(at, { dateStyle: "short" }) === format(new Date(), { dateStyle: "short" }) ? today : full);
  };
  const tell = (root) => {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const at = new Date(element.dateTime);
      const text = shown(element, at);
      if (element.textContent !== text) element.textContent = text;
      element.title = `${format(at, full)} ${zone()}\n${element.dateTime.replace("T", " ").replace("Z", "")} UTC`;
    }
  };
  const tellZone = () => {
    for (const button of document.querySelectorAll("[data-zone-switch]")) button.setAttribute("aria-pressed", String(utc));
    for (const place of document.querySelectorAll("[data-zone-name]")) place.textContent = `Times are ${zone()}.`;
    tell(document);
  };
  const tellLive = () => {
    for (const button of document.querySelectorAll("[data-live-switch]")) button.setAttribute("aria-pressed", String(live));
    document.dispatchEvent(new CustomEvent("hookline:live", { detail: live }));
  };
  const offline = (hidden) => { for (const line of document.querySelectorAll("[data-offline]")) line.hidden = hidden; };

  const copy = async (button) => {
    const from = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.previousElementSibling;
    await navigator.clipboard.writeText(from.dataset.text ?? from.textContent.trim());
    const before = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = before; }, 1500);
  };

  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    if ("copy" in button.dataset) copy(button);
    if ("zoneSwitch" in button.dataset) { utc = !utc; store("hookline.utc", utc ? "yes" : "no"); tellZone(); }
    if ("liveSwitch" in button.dataset) { live = !live; store("hookline.live", live ? "yes" : "no"); tellLive(); }
  });
  document.addEventListener("submit", (event) => {
    const asked = event.submitter?.dataset.confirm;
    if (asked && !window.confirm(asked)) event.preventDefault();
  });

  const selecting = (element) => { const chosen = getSelection(); return !chosen.isCollapsed && element.contains(chosen.anchorNode); };
  document.addEventListener("htmx:beforeRequest", (event) => {
    const { elt } = event.detail;
    if (elt.dataset.renews !== undefined && (!live || document.hidden || selecting(elt))) event.preventDefault();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    const mark = event.detail.elt.dataset.mark;
    if (mark) event.detail.headers["X-Seen"] = mark;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const { elt, xhr, successful } = event.detail;
    offline(successful);
    if (xhr.status === 401 || xhr.status === 403) location.reload();
    if (elt.dataset.renews !== undefined && successful) elt.dataset.mark = xhr.getResponseHeader("X-Mark") ?? "";
  });
  document.addEventListener("htmx:sendError", () => offline(false));
  // What a person opened stays open, and a heading that changed is said aloud.
  let opened = new Map();
  let headed = "";
  const heading = () => document.querySelector("h1")?.textContent.replace(/\s+/g, " ").trim() ?? "";
  document.addEventListener("htmx:beforeSwap", (event) => {
    headed = heading();
    opened = new Map([...event.detail.target.querySelectorAll("details[id]")].map((each) => [each.id, each.open]));
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const each of event.detail.target.querySelectorAll("details[id]")) {
      if (opened.has(each.id)) each.open = opened.get(each.id);
    }
    tell(event.detail.target);
    if (heading() !== headed) document.querySelector("[data-announcer]").textContent = heading();
  });

  if (matchMedia("(max-width: 47rem)").matches) {
    for (const each of document.querySelectorAll("details[data-narrow-closed=yes]")) each.open = false;
  }
  const here = document.querySelector(".top nav [aria-current]");
  if (here) here.parentElement.scrollLeft = here.offsetLeft - here.parentElement.offsetLeft - 40;
  window.hookline = { tell, offline, zone, live: () => live && !document.hidden };
  setInterval(() => { if (!document.hidden) for (const each of document.querySelectorAll("time[data-relative]")) tell(each.parentElement); }, 1000);
  tellZone();
  tellLive();
})();
