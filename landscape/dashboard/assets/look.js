/* The colours of the charts in the theme that is on. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const NAMES = ["ink", "muted", "faint", "grid", "isoline", "path", "outline", "ball", "train", "test", "batch", "plot"];

  /** Return the colours of the charts as the style sheet says them. */
  L.look = function () {
    const style = getComputedStyle(document.documentElement);
    const look = { font: getComputedStyle(document.body).fontFamily };
    for (const name of NAMES) look[name] = style.getPropertyValue("--chart-" + name).trim();
    look.palette = localStorage.getItem("landscape-palette") || "viridis";
    return look;
  };

  /** Return an axis title without what it says in brackets, where the whole would take more than `width` pixels. */
  L.fitted = function (title, width) {
    return 6 * title.length > width ? title.replace(/ \(.*\)$/, "") : title;
  };

  L.theme = {
    get: () => document.documentElement.getAttribute("data-mantine-color-scheme") || "dark",
    set(name) {
      localStorage.setItem("landscape-theme", name);
      window.dash_clientside.set_props("provider", { forceColorScheme: name });
      document.documentElement.setAttribute("data-mantine-color-scheme", name);
      const player = L.player();
      if (player) player.restyle();
    },
    /** The theme chosen before, else the system's. */
    initial() {
      const system = window.matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
      return localStorage.getItem("landscape-theme") || system;
    },
  };
})();
