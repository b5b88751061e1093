/* What has arrived: points of the path, the surface, and how both are to be looked at. No drawing here. */
(function () {
  "use strict";
  const L = (window.landscape = window.landscape || {});
  const COLUMNS = ["a", "b", "cost", "under", "off", "extent", "batch"];

  function bytes(text) {
    const raw = atob(text), out = new Uint8Array(raw.length);
    for (let k = 0; k < raw.length; k += 1) out[k] = raw.charCodeAt(k);
    return out.buffer;
  }
  const floats = (text) => new Float32Array(bytes(text));

  /** The points of a path, column by column, in the order of their steps. */
  L.Points = class Points {
    constructor() {
      this.clear();
    }

    clear() {
      this.step = [];
      for (const name of COLUMNS) this[name] = [];
    }

    get length() {
      return this.step.length;
    }

    /** Append the packed rows of a chunk; rows whose step is already here are passed over. */
    append(chunk) {
      const steps = new Int32Array(bytes(chunk.steps)), rows = floats(chunk.rows);
      for (let k = 0; k < steps.length; k += 1) {
        if (this.length && steps[k] <= this.step[this.length - 1]) continue;
        this.step.push(steps[k]);
        COLUMNS.forEach((name, j) => this[name].push(rows[k * COLUMNS.length + j]));
      }
    }

    /** Return the row at the fractional index `head`, in between two points where it is none of them. */
    at(head) {
      const low = Math.max(0, Math.min(Math.floor(head), this.length - 1));
      const high = Math.min(low + 1, this.length - 1), share = Math.max(0, Math.min(head - low, 1));
      const row = { step: Math.round(this.step[low] + share * (this.step[high] - this.step[low])) };
      for (const name of COLUMNS) row[name] = this[name][low] + share * (this[name][high] - this[name][low]);
      return row;
    }
  };

  /** Return the surface of a chunk with its arrays decoded; costs are rows of Numbers, NaN where masked. */
  L.decodeSurface = function (sent) {
    const a = Array.from(floats(sent.a)), b = Array.from(floats(sent.b)), flat = floats(sent.cost);
    const cost = b.map((_, row) => Array.from(flat.subarray(row * a.length, (row + 1) * a.length)));
    return Object.assign({}, sent, { a: a, b: b, cost: cost });
  };

  const VIRIDIS = ["#440154", "#482878", "#3e4989", "#31688e", "#26828e", "#1f9e89", "#35b779", "#6ece58",
                   "#b5de2b", "#fde725"];
  const CIVIDIS = ["#00224e", "#123570", "#3b496c", "#575d6d", "#707173", "#8a8678", "#a59c74", "#c3b369",
                   "#e1cc55", "#fee838"];
  const scaleOf = (colours) => colours.map((colour, k) => [k / (colours.length - 1), colour]);

  const SUPERSCRIPTS = { "-": "⁻", 0: "⁰", 1: "¹", 2: "²", 3: "³", 4: "⁴", 5: "⁵", 6: "⁶", 7: "⁷", 8: "⁸", 9: "⁹" };
  const powerOfTen = (exponent) => "10" + String(exponent).replace(/./g, (sign) => SUPERSCRIPTS[sign]);

  /** Return a number with three significant digits, zeros included: 0.0123, 1.20, 3.40·10⁻⁵. */
  L.short = function (number) {
    if (!Number.isFinite(number)) return "–";
    if (number === 0) return "0";
    const [digits, exponent] = number.toExponential(2).split("e").map(Number);
    if (exponent < -4 || exponent > 4) return digits.toFixed(2) + "·" + powerOfTen(exponent);
    return exponent > 2 ? String(Math.round(number)) : number.toFixed(2 - exponent);
  };

  /** Return a round number as a tick is labelled: 0.05, 300, 10⁻⁵, 3·10⁸. */
  function tickText(number) {
    if (number === 0) return "0";
    const [digits, exponent] = number.toExponential(5).split("e").map(Number);
    if (exponent > -5 && exponent < 5) return String(Number(number.toPrecision(6)));
    return (digits === 1 ? "" : digits + "·") + powerOfTen(exponent);
  }

  const MANTISSAS = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7], [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9]];

  const MOST_TICKS = 8;

  /** Return round costs inside [low, high] (log₁₀): powers of ten, with more in between until there are enough. */
  function logTicks(low, high) {
    if (!(high - low < Infinity)) return { values: [], texts: [] };
    const stride = Math.max(1, Math.ceil((high - low) / MOST_TICKS));
    let ticks = [];
    for (const mantissas of stride > 1 ? MANTISSAS.slice(0, 1) : MANTISSAS) {
      ticks = [];
      for (let decade = Math.floor(low / stride) * stride; decade <= high; decade += stride) {
        for (const m of mantissas) ticks.push({ at: decade + Math.log10(m), text: tickText(Number(m + "e" + decade)) });
      }
      ticks = ticks.filter((tick) => tick.at >= low && tick.at <= high);
      if (ticks.length >= 4) break;
    }
    if (ticks.length < 2 && stride === 1) { // less than a decade's tenth: there the scale is nearly linear
      const even = linearTicks(10 ** low, 10 ** high);
      return { values: even.values.map(Math.log10), texts: even.texts };
    }
    ticks = ticks.filter((_, k) => k % Math.ceil(ticks.length / MOST_TICKS) === 0);
    return { values: ticks.map((tick) => tick.at), texts: ticks.map((tick) => tick.text) };
  }

  L.logTicks = logTicks;

  function linearTicks(low, high) {
    const raw = (high - low) / 5; // so that at least two round numbers lie between
    if (!(raw > 0 && raw < Infinity)) return { values: [low], texts: [L.short(low)] };
    const unit = 10 ** Math.floor(Math.log10(raw)), size = [1, 2, 5, 10].map((m) => m * unit).find((s) => s >= raw) || raw;
    const first = Math.ceil(low / size), values = [];
    for (let k = 0; k <= MOST_TICKS && (first + k) * size <= high; k += 1) values.push((first + k) * size);
    return { values: values, texts: values.map(tickText) };
  }

  L.linearTicks = linearTicks;

  function padded(low, high, share) {
    const pad = share * (high - low || Math.abs(high) || 1);
    return [low - pad, high + pad];
  }

  function extent(values) {
    let low = Infinity, high = -Infinity;
    for (const value of values) {
      if (Number.isFinite(value)) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
    }
    return low <= high ? [low, high] : [0, 1];
  }

  /** Return the function from a cost to a height: log₁₀, or the cost itself where not all are positive. */
  L.heightOf = function (surface) {
    if (surface.scale !== "log") return (cost) => cost;
    return (cost) => (cost > 0 ? Math.log10(cost) : NaN);
  };

  /** Return all that the two charts need in order to draw `surface`, high enough for `points` too. */
  L.viewOf = function (surface, points, palette) {
    const height = L.heightOf(surface), log = surface.scale === "log";
    const heights = surface.cost.map((row) => row.map((cost) => (Number.isFinite(cost) ? height(cost) : NaN)));
    const colourRange = extent(heights.flat());
    const path = extent(points.cost.concat(points.under).map(height).filter(Number.isFinite));
    const all = points.length ? extent([...colourRange, ...path]) : colourRange;
    const rangeZ = padded(all[0], all[1], 0.04);
    const ticks = log ? logTicks(...rangeZ) : linearTicks(...rangeZ);
    const size = (colourRange[1] - colourRange[0]) / 14 || 1;
    return {
      plane: surface.plane, a: surface.a, b: surface.b, heights: heights, height: height,
      texts: surface.cost.map((row) => row.map((cost) => "cost " + L.short(cost))),
      colours: scaleOf(palette === "cividis" ? CIVIDIS : VIRIDIS), colourRange: colourRange,
      isolines: { start: colourRange[0] + size, end: colourRange[1] - size / 2, size: size },
      rangeA: [surface.a[0], surface.a[surface.a.length - 1]],
      rangeB: [surface.b[0], surface.b[surface.b.length - 1]], rangeZ: rangeZ, ticks: ticks,
      labels: surface.labels, costTitle: log ? "cost (log scale)" : "cost",
      aspect: { x: 1.15, y: 1.15, z: 0.72 },
    };
  };
})();
