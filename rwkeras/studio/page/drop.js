// Uploads of dropped or chosen files, the comparison slider, arrow keys for tabs, light and dark theme.
(() => {
  const wells = () => [...document.querySelectorAll(".well")];
  // Look the well up by role, as the page may have been rebuilt during the upload.
  const tell = (well, name, detail) => document
    .querySelector(`.well[data-role="${well.dataset.role}"]`)
    ?.dispatchEvent(new CustomEvent(name, { detail }));

  async function send(well, file) {
    const most = Number(document.querySelector(".studio").dataset.most);
    if (file.size > most) {
      tell(well, "refused", `${file.name} has ${file.size} bytes: at most ${most} are taken`);
      return;
    }
    well.classList.add("busy");
    try {
      const answer = await fetch("/studio/pictures", {
        method: "POST", body: file, headers: { "x-name": encodeURIComponent(file.name) },
      });
      const text = await answer.text();
      let found;
      try { found = JSON.parse(text); } catch { found = { error: text }; }
      tell(well, answer.ok ? "picture" : "refused", answer.ok ? found : found.error);
    } catch {
      tell(well, "refused", `${file.name} could not be sent`);
    } finally {
      well.classList.remove("busy");
    }
  }

  // The first file goes to the given or first empty well, the others to the wells after it.
  function spread(files, first) {
    const all = wells();
    const empty = all.findIndex((well) => !well.querySelector(".filled"));
    let place = first ? all.indexOf(first) : Math.max(0, empty);
    for (const file of [...files].slice(0, all.length)) {
      send(all[place % all.length], file);
      place += 1;
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches(".well input[type=file]")) {
      spread(event.target.files, event.target.closest(".well"));
      event.target.value = "";
    }
  });
  const over = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!over(event)) return;
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dragging");
    if (!over(event)) return;
    event.preventDefault();
    spread(event.dataTransfer.files, event.target.closest?.(".well"));
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches(".compare .cut")) {
      event.target.closest(".compare").style.setProperty("--cut", `${event.target.value}%`);
    }
  });

  document.addEventListener("keydown", (event) => {
    if (!event.target.matches?.("[role=tab]")) return;
    const tabs = [...document.querySelectorAll("[role=tab]")];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const next = tabs[(tabs.indexOf(event.target) + step + tabs.length) % tabs.length];
    next.focus();
    next.click();
  });

  // The stage is above the history: scroll it into view.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".history .card")) {
      document.getElementById("stage").scrollIntoView({ block: "nearest" });
    }
  });

  const theme = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const apply = (value) => { if (value) document.documentElement.dataset.theme = value; };
  apply(theme());
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-act=theme]")) return;
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    apply(dark ? "light" : "dark");
    try { localStorage.setItem("theme", dark ? "light" : "dark"); } catch { /* Storage is blocked. */ }
  });
})();
