/* Where Dash and the player meet: clientside callbacks, keys, and the start of the page. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const WRITING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable=true], [role=dialog]";
  const SETTLED_MS = 380; // a little more than the fields wait for the next key
  const KEYS = { " ": "run", s: "step", r: "reset", "?": "help" };

  function press(id) {
    const button = document.getElementById(id);
    if (button && !button.disabled) button.click();
  }

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest(WRITING)) return;
    const player = L.player(), id = KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (id) {
      if (event.key === " " && event.target.closest("button, [role=radio], [role=switch], [role=option], a, input, summary")) return;
      event.preventDefault();
      press(id);
    } else if (player && event.target.id !== "scrub" && !event.target.closest("[role=radiogroup], [role=slider]")) {
      if (event.key === "ArrowLeft") player.timeline.nudge(-1);
      if (event.key === "ArrowRight") player.timeline.nudge(1);
    }
  }

  /** Run `use` with the player, as soon as the page has a stage and Plotly has loaded. */
  function withPlayer(use) {
    const player = window.Plotly && L.player();
    if (player) use(player);
    else setTimeout(() => withPlayer(use), 20);
  }

  const nothing = () => window.dash_clientside.no_update;

  window.dash_clientside = Object.assign({}, window.dash_clientside, {
    landscape: {
      /** The page is there: show the bundled run, or go on with the session's own. */
      start(recorded, live) {
        withPlayer((player) => {
          if (!live && recorded) player.showRecorded(recorded);
          if (live) player.kick();
        });
        return nothing();
      },
      /** A chunk came. */
      consume(chunk) {
        if (chunk) withPlayer((player) => player.consume(chunk));
        return nothing();
      },
      /** A command was carried out: its effect is there to be fetched. */
      kick(done) {
        if (done) withPlayer((player) => player.kick());
        return nothing();
      },
      /** Show the surface in space, from above, or both. */
      view(mode) {
        withPlayer((player) => {
          player.stage.dataset.view = player.scene ? mode : "contour";
          player.draw();
        });
        return nothing();
      },
      theme(clicks) {
        L.theme.set(clicks === undefined || clicks === null ? L.theme.initial() : L.theme.get() === "dark" ? "light" : "dark");
        return nothing();
      },
      help(clicks, opened) {
        return clicks ? !opened : opened;
      },
      palette(name) {
        if (name) localStorage.setItem("landscape-palette", name);
        withPlayer((player) => player.restyle());
        return nothing();
      },
      /** Put the page's address, settings included, on the clipboard. */
      copy(clicks, query) {
        if (!clicks) return nothing();
        const address = location.origin + location.pathname + (query || "");
        const said = () => {
          const button = document.getElementById("copy-link");
          button.classList.add("done");
          L.announce("Link copied.");
          setTimeout(() => button.classList.remove("done"), 1500);
        };
        if (navigator.clipboard) navigator.clipboard.writeText(address).then(said, () => window.prompt("Link", address));
        else window.prompt("Link", address);
        return nothing();
      },
    },
  });

  /** A command waits until what was just typed has been sent: it is to run what the page shows. */
  let typed = -SETTLED_MS;
  document.addEventListener("input", (event) => {
    if (event.target.closest(".settings")) typed = performance.now();
  }, true);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("#run, #step, #reset, #refit, #copy-link");
    const left = typed + SETTLED_MS - performance.now();
    if (!button || left <= 0) return;
    event.stopImmediatePropagation();
    setTimeout(() => button.click(), left);
  }, true);

  window.addEventListener("keydown", onKey);
})();
