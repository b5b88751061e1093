/* The page's clock: takes chunks as they come, rolls the ball between the points, asks for more.
 *
 * Chunks come a few times a second; the ball moves at every frame, by interpolation between points received,
 * a little behind the newest. Pausing, scrubbing and replaying need no server. The next chunk is asked for only
 * when one has been used (an interval timer faster than its answers would show nothing at all).
 */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const BUSY_MS = 45, CALM_MS = 250, IDLE_MS = 1500; // from one chunk to the next request
  const SILENCE_MS = 5000; // without an answer for so long, say so and ask again
  const REPLAY_S = 8, REST_S = 2.5; // a recorded path rolls for so long, then rests
  const REST_SHARE = 1; // where a frame takes long, as without a GPU, the machine gets as long a rest after it
  const still = window.matchMedia("(prefers-reduced-motion: reduce)");

  class Player {
    constructor(stage) {
      this.stage = stage;
      this.points = new L.Points();
      this.scene = L.webgl() ? new L.Scene(document.getElementById("space")) : null;
      this.contour = new L.Contour(document.getElementById("contour"));
      this.curves = new L.Curves(document.getElementById("cost-curve"), document.getElementById("accuracy-curve"));
      this.readouts = new L.Readouts(this);
      this.timeline = new L.Timeline(this);
      this.mode = "space";
      this.surface = null;
      this.view = null;
      this.state = null;
      this.tests = [];
      this.changes = [];
      this.key = null; // which run and which version of its points are here
      this.sequence = 0;
      this.head = 0;
      this.rate = 0;
      this.follow = true;
      this.replaying = false;
      this.rest = 0;
      this.live = false;
      this.dirty = true;
      this.asked = 0;
      this.timer = null;
      this.last = performance.now();
      if (!this.scene) stage.classList.add("no-webgl");
      new ResizeObserver(() => this.resized()).observe(stage.querySelector(".views"));
      document.addEventListener("visibilitychange", () => { this.last = performance.now(); });
      requestAnimationFrame((now) => this.frame(now));
    }

    /* ---- what arrives ---- */

    /** Show the recorded run until a live one has a surface. */
    showRecorded(recorded) {
      if (this.live) return;
      this.take(recorded);
      this.replay();
      if (still.matches) this.seek(this.points.length - 1);
      this.plan(CALM_MS); // the server prepares this visitor's own run meanwhile
    }

    /** Use one chunk, then plan the request for the next. */
    consume(chunk) {
      clearTimeout(this.watchdog);
      this.asked = 0;
      this.stage.classList.remove("silent");
      if (chunk.points) {
        if (!this.live) this.goLive();
        this.take(chunk);
      } else {
        this.readouts.preparing(chunk.state); // no surface of its own yet: what was shown stays in view
      }
      const { live, running, busy } = chunk.state;
      if (this.kicked) this.plan(0);
      else if (live) this.plan(running ? BUSY_MS : busy ? CALM_MS : IDLE_MS);
      this.kicked = false;
    }

    goLive() {
      this.live = true;
      this.replaying = false;
      this.stage.classList.remove("recorded");
    }

    take(chunk) {
      const fresh = chunk.key !== this.key, run = chunk.key.split(":")[0];
      if (fresh) {
        const behind = this.points.length - 1 - this.head;
        this.points.clear();
        this.points.append(chunk.points);
        const start = !this.key || run !== this.key.split(":")[0];
        if (start) this.replaying = false;
        if (start && chunk.state.replay) this.replay();
        else if (start || this.follow) this.head = Math.max(0, this.points.length - 1 - Math.max(0, start ? 0 : behind));
        else this.head = Math.min(this.head, this.points.length - 1);
        if (start && !this.replaying) this.follow = true;
        this.key = chunk.key;
      } else {
        this.points.append(chunk.points);
      }
      this.sequence = chunk.to;
      this.measure(chunk);
      this.state = chunk.state;
      if (chunk.tests) this.tests = chunk.tests;
      this.changes = chunk.changes;
      if (chunk.surface) {
        const laid = this.surface && this.live && this.surface.run === run && this.surface.plane !== chunk.surface.plane;
        this.surface = Object.assign(L.decodeSurface(chunk.surface), { run: run });
        if (laid && chunk.state.slice) this.readouts.flash("New plane, fitted at step " + chunk.state.slice.fitted + ".");
        this.look();
        this.rebuild();
      } else if (this.view && this.outOfRange()) {
        this.rebuild();
      }
      this.dirty = this.curvesDirty = true;
      this.readouts.state();
      this.timeline.update();
    }

    /** Follow how many points per second come in, so that the ball rolls at that pace. */
    measure(chunk) {
      const now = performance.now();
      if (this.measured && now > this.measured) {
        const came = this.points.length - this.counted;
        const rate = Math.max(0, came) / Math.max((now - this.measured) / 1000, 0.01);
        this.rate += (Math.min(rate, 400) - this.rate) * 0.2;
      }
      this.measured = now;
      this.counted = this.points.length;
      if (!chunk.state.running) this.rate = 0;
    }

    /** Show the surface in space, from above, or both; from above only where there is none, or no WebGL. */
    look(mode) {
      this.mode = mode || this.mode;
      const absent = Boolean(this.surface && this.surface.absent);
      this.stage.classList.toggle("no-surface", absent);
      this.stage.dataset.view = this.scene && !absent ? this.mode : "contour";
    }

    /** Whether the newest points lie above or below what the vertical axis shows. */
    outOfRange() {
      const [low, high] = this.view.rangeZ;
      for (let k = Math.max(0, this.points.length - 60); k < this.points.length; k += 1) {
        const height = this.view.height(this.points.cost[k]);
        if (height < low || height > high) return true;
      }
      return false;
    }

    rebuild() {
      this.view = L.viewOf(this.surface, this.points, L.look().palette);
      this.draw();
    }

    /* ---- asking for more ---- */

    /** Ask for the next chunk in `ms`. */
    plan(ms) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.ask(), ms);
    }

    /** Something was pressed: ask at once. */
    kick() {
      if (this.asked) this.kicked = true;
      else this.plan(0);
    }

    ask() {
      if (this.asked && performance.now() - this.asked < SILENCE_MS) return;
      this.asked = performance.now();
      const known = this.live && this.surface ? {
        key: this.key, since: this.sequence, surface: this.surface.version, revision: this.state.revision,
        tested: this.tests.length ? this.tests[this.tests.length - 1].step : null,
      } : {};
      window.dash_clientside.set_props("request", { data: Object.assign(known, { at: Date.now() }) });
      this.watchdog = setTimeout(() => {
        this.stage.classList.add("silent");
        this.ask();
      }, SILENCE_MS + 50);
    }

    /* ---- the playhead ---- */

    newest() {
      return Math.max(0, this.points.length - 1);
    }

    seek(head) {
      this.follow = false;
      this.replaying = false;
      this.head = Math.max(0, Math.min(head, this.newest()));
      this.dirty = this.curvesDirty = true;
      this.timeline.update();
    }

    /** Go back to the newest point and stay there. */
    catchUp() {
      this.follow = true;
      this.replaying = false;
      this.head = this.newest();
      this.dirty = this.curvesDirty = true;
      this.timeline.update();
    }

    /** Roll the path that is here from its start. */
    replay() {
      this.replaying = true;
      this.follow = false;
      this.head = 0;
      this.rest = 0;
      this.dirty = true;
    }

    advance(seconds) {
      const before = this.head, newest = this.newest();
      if (this.replaying) this.advanceReplay(seconds, newest);
      else if (this.follow) this.advanceLive(seconds, newest);
      this.head = Math.max(0, Math.min(this.head, newest));
      if (this.head !== before) this.dirty = this.curvesDirty = true;
    }

    /** Roll on at an even pace along the drawn path, however unevenly its points are spaced. */
    advanceReplay(seconds, newest) {
      const shares = this.shares(newest);
      let left = seconds / REPLAY_S;
      while (left > 0 && this.head < newest) {
        const k = Math.floor(this.head), rest = (k + 1 - this.head) * shares[k];
        this.head = left < rest ? this.head + left / shares[k] : k + 1;
        left -= rest;
      }
      if (this.head < newest) return;
      this.rest += seconds;
      if (this.live && !(this.state && this.state.replay)) {
        this.catchUp();
      } else if (this.rest > REST_S && !still.matches) {
        this.replay();
      }
    }

    /** Return what share of a replay each stretch between two points takes: by its length, and a little by its steps. */
    shares(newest) {
      const known = this.stretches;
      if (known && known.view === this.view && known.count === newest) return known.shares;
      const { rangeA, rangeB, rangeZ, height } = this.view, { a, b, cost, step } = this.points;
      const along = (values, k, range) => (values[k + 1] - values[k]) / (range[1] - range[0]);
      const lengths = [];
      for (let k = 0; k < newest; k += 1) {
        const rise = (height(cost[k + 1]) - height(cost[k])) / (rangeZ[1] - rangeZ[0]);
        const length = Math.hypot(along(a, k, rangeA), along(b, k, rangeB), Number.isFinite(rise) ? rise : 0);
        lengths.push(Number.isFinite(length) ? length : 0);
      }
      const whole = lengths.reduce((sum, length) => sum + length, 0) || 1;
      const steps = step[newest] - step[0] || 1;
      const shares = lengths.map((length, k) => (0.85 * length) / whole + (0.15 * (step[k + 1] - step[k])) / steps);
      this.stretches = { view: this.view, count: newest, shares: shares };
      return shares;
    }

    advanceLive(seconds, newest) {
      const behind = newest - this.head, running = this.state && this.state.running;
      const wanted = running ? 0.25 * this.rate : 0;
      const pace = running ? Math.max(0, this.rate + 3 * (behind - wanted)) : Math.max(10, 8 * behind);
      this.head = still.matches ? newest : this.head + seconds * pace;
    }

    /* ---- drawing ---- */

    /** Draw one frame; what goes wrong in it is logged once, and the next one is drawn all the same. */
    frame(now) {
      requestAnimationFrame((next) => this.frame(next));
      try {
        this.show(now);
      } catch (error) {
        if (this.complained !== error.message) console.error(error);
        this.complained = error.message;
      }
    }

    show(now) {
      const seconds = Math.min((now - this.last) / 1000, 0.25);
      this.last = now;
      if (this.view && this.points.length) {
        this.advance(seconds);
        if (this.drew) this.rested = now + REST_SHARE * Math.max(0, now - this.drew - 17);
        this.drew = 0;
        if (this.dirty && now >= (this.rested || 0)) {
          this.drew = now;
          this.move();
        }
        if (now - (this.readAt || 0) > 90) this.tick(now);
      }
    }

    tick(now) {
      this.readAt = now;
      this.readouts.point(this.points.at(this.head));
      this.timeline.update();
      if (this.curvesDirty && now - (this.curvesAt || 0) > 400) this.drawCurves(now);
    }

    drawCurves(now) {
      this.curvesAt = now;
      this.curvesDirty = false;
      const newest = this.live ? this.newest() : Math.ceil(this.head);
      const step = this.points.at(this.head).step;
      this.curves.show(this.points, newest, this.tests, this.changes, step, L.look());
    }

    /** Put path and ball where the playhead is. */
    move() {
      this.dirty = false;
      const shown = this.shown();
      if (this.scene && this.visible("space")) this.scene.move(shown);
      if (this.visible("contour")) this.contour.move(shown.path, shown.ball, this.marks());
    }

    /** Return the path up to the playhead, {x, y, z}, and the ball there, {x, y, z, foot}.
     *
     * Where the cost of a point itself is not known, it lies on the surface.
     */
    shown() {
      const whole = Math.floor(this.head), here = this.points.at(this.head), height = this.view.height;
      const x = this.points.a.slice(0, whole + 1), y = this.points.b.slice(0, whole + 1);
      const known = (cost, under) => height(Number.isFinite(cost) ? cost : under);
      const z = this.points.cost.slice(0, whole + 1).map((cost, k) => known(cost, this.points.under[k]));
      const ball = { x: here.a, y: here.b, z: known(here.cost, here.under), foot: height(here.under) };
      x.push(ball.x);
      y.push(ball.y);
      z.push(ball.z);
      return { path: { x: x, y: y, z: z }, ball: ball };
    }

    /** Return where on the plane settings were changed. */
    marks() {
      return this.changes.map((change) => {
        const k = this.points.step.findIndex((step) => step >= change.step);
        return k < 0 ? null : [this.points.a[k], this.points.b[k]];
      }).filter(Boolean);
    }

    visible(id) {
      const box = document.getElementById(id);
      return Boolean(box && box.clientWidth && box.clientHeight);
    }

    draw() {
      if (!this.view || !window.Plotly) return;
      const look = L.look();
      if (this.scene && this.visible("space")) {
        if (this.points.length) this.scene.place(this.shown());
        this.scene.show(this.view, look).then(() => { this.dirty = true; });
      }
      if (this.visible("contour")) this.contour.show(this.view, look).then(() => { this.dirty = true; });
      this.stage.classList.add("drawn");
      this.dirty = this.curvesDirty = true;
    }

    resized() {
      clearTimeout(this.resizing);
      this.resizing = setTimeout(() => this.draw(), 80);
    }

    /** A new theme or palette: everything is drawn in its colours. */
    restyle() {
      if (this.surface) this.rebuild();
    }
  }

  let player = null;

  /** Return the player once the page has its stage, else null. */
  L.player = function () {
    const stage = document.getElementById("stage");
    if (stage && (!player || player.stage !== stage)) player = new Player(stage);
    return player;
  };
})();
