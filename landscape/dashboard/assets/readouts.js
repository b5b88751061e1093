/* Every number and word of the page that changes while a run goes on. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const SPOKEN_MS = 5000; // a screen reader hears of progress at most so often
  const FLASH_MS = 2500;
  const RECORDED = "Recorded run. Press Run to train live.";
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
      this.named = "";
    }

    /** What is true of the run, whatever the playhead. */
    state() {
      const { state, surface, stage, live } = this.player;
      stage.classList.toggle("running", Boolean(state.running));
      stage.classList.toggle("recorded", !live);
      if (!this.flashed()) this.label(live ? state.label : RECORDED);
      this.notice(state.notice || "");
      this.remarks(state.remarks || "");
      this.button(Boolean(live && state.running));
      this.slice(state, surface);
    }

    /** What is said over the stage for as long as it is true; nothing when `text` is empty. */
    label(text) {
      if (text) put("label-text", text);
      this.player.stage.classList.toggle("labelled", Boolean(text));
    }

    flashed() {
      return performance.now() < (this.flashedUntil || 0);
    }

    /** A run of the visitor's own is being prepared: say so, and what Run does now. */
    preparing(state) {
      this.notice(state.notice || "");
      this.button(Boolean(state.running));
      if (!state.live) return;
      this.label(state.busy ? "Looking ahead …" : this.player.live ? "" : RECORDED);
      this.player.stage.classList.toggle("busy", state.busy);
    }

    /** The figures of the slice as a whole. */
    slice(state, surface) {
      const slice = state.slice || {};
      this.player.stage.classList.toggle("whole-plane", Boolean(slice.whole));
      this.player.stage.classList.toggle("costless", Boolean(slice.costless));
      put("captured", percent(slice.captured));
      put("walk", percent(slice.walk, 0));
      this.bar(slice);
      if (surface) {
        put("images", surface.absent ? "no surface" : surface.available === 1 ? "an exact function"
          : count(surface.examples) + " of " + count(surface.available) + " examples");
        put("standard-error", surface.error > 0 ? "standard error about " + Number(surface.error.toPrecision(1)) : "");
        put("grid", surface.absent ? "" : "· " + surface.a.length + "×" + surface.b.length);
      }
      put("fitted", slice.ahead ? count(slice.fitted) + " (ahead)" : count(slice.fitted || 0));
      const stale = document.getElementById("stale");
      if (stale) stale.hidden = !slice.stale;
      put("masked", surface && surface.nonfinite ? count(surface.nonfinite) + " cells not finite" : "");
      this.player.stage.classList.toggle("busy", Boolean(state.computing));
    }

    /** Show `text` for a moment, and say it. */
    flash(text) {
      L.announce(text);
      this.label(text);
      this.flashedUntil = performance.now() + FLASH_MS;
      clearTimeout(this.flashing);
      this.flashing = setTimeout(() => this.state(), FLASH_MS);
    }

    bar(slice) {
      const fill = document.getElementById("captured-fill"), mark = document.getElementById("walk-mark");
      if (!fill || !mark) return;
      fill.style.width = 100 * Math.max(0, slice.captured || 0) + "%";
      mark.style.left = 100 * (slice.walk || 0) + "%";
    }

    button(running) {
      const name = running ? "Pause" : "Run";
      if (name === this.named) return;
      this.named = name;
      put("run-text", name);
      const run = document.getElementById("run");
      run.setAttribute("aria-pressed", running ? "true" : "false");
      run.classList.toggle("is-running", running);
    }

    notice(text) {
      const box = document.getElementById("notice");
      put("notice-text", text);
      box.hidden = !text;
    }

    /** Why a saved run ended early, and what of it cannot be shown. */
    remarks(text) {
      put("remarks", text);
      document.getElementById("remarks").hidden = !text;
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
      put("off-distance", L.short(row.off));
      put("extent", L.short(row.extent));
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
