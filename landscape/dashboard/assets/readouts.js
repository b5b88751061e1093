/* Every number and word of the page that changes while a run goes on. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const SPOKEN_MS = 5000; // a screen reader hears of progress at most so often
  const whole = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });
  const count = (n) => whole.format(n).replace(/,/g, "\u2009");
  const percent = (share, digits) => (Number.isFinite(share) ? (100 * share).toFixed(digits === undefined ? 1 : digits) + " %" : "–");

  function put(id, text) {
    const element = document.getElementById(id);
    if (element && element.textContent !== text) element.textContent = text;
  }

  L.Readouts = class Readouts {
    constructor(player) {
      this.player = player;
      this.spoken = 0;
      this.button = "";
    }

    /** What is true of the run, whatever the playhead. */
    state() {
      const { state, surface, stage, live } = this.player;
      stage.classList.toggle("running", Boolean(state.running));
      stage.classList.toggle("recorded", !live);
      if (!live || state.label) {
        put("label-text", live ? state.label : "Recorded run. Press Run to train live.");
        stage.classList.add("labelled");
      } else if (document.getElementById("label-text").textContent.startsWith("Recorded")) {
        stage.classList.remove("labelled");
      }
      this.notice(state.notice || "");
      this.buttons();
      this.slice(state, surface);
    }

    /** The figures of the slice as a whole. */
    slice(state, surface) {
      const slice = state.slice || {};
      put("captured", percent(slice.captured));
      put("walk", percent(slice.walk, 0));
      this.bar(slice);
      if (surface) {
        put("images", surface.available === 1 ? "an exact function"
          : count(surface.examples) + " of " + count(surface.available) + " examples");
        put("standard-error", surface.error > 0 ? "standard error about " + Number(surface.error.toPrecision(1)) : "");
        put("grid", surface.a.length + "×" + surface.b.length);
      }
      put("fitted", slice.ahead ? count(slice.fitted) + " (ahead)" : count(slice.fitted || 0));
      const stale = document.getElementById("stale");
      if (stale) stale.hidden = !slice.stale;
      put("masked", surface && surface.nonfinite ? count(surface.nonfinite) + " cells not finite" : "");
      this.player.stage.classList.toggle("busy", Boolean(state.computing));
    }

    /** Show `text` for a moment, and say it. */
    flash(text) {
      const { stage, live, state } = this.player;
      L.announce(text);
      put("label-text", text);
      stage.classList.add("labelled");
      clearTimeout(this.flashing);
      this.flashing = setTimeout(() => {
        stage.classList.toggle("labelled", Boolean(!live || state.label));
        put("label-text", state.label || "");
      }, 2500);
    }

    bar(slice) {
      const fill = document.getElementById("captured-fill"), mark = document.getElementById("walk-mark");
      if (!fill || !mark) return;
      fill.style.width = 100 * Math.max(0, slice.captured || 0) + "%";
      mark.style.left = 100 * (slice.walk || 0) + "%";
    }

    buttons() {
      const { state, live } = this.player;
      const running = live && state.running;
      const name = running ? "Pause" : "Run";
      if (name === this.button) return;
      this.button = name;
      put("run-text", name);
      const run = document.getElementById("run");
      run.setAttribute("aria-pressed", running ? "true" : "false");
      run.classList.toggle("is-running", Boolean(running));
    }

    notice(text) {
      const box = document.getElementById("notice");
      put("notice-text", text);
      box.hidden = !text;
    }

    /** What is true at the playhead. */
    point(row) {
      const { state, tests } = this.player;
      const epoch = state.stepsPerEpoch ? row.step / state.stepsPerEpoch : 0;
      put("step-count", count(row.step));
      put("epoch", epoch.toFixed(epoch < 10 ? 2 : 1));
      put("cost", L.short(row.cost));
      const test = lastBefore(tests, row.step);
      put("accuracy", test ? percent(test.accuracy) : "–");
      put("off-plane", row.extent > 0 ? percent(row.off / row.extent) : "0.0 %");
      put("off-distance", row.off.toPrecision(3));
      put("extent", row.extent.toPrecision(3));
      put("cost-here", L.short(row.cost));
      put("cost-below", L.short(row.under));
      this.speak(row, test);
    }

    speak(row, test) {
      const now = performance.now(), { state, live } = this.player;
      if (!live || !state.running || now - this.spoken < SPOKEN_MS) return;
      this.spoken = now;
      const accuracy = test ? `, test accuracy ${percent(test.accuracy)}` : "";
      put("live-region", `Step ${row.step}, cost ${L.short(row.cost)}${accuracy}.`);
    }
  };

  function lastBefore(tests, step) {
    let found = null;
    for (const test of tests) {
      if (test.step <= step) found = test;
    }
    return found;
  }

  /** Say once, to eyes and screen readers, that something has changed. */
  L.announce = function (text) {
    put("live-region", text);
  };
})();
