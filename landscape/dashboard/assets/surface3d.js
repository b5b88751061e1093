/* The surface, the path and the ball in one WebGL scene that stays draggable while data stream in.
 *
 * Plotly's public ways of changing a live 3-D figure (extendData, restyle, react) interrupt a drag and put the
 * camera back (plotly.js#6359). New positions are therefore written into the trace and its full trace, the
 * scene's own trace object is updated, and the canvas is redrawn. Those members are private: they are used in
 * this file only, and a browser test drags the camera while training runs. Where they are missing, the public
 * restyle is used while no pointer is down.
 */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});

  const SURFACE = 0, OUTLINE = 1, PATH = 2, GHOST = 3, STEM = 4, FOOT = 5, BALL = 6;
  const OVERLAID = [GHOST, STEM, FOOT, BALL]; // seen through the surface, where it hides them
  const QUIET_MS = 500; // how long after a drag or a wheel the public, camera-changing calls wait
  const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, responsive: false };

  /** Whether this browser can draw WebGL at all. */
  L.webgl = function () {
    try {
      const canvas = document.createElement("canvas");
      return Boolean(canvas.getContext("webgl") || canvas.getContext("experimental-webgl"));
    } catch (error) {
      return false;
    }
  };

  function colourBar(view, look) {
    return {
      title: { text: view.costTitle, side: "right", font: { size: 11, color: look.muted } },
      thickness: 8, len: 0.62, x: 1, xanchor: "right", xpad: 6, outlinewidth: 0,
      tickvals: view.ticks.values, ticktext: view.ticks.texts, ticks: "",
      tickfont: { size: 11, color: look.muted },
    };
  }

  function line(colour, width, opacity) {
    return {
      type: "scatter3d", mode: "lines", x: [], y: [], z: [], line: { color: colour, width: width },
      opacity: opacity, hoverinfo: "skip", showlegend: false,
    };
  }

  function marker(colour, size, edge) {
    return {
      type: "scatter3d", mode: "markers", x: [], y: [], z: [],
      marker: { color: colour, size: size, symbol: "circle", line: { color: edge, width: 1.5 } },
      hoverinfo: "skip", showlegend: false,
    };
  }

  function surfaceTrace(view, look) {
    return {
      type: "surface", x: view.a, y: view.b, z: view.heights, colorscale: view.colours,
      cmin: view.colourRange[0], cmax: view.colourRange[1], showscale: true, colorbar: colourBar(view, look),
      text: view.texts, hovertemplate: "%{text}<extra></extra>", connectgaps: false,
      lighting: { ambient: 0.62, diffuse: 0.62, specular: 0.12, roughness: 0.6, fresnel: 0.08 },
      lightposition: { x: -4000, y: -2500, z: 9000 },
      contours: {
        x: { highlight: false }, y: { highlight: false },
        z: {
          show: true, usecolormap: false, color: look.isoline, width: 1, highlight: false,
          start: view.isolines.start, end: view.isolines.end, size: view.isolines.size,
        },
      },
    };
  }

  /** Draw `object` over whatever is nearer: the ball is often below the slice, and must be seen. */
  function overlay(object, gl) {
    if (!object || object.overlaid) return;
    object.overlaid = true;
    for (const name of ["draw", "drawTransparent"]) {
      const draw = object[name];
      if (typeof draw !== "function") continue;
      object[name] = function (parameters) {
        gl.disable(gl.DEPTH_TEST);
        draw.call(this, parameters);
        gl.enable(gl.DEPTH_TEST);
      };
    }
  }

  /** Return a camera that has the whole box and its titles in view on a canvas of that size. */
  function home(size) {
    const far = Math.max(1, (1.28 * size.height) / size.width);
    return { eye: { x: -1.2 * far, y: -1.22 * far, z: 0.8 * far }, center: { x: 0.02, y: 0, z: -0.2 } };
  }

  function axis(title, look, more) {
    return Object.assign({
      title: { text: title, font: { size: 11, color: look.muted } },
      tickfont: { size: 11, color: look.faint }, gridcolor: look.grid, zerolinecolor: look.grid,
      linecolor: look.grid, showbackground: false, showspikes: false, nticks: 6, autorange: false,
    }, more);
  }

  function layout(view, look, camera, size) {
    return {
      width: size.width, height: size.height, margin: { l: 0, r: 0, t: 0, b: 0 }, paper_bgcolor: "rgba(0,0,0,0)",
      font: { family: look.font }, hoverlabel: { font: { family: look.font, size: 12 } },
      uirevision: "camera",
      scene: {
        camera: camera, dragmode: "turntable", aspectmode: "manual", aspectratio: view.aspect, uirevision: "camera",
        xaxis: axis(L.fitted(view.labels[0], size.width / 3), look, { range: view.rangeA }),
        yaxis: axis(L.fitted(view.labels[1], size.width / 3), look, { range: view.rangeB }),
        zaxis: axis("cost", look, { // the colour bar says the scale: a longer title leaves the canvas
          range: view.rangeZ, tickvals: view.ticks.values, ticktext: view.ticks.texts,
        }),
      },
    };
  }

  L.Scene = class Scene {
    constructor(div) {
      this.div = div;
      this.ready = false;
      this.quietUntil = 0;
      this.down = false;
      this.queued = null;
      this.placed = [];
      this.turned = false; // by the user: from then on, the camera is theirs
      div.addEventListener("pointerdown", () => { this.down = this.turned = true; }, true);
      for (const kind of ["pointerup", "pointercancel"]) {
        window.addEventListener(kind, () => this.hush(this.down), true);
      }
      div.addEventListener("wheel", () => { this.turned = true; this.hush(true); }, { capture: true, passive: true });
    }

    hush(wasActive) {
      if (wasActive) this.quietUntil = performance.now() + QUIET_MS;
      this.down = false;
    }

    /** Whether somebody is turning the camera right now. */
    busy() {
      return this.down || performance.now() < this.quietUntil;
    }

    /** Return the camera as it stands; until it is turned, from where the whole surface fits in. */
    camera(size) {
      const scene = this.ready && this.turned && this.div._fullLayout.scene._scene;
      return scene && scene.getCamera ? scene.getCamera() : home(size);
    }

    size() {
      return { width: this.div.clientWidth, height: this.div.clientHeight };
    }

    /** Draw the figure anew, around the camera as it stands: for a new plane, a new theme or a new size. */
    show(view, look) {
      this.view = view;
      this.look = look;
      if (this.queued) return this.queued;
      this.queued = this.settled().then(() => {
        this.queued = null;
        const size = this.size();
        if (!size.width || !size.height) return undefined;
        const drawn = this.traces(this.view, this.look);
        drawn[SURFACE].showscale = size.width > 480;
        const figure = layout(this.view, this.look, this.camera(size), size);
        return window.Plotly.react(this.div, drawn, figure, CONFIG).then(() => {
          this.ready = true;
          this.fit(size);
        });
      });
      return this.queued;
    }

    /** Have the canvas take a new size: it looks for one only when the window says so. */
    fit(size) {
      if (this.fitted === size.width * 1e5 + size.height) return;
      this.fitted = size.width * 1e5 + size.height;
      window.dispatchEvent(new Event("resize"));
    }

    /** Resolves once nobody is turning the camera. */
    settled() {
      return new Promise((resolve) => {
        const look = () => (this.ready && this.busy() ? setTimeout(look, 60) : resolve());
        look();
      });
    }

    traces(view, look) {
      const traces = [
        surfaceTrace(view, look), line(look.outline, 7, 0.9), line(look.path, 3, 1), line(look.path, 3, 0.6),
        line(look.ball, 4, 1), marker(look.ball, 4, look.outline), marker(look.ball, 10, "#ffffff"),
      ];
      // Plotly gives a trace without points no object that could be moved later
      for (const [k, xyz] of this.placed) Object.assign(traces[k], xyz);
      return traces;
    }

    /** Say where path, ball and stem are when the figure is next drawn. `path` is {x, y, z}; `ball` {x, y, z, foot}. */
    place({ path, ball }) {
      const at = { x: [ball.x], y: [ball.y], z: [ball.z] };
      const foot = { x: [ball.x], y: [ball.y], z: [ball.foot] };
      const stem = { x: [ball.x, ball.x], y: [ball.y, ball.y], z: [ball.z, ball.foot] };
      this.placed = [[OUTLINE, path], [PATH, path], [GHOST, path], [STEM, stem], [FOOT, foot], [BALL, at]];
    }

    /** Move path, ball and stem to there now. */
    move(shown) {
      this.place(shown);
      if (this.ready) this.write(this.placed);
    }

    write(changes) {
      const full = this.div._fullData, scene = this.div._fullLayout.scene._scene;
      for (const [k, xyz] of changes) Object.assign(this.div.data[k], xyz);
      if (!scene || !scene.traces || !scene.glplot) {
        this.restyle(changes);
        return;
      }
      for (const [k, xyz] of changes) {
        Object.assign(full[k], xyz);
        const drawn = scene.traces[full[k].uid];
        if (drawn) drawn.update(full[k]);
        if (drawn && OVERLAID.includes(k)) overlay(drawn.linePlot || drawn.scatterPlot, scene.glplot.gl);
      }
      scene.glplot.redraw();
    }

    restyle(changes) {
      if (this.busy()) return;
      const which = changes.map((change) => change[0]);
      const gather = (key) => changes.map((change) => change[1][key]);
      window.Plotly.restyle(this.div, { x: gather("x"), y: gather("y"), z: gather("z") }, which);
    }
  };
})();
