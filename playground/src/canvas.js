// Drawings on canvases: a plane with grids, points and lines, in the page's colours.

const SIDE = 400; // CSS pixels, at most

/** A colour as a canvas takes it; an element resolves the variables of the style sheet. */
const resolved = (colour) => {
  const probe = document.createElement("span");
  probe.style.color = colour;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
};

let found = {};
/** Forget the colours, since the theme may have changed them. */
export const forgetColours = () => (found = {});
export const ink = (name) => (found[name] ??= resolved(`var(--${name})`));
/** A percentage of a colour, in steps of 4, mixed with the page's paper. */
export const mixed = (name, percent) => {
  const share = 4 * Math.round(percent / 4);
  return (found[`${name}${share}`] ??= resolved(`color-mix(in srgb, var(--${name}) ${share}%, var(--paper))`));
};

export const shown = (x) => (x === 0 ? "0" : String(Number(x.toPrecision(3))));

export class Plane {
  constructor(canvas, height = SIDE) {
    this.canvas = canvas;
    [canvas.width, canvas.height] = [2 * SIDE, 2 * height];
    this.height = height;
    this.context = canvas.getContext("2d");
    this.range([0, 0], [1, 1]);
  }

  range(low, high) {
    [this.low, this.high] = [low, high];
  }

  x(x) {
    return 44 + ((x - this.low[0]) / (this.high[0] - this.low[0] || 1)) * (SIDE - 56);
  }

  y(y) {
    return this.height - 26 - ((y - this.low[1]) / (this.high[1] - this.low[1] || 1)) * (this.height - 38);
  }

  /** The place in the plane of a click. */
  at({ offsetX, offsetY }) {
    const scale = SIDE / this.canvas.clientWidth;
    const [x, y] = [offsetX * scale, offsetY * scale];
    return [
      this.low[0] + ((x - 44) / (SIDE - 56)) * (this.high[0] - this.low[0]),
      this.low[1] + ((this.height - 26 - y) / (this.height - 38)) * (this.high[1] - this.low[1]),
    ];
  }

  clear() {
    const c = this.context;
    c.setTransform(2, 0, 0, 2, 0, 0);
    c.clearRect(0, 0, SIDE, this.height);
    c.font = "12px system-ui, sans-serif";
  }

  /** Cells in rows from the lowest y, each in the colour that `look` gives for its number. */
  grid(rows, look) {
    const c = this.context;
    const [left, right, bottom, top] = [this.x(this.low[0]), this.x(this.high[0]), this.y(this.low[1]), this.y(this.high[1])];
    const [wide, high] = [(right - left) / rows[0].length, (bottom - top) / rows.length];
    rows.forEach((row, j) =>
      row.forEach((number, i) => {
        c.fillStyle = look(number);
        c.fillRect(left + i * wide, bottom - (j + 1) * high, wide + 0.6, high + 0.6);
      }),
    );
  }

  axes(across, up) {
    const c = this.context;
    const [left, right, bottom, top] = [44, SIDE - 12, this.height - 26, 12];
    c.strokeStyle = ink("line");
    c.lineWidth = 1;
    c.strokeRect(left, top, right - left, bottom - top);
    c.fillStyle = ink("pale");
    c.textAlign = "left";
    c.fillText(shown(this.low[0]), left, bottom + 16);
    c.textAlign = "center";
    c.fillText(across, (left + right) / 2, bottom + 16);
    c.textAlign = "right";
    c.fillText(shown(this.high[0]), right, bottom + 16);
    c.fillText(shown(this.low[1]), left - 4, bottom);
    c.fillText(up, left - 4, (bottom + top) / 2);
    c.fillText(shown(this.high[1]), left - 4, top + 10);
  }

  clipped(draw) {
    const c = this.context;
    c.save();
    c.beginPath();
    c.rect(44, 12, SIDE - 56, this.height - 38);
    c.clip();
    draw(c);
    c.restore();
  }

  line(points, name, width = 2) {
    if (!points.length) return;
    this.clipped((c) => {
      c.beginPath();
      points.forEach(([x, y], i) => (i ? c.lineTo(this.x(x), this.y(y)) : c.moveTo(this.x(x), this.y(y))));
      c.strokeStyle = ink(name);
      c.lineWidth = width;
      c.lineJoin = "round";
      c.stroke();
    });
  }

  dot([x, y], { fill, edge, size = 4 }) {
    this.clipped((c) => {
      c.beginPath();
      c.arc(this.x(x), this.y(y), size, 0, 2 * Math.PI);
      c.fillStyle = ink(fill);
      c.fill();
      c.strokeStyle = ink(edge);
      c.lineWidth = 1.5;
      c.stroke();
    });
  }
}

/** Losses by step; many are averaged in stretches, so that the curve has a few hundred points. */
export function drawLosses(plane, losses, smooth = 1) {
  plane.clear();
  const means = [];
  const every = Math.max(1, Math.ceil(losses.length / 300));
  for (let i = 0; i < losses.length; i += every) {
    const part = losses.slice(Math.max(0, i - smooth + 1), i + every).filter(Number.isFinite);
    if (part.length) means.push([i, part.reduce((a, b) => a + b, 0) / part.length]);
  }
  const largest = Math.max(...means.map(([, y]) => y), 0) || 1;
  plane.range([0, 0], [Math.max(1, losses.length - 1), largest * 1.05]);
  plane.axes("steps", "loss");
  plane.line(means, "accent");
}
