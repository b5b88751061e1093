/* Where Dash and the player meet: clientside callbacks, keys, and the start of the page. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const WRITING = "input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable=true], [role=dialog]";
  const SETTLED_MS = 380; // a little more than the fields wait for the next key
  const ANSWER_MS = 4000, AGAIN_MS = 40; // most that an answer to a choice is waited for; how often it is looked for
  const KEYS = { " ": "run", s: "step", r: "reset", "?": "help" };

  let typed = -SETTLED_MS;
  let picked = null; // what was chosen and is not answered yet

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
      /** An answer came, perhaps to what was picked last. */
      settle(done, command) {
        const chosen = Object.assign({}, done && done.chosen, command && { preset: command.preset });
        if (picked && chosen[picked.slot] === picked.value) picked = null;
        return nothing();
      },
      /** Show the surface in space, from above, or both. */
      view(mode) {
        withPlayer((player) => {
          player.look(mode);
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

  /** Note what is being picked from a list, if it is one whose choice the server answers. */
  function pick(option) {
    const list = option.closest("[role=listbox]");
    const box = list && document.querySelector(`.settings [aria-controls="${list.id}"]`);
    if (!box || option.dataset.checked) return;
    const slot = box.id.startsWith("{") ? JSON.parse(box.id).slot : box.id;
    picked = { slot: slot, value: option.getAttribute("value"), until: performance.now() + ANSWER_MS };
  }

  /** Return in how many milliseconds a command may be carried out: it is to run what the page shows.
   *
   * What was just typed has to be sent; a choice has to be answered, since other settings may come with it.
   */
  function wait() {
    const now = performance.now();
    return picked && now < picked.until ? AGAIN_MS : typed + SETTLED_MS - now;
  }

  document.addEventListener("input", (event) => {
    if (event.target.closest(".settings")) typed = performance.now();
  }, true);
  document.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]"); // Enter clicks it, too
    if (option) pick(option);
    const button = event.target.closest("#run, #step, #reset, #refit, #copy-link");
    const left = button ? wait() : 0;
    if (left <= 0) return;
    event.stopImmediatePropagation();
    // with a frame in between, in which a busy page sends what it was late to send
    setTimeout(() => requestAnimationFrame(() => setTimeout(() => button.click())), left);
  }, true);

  window.addEventListener("keydown", onKey);
})();
