/* The same surface seen from above: filled contours by Plotly, the path on a canvas that follows its axes. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, responsive: false,
                   scrollZoom: true, doubleClick: "reset" };
  const MARGIN = { l: 46, r: 14, t: 12, b: 40 };

  function trace(view, look) {
    return {
      type: "contour", x: view.a, y: view.b, z: view.heights, colorscale: view.colours,
      zmin: view.colourRange[0], zmax: view.colourRange[1], zauto: false, showscale: false,
      autocontour: false, line: { width: 0.6, color: look.isoline, smoothing: 1 },
      contours: Object.assign({ coloring: "heatmap", showlines: true }, view.isolines),
      text: view.texts, hovertemplate: "%{text}<extra></extra>", connectgaps: false,
    };
  }

  function axis(title, look, range) {
    return {
      title: { text: title, standoff: 6, font: { size: 11, color: look.muted } }, range: range, autorange: false,
      tickfont: { size: 10, color: look.faint }, ticks: "", showgrid: false, zeroline: false, nticks: 6,
    };
  }

  L.Contour = class Contour {
    constructor(div) {
      this.div = div;
      this.plot = document.createElement("div");
      this.canvas = document.createElement("canvas");
      this.plot.className = "contour-plot";
      this.canvas.className = "contour-path";
      div.append(this.plot, this.canvas);
      this.ready = false;
      this.last = null;
    }

    /** Draw the filled contours of `view`; the axes go back to the whole slice when the plane has changed. */
    show(view, look) {
      const width = this.div.clientWidth, height = this.div.clientHeight;
      if (!width || !height) return Promise.resolve();
      const kept = this.ready && this.plane === view.plane ? this.plot._fullLayout : null;
      const figure = {
        width: width, height: height, margin: MARGIN, dragmode: "pan",
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: look.plot, font: { family: look.font },
        hoverlabel: { font: { family: look.font, size: 12 } },
        xaxis: axis(L.fitted(view.labels[0], width - 60), look, kept ? kept.xaxis.range.slice() : view.rangeA),
        yaxis: axis(L.fitted(view.labels[1], height - 60), look, kept ? kept.yaxis.range.slice() : view.rangeB),
      };
      this.look = look;
      this.plane = view.plane;
      return window.Plotly.react(this.plot, [trace(view, look)], figure, CONFIG).then(() => {
        if (!this.ready) {
          for (const name of ["plotly_relayout", "plotly_relayouting"]) this.plot.on(name, () => this.draw());
        }
        this.ready = true;
        this.draw();
      });
    }

    /** Move path and ball; `path` is {x, y}, `ball` {x, y}, `marks` a list of [x, y]. */
    move(path, ball, marks) {
      this.last = { path: path, ball: ball, marks: marks };
      this.draw();
    }

    /** Return the functions from plane coordinates to canvas pixels, as the axes stand now. */
    toPixels() {
      const full = this.plot._fullLayout, x = full.xaxis, y = full.yaxis;
      const scaleX = x._length / (x.range[1] - x.range[0]), scaleY = y._length / (y.range[1] - y.range[0]);
      return {
        x: (a) => x._offset + (a - x.range[0]) * scaleX,
        y: (b) => y._offset + y._length - (b - y.range[0]) * scaleY,
        box: [x._offset, y._offset, x._length, y._length],
      };
    }

    draw() {
      if (!this.ready || !this.last || !this.div.clientWidth) return;
      const ratio = window.devicePixelRatio || 1;
      const width = this.div.clientWidth, height = this.div.clientHeight;
      if (this.canvas.width !== Math.round(width * ratio) || this.canvas.height !== Math.round(height * ratio)) {
        this.canvas.width = Math.round(width * ratio);
        this.canvas.height = Math.round(height * ratio);
      }
      const pen = this.canvas.getContext("2d"), at = this.toPixels();
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      pen.clearRect(0, 0, width, height);
      pen.save();
      pen.beginPath();
      pen.rect(...at.box);
      pen.clip();
      this.drawPath(pen, at);
      this.drawMarks(pen, at);
      this.drawBall(pen, at);
      pen.restore();
    }

    drawPath(pen, at) {
      const { x, y } = this.last.path;
      pen.beginPath();
      for (let k = 0; k < x.length; k += 1) {
        if (k) pen.lineTo(at.x(x[k]), at.y(y[k]));
        else pen.moveTo(at.x(x[k]), at.y(y[k]));
      }
      pen.lineJoin = pen.lineCap = "round";
      for (const [colour, thickness] of [[this.look.outline, 5], [this.look.path, 2.2]]) {
        pen.strokeStyle = colour;
        pen.lineWidth = thickness;
        pen.stroke();
      }
    }

    drawMarks(pen, at) {
      for (const [a, b] of this.last.marks) {
        pen.beginPath();
        pen.arc(at.x(a), at.y(b), 4, 0, 7);
        pen.fillStyle = this.look.outline;
        pen.fill();
        pen.strokeStyle = this.look.path;
        pen.lineWidth = 1.5;
        pen.stroke();
      }
    }

    drawBall(pen, at) {
      const { x, y } = this.last.ball;
      pen.beginPath();
      pen.arc(at.x(x), at.y(y), 6.5, 0, 7);
      pen.fillStyle = this.look.ball;
      pen.strokeStyle = "#ffffff";
      pen.lineWidth = 2;
      pen.fill();
      pen.stroke();
    }
  };
})();
