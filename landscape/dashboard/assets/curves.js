/* The cost and the accuracy over the steps: two small charts that are redrawn a few times a second. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const CONFIG = { displayModeBar: false, displaylogo: false, showSendToCloud: false, responsive: false };
  const MOST = 500; // points drawn per line; more would not be told apart on a few hundred pixels

  /** Return at most MOST indices of `count` points up to `last`, first and last included. */
  function thin(last) {
    const stride = Math.max(1, Math.ceil((last + 1) / MOST));
    const kept = [];
    for (let k = 0; k <= last; k += stride) kept.push(k);
    if (kept[kept.length - 1] !== last) kept.push(last);
    return kept;
  }

  function line(name, x, y, colour, more) {
    return Object.assign({
      type: "scatter", mode: "lines", name: name, x: x, y: y, line: { color: colour, width: 2 },
      hovertemplate: "step %{x}: %{y:.4g}<extra>" + name + "</extra>",
    }, more);
  }

  function layout(div, look, yaxis, shapes, lastStep) {
    return {
      width: div.clientWidth, height: div.clientHeight, margin: { l: 44, r: 10, t: 8, b: 30 },
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: look.font },
      showlegend: false, shapes: shapes, hoverlabel: { font: { family: look.font, size: 12 } },
      xaxis: {
        range: [0, Math.max(1, lastStep)],
        gridcolor: look.grid, zeroline: false, tickfont: { size: 10, color: look.faint }, nticks: 5,
        title: { text: "step", standoff: 2, font: { size: 10, color: look.muted } },
      },
      yaxis: Object.assign({
        gridcolor: look.grid, zeroline: false, tickfont: { size: 10, color: look.faint }, nticks: 6,
      }, yaxis),
    };
  }

  function vertical(x, colour, dash) {
    return {
      type: "line", x0: x, x1: x, y0: 0, y1: 1, yref: "paper", line: { color: colour, width: 1, dash: dash },
    };
  }

  /** Return the cost axis: logarithmic, unless the costs are not all positive. */
  function costAxis(lines) {
    let low = Infinity, high = -Infinity;
    for (const costs of lines) {
      for (const cost of costs) {
        if (!Number.isFinite(cost)) continue;
        if (cost <= 0) return { type: "linear", exponentformat: "power" };
        low = Math.min(low, Math.log10(cost));
        high = Math.max(high, Math.log10(cost));
      }
    }
    if (low > high) return { type: "log" };
    const pad = 0.06 * (high - low) + 0.02, ticks = L.logTicks(low - pad, high + pad);
    return { type: "log", range: [low - pad, high + pad], tickvals: ticks.values.map((v) => 10 ** v), ticktext: ticks.texts };
  }

  L.Curves = class Curves {
    constructor(costDiv, accuracyDiv) {
      this.costDiv = costDiv;
      this.accuracyDiv = accuracyDiv;
    }

    /** Draw everything known up to point `last` of `points`, with a line at `step`. */
    show(points, last, tests, changes, step, look) {
      const kept = thin(last);
      const steps = kept.map((k) => points.step[k]);
      const take = (name) => kept.map((k) => points[name][k]);
      const shapes = changes.map((change) => vertical(change.step, look.muted, "dot"));
      shapes.push(vertical(step, look.ball, "solid"));
      const shown = tests.filter((test) => test.step <= points.step[last]);
      const at = shown.map((test) => test.step);
      const cost = thinnable(take("cost"));
      const batch = thinnable(take("batch"));
      this.draw(this.costDiv, [
        line("batch", steps, batch, look.batch, { line: { color: look.batch, width: 1 } }),
        line("train", steps, cost, look.train),
        line("test", at, shown.map((test) => test.cost), look.test, { line: { color: look.test, width: 2, dash: "dash" } }),
      ], layout(this.costDiv, look, costAxis([cost, batch]), shapes, points.step[last]));
      this.draw(this.accuracyDiv, [
        line("train", at, shown.map((test) => percent(test.trainAccuracy)), look.train),
        line("test", at, shown.map((test) => percent(test.accuracy)), look.test, { line: { color: look.test, width: 2, dash: "dash" } }),
      ], this.accuracyLayout(look, shapes, points.step[last], shown));
    }

    accuracyLayout(look, shapes, lastStep, tests) {
      const figure = layout(this.accuracyDiv, look, { range: [0, 100], ticksuffix: " %" }, shapes, lastStep);
      if (tests.length && tests.every((test) => !Number.isFinite(test.accuracy))) {
        figure.annotations = [{ text: "no labels, no accuracy", showarrow: false, xref: "paper", yref: "paper",
                                x: 0.5, y: 0.5, font: { size: 12, color: look.muted } }];
      }
      return figure;
    }

    draw(div, traces, figure) {
      if (figure.width && figure.height) window.Plotly.react(div, traces, figure, CONFIG);
    }
  };

  const percent = (share) => (Number.isFinite(share) ? 100 * share : null);

  /** Return `values` with what cannot be drawn left out. */
  const thinnable = (values) => values.map((value) => (Number.isFinite(value) ? value : null));
})();
