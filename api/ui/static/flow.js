/* The drawing's numbers, renewed each second, and one delivery's way, step by step. */
(() => {
  const drawing = document.querySelector("[data-flow]");
  const number = (value) => (value >= 1e6 ? `${(value / 1e6).toFixed(2)}M` : value.toLocaleString("en"));
  const brief = (value) => {
    if (value >= 1e7) return `${Math.floor(value / 1e6)}M`;
    return value >= 1e4 ? `${Math.floor(value / 1e3)}k` : value.toLocaleString("en");
  };
  const put = (selector, text) => {
    let changed = false;
    for (const place of drawing.querySelectorAll(selector)) {
      if (place.textContent !== text) { place.textContent = text; changed = true; }
    }
    return changed;
  };
  const flash = (selector) => {
    for (const element of drawing.querySelectorAll(selector)) {
      element.classList.add("moved");
      setTimeout(() => element.classList.remove("moved"), 700);
    }
  };
  const renew = (counts) => {
    for (const [id, [total, minute]] of Object.entries(counts.nodes)) {
      if (put(`[data-count="${id}"]`, number(total))) flash(`[data-node="${id}"]`);
      put(`[data-rate="${id}"]`, minute ? `${number(minute)}/min` : "");
    }
    for (const [id, total] of Object.entries(counts.edges)) {
      if (put(`[data-edge-count="${id}"]`, brief(total))) flash(`[data-move="${id}"]`);
    }
    counts.loop.forEach((total, at) => put(`[data-loop="${at}"]`, number(total)));
  };
  const look = async () => {
    if (window.hookline.live()) {
      try {
        const answer = await fetch(drawing.dataset.flow, { headers: { Accept: "application/json" }, redirect: "error" });
        if (answer.ok) renew(await answer.json());
        window.hookline.offline(answer.ok);
      } catch { window.hookline.offline(false); }
    }
    setTimeout(look, 1000);
  };

  let at = -1; // before the first move of a person, the whole way is lit
  let timer = 0;
  const way = () => [...document.querySelectorAll("[data-step]")];
  const mark = (selector, name) => { for (const each of drawing.querySelectorAll(selector)) each.classList.add(name); };
  const light = (step, name) => {
    mark(`[data-node="${step.dataset.step}"]`, name);
    if (step.dataset.edge) mark(`[data-move="${step.dataset.edge}"]`, name);
  };
  const stand = (wanted) => {
    const steps = way();
    at = Math.max(-1, Math.min(steps.length - 1, wanted));
    for (const each of document.querySelectorAll(".here, .lit")) each.classList.remove("here", "lit");
    steps.slice(0, at < 0 ? steps.length : at + 1).forEach((step) => light(step, "lit"));
    steps.forEach((step, place) => {
      if (place !== at) { step.removeAttribute("aria-current"); return; }
      step.classList.add("here");
      step.setAttribute("aria-current", "step");
      light(step, "here");
    });
  };
  const say = (text) => { for (const button of document.querySelectorAll("[data-play]")) button.textContent = text; };
  const stop = () => { clearInterval(timer); timer = 0; say("Play"); };
  const play = () => {
    if (timer) { stop(); return; }
    if (at >= way().length - 1) at = -1;
    say("Pause");
    stand(at + 1);
    timer = setInterval(() => (at < way().length - 1 ? stand(at + 1) : stop()), 650);
  };
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-player] button");
    if (!button) return;
    if ("play" in button.dataset) { play(); return; }
    stop();
    if ("first" in button.dataset) stand(0);
    if ("back" in button.dataset) stand(Math.max(0, at - 1));
    if ("on" in button.dataset) stand(at + 1);
  });
  const arrived = () => {
    for (const player of document.querySelectorAll("[data-player]")) player.hidden = false;
    if (way().length) stand(at);
    const chosen = location.pathname.split("/").pop();
    for (const node of drawing.querySelectorAll("[data-node]")) {
      if (node.dataset.node === chosen) node.setAttribute("aria-current", "true");
      else node.removeAttribute("aria-current");
    }
  };
  document.addEventListener("htmx:afterSettle", arrived);
  arrived();
  look();
})();
