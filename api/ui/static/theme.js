/* Light or dark as this browser was told, before anything is painted: it stands in the head and is waited for. */
(() => {
  const KEY = "hookline.theme";
  const CHOICES = ["light", "dark"];
  const chosen = () => { try { const found = localStorage.getItem(KEY); return CHOICES.includes(found) ? found : ""; } catch { return ""; } };
  const wear = (theme) => {
    document.documentElement.style.colorScheme = theme;
    for (const choice of document.querySelectorAll("[data-theme-choice]")) { choice.value = theme; choice.parentElement.hidden = false; }
    document.dispatchEvent(new CustomEvent("hookline:theme"));
  };
  const keep = (theme) => { try { if (theme) localStorage.setItem(KEY, theme); else localStorage.removeItem(KEY); } catch { /* then it is forgotten */ } };

  wear(chosen());
  document.addEventListener("DOMContentLoaded", () => wear(chosen()));
  document.addEventListener("change", (event) => {
    if (event.target.dataset.themeChoice === undefined) return;
    keep(event.target.value);
    wear(event.target.value);
  });
  addEventListener("storage", (event) => { if (event.key === KEY) wear(chosen()); });
})();
