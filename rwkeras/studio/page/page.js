// Uploads of dropped or chosen files, the comparison slider, arrow keys for tabs, light and dark theme.
(() => {
  const dropZones = () => [...document.querySelectorAll(".drop-zone")];
  // Look the drop zone up by role, as the page may have been rebuilt during the upload.
  const dispatch = (zone, name, detail) => document
    .querySelector(`.drop-zone[data-role="${zone.dataset.role}"]`)
    ?.dispatchEvent(new CustomEvent(name, { detail }));

  async function upload(zone, file) {
    const maxBytes = Number(document.querySelector(".studio").dataset.maxBytes);
    if (file.size > maxBytes) {
      dispatch(zone, "rejected", `${file.name} has ${file.size} bytes: the limit is ${maxBytes} bytes`);
      return;
    }
    zone.classList.add("busy");
    try {
      const response = await fetch("/studio/pictures", {
        method: "POST", body: file, headers: { "x-name": encodeURIComponent(file.name) },
      });
      const text = await response.text();
      let result;
      try { result = JSON.parse(text); } catch { result = { error: text }; }
      dispatch(zone, response.ok ? "uploaded" : "rejected", response.ok ? result : result.error);
    } catch {
      dispatch(zone, "rejected", `${file.name} could not be uploaded`);
    } finally {
      zone.classList.remove("busy");
    }
  }

  // The first file goes to the given or first empty drop zone, the others to the zones after it.
  function uploadAll(files, first) {
    const zones = dropZones();
    const firstEmpty = zones.findIndex((zone) => !zone.querySelector(".filled"));
    let index = first ? zones.indexOf(first) : Math.max(0, firstEmpty);
    for (const file of [...files].slice(0, zones.length)) {
      upload(zones[index % zones.length], file);
      index += 1;
    }
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches(".drop-zone input[type=file]")) {
      uploadAll(event.target.files, event.target.closest(".drop-zone"));
      event.target.value = "";
    }
  });
  const hasFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    document.body.classList.add("dragging");
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) document.body.classList.remove("dragging");
  });
  document.addEventListener("drop", (event) => {
    document.body.classList.remove("dragging");
    if (!hasFiles(event)) return;
    event.preventDefault();
    uploadAll(event.dataTransfer.files, event.target.closest?.(".drop-zone"));
  });

  document.addEventListener("input", (event) => {
    if (event.target.matches(".compare .split-slider")) {
      event.target.closest(".compare").style.setProperty("--split", `${event.target.value}%`);
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

  // The result is above the history: scroll it into view.
  document.addEventListener("click", (event) => {
    if (event.target.closest?.(".history .card")) {
      document.getElementById("job-view").scrollIntoView({ block: "nearest" });
    }
  });

  const storedTheme = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
  const applyTheme = (value) => { if (value) document.documentElement.dataset.theme = value; };
  applyTheme(storedTheme());
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-action=theme]")) return;
    const dark = document.documentElement.dataset.theme
      ? document.documentElement.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
    applyTheme(dark ? "light" : "dark");
    try { localStorage.setItem("theme", dark ? "light" : "dark"); } catch { /* Storage is blocked. */ }
  });
})();
