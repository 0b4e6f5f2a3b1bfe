/* The overview's two charts, renewed each ten seconds. */
(() => {
  const place = document.querySelector("[data-minutes]");
  // A canvas knows no `light-dark()`: the element's own colour is what it came to.
  const colour = (name) => { place.style.color = `var(--${name})`; const found = getComputedStyle(place).color; place.style.color = ""; return found; };
  const axis = (more) => ({ stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", ...more });
  const seconds = (value) => {
    if (value == null) return "–";
    return value < 1 ? `${+(value * 1000).toPrecision(3)} ms` : `${+value.toPrecision(3)} s`;
  };
  const clock = (_, moments) => moments.map((each) => new Intl.DateTimeFormat("en-GB", { timeZone: window.hookline.zone(), hour: "2-digit", minute: "2-digit" }).format(new Date(each * 1000)));
  const line = (label, name, value) => ({ label, stroke: colour(name), width: 1.8, points: { show: false }, value });
  const number = (_, value) => (value == null ? "–" : value.toLocaleString("en"));
  const length = (_, value) => seconds(value);
  const kinds = {
    outcomes: {
      columns: ["at", "delivered", "retries", "exhausted", "cancelled"],
      series: [{ label: "at", value: (_, moment) => (moment == null ? "–" : clock(_, [moment])[0]) }, line("delivered", "ok", number), line("retries", "warn", number), line("exhausted", "bad", number), line("cancelled", "mute", number)],
      axes: [axis({ values: clock }), axis({ size: 52, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5] })],
      scales: { y: { range: (_, least, most) => [0, Math.max(5, most * 1.1)] } },
    },
    delay: {
      columns: ["at", "half", "most"],
      series: [{ label: "at", value: (_, moment) => (moment == null ? "–" : clock(_, [moment])[0]) }, line("half of them within", "accent", length), line("95 of 100 within", "warn", length)],
      axes: [axis({ values: clock }), axis({ size: 64, splits: () => [0.001, 0.01, 0.1, 1, 10, 100, 1000], values: (_, values) => values.map((each) => (each == null ? "" : seconds(each))) })],
      scales: { y: { distr: 3, range: (_, least, most) => [Math.min(0.001, least ?? 0.001), 10 ** Math.ceil(Math.log10(Math.max(1, most ?? 1)))] } },
    },
  };
  const charts = new Map();
  const draw = (name, minutes) => {
    const { columns, ...rest } = kinds[name];
    const data = columns.map((column) => minutes[column]);
    const box = place.querySelector(`[data-chart=${name}]`);
    if (charts.has(name)) { charts.get(name).setData(data); return; }
    charts.set(name, new uPlot({ width: box.clientWidth, height: 240, cursor: { y: false }, ...rest }, data, box));
  };
  const look = async () => {
    try {
      const answer = await fetch(place.dataset.minutes, { redirect: "error" });
      if (answer.ok) {
        const minutes = await answer.json();
        for (const name of Object.keys(kinds)) draw(name, minutes);
      }
    } catch { window.hookline.offline(false); }
  };
  addEventListener("resize", () => {
    for (const [name, chart] of charts) chart.setSize({ width: place.querySelector(`[data-chart=${name}]`).clientWidth, height: 240 });
  });
  const repaint = () => location.reload();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  addEventListener("load", () => document.addEventListener("hookline:theme", repaint));
  setInterval(() => { if (window.hookline.live()) look(); }, 10_000);
  look();
})();
