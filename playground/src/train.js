// Train: a line or two classes of points, learned step by step or continuously.

import { drawLosses, forgetColours, ink, mixed, Plane, shown } from "./canvas.js";
import { Loop } from "./loop.js";

const element = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";
const RATES = { SGD: { line: 0.1, classes: 0.5 }, momentum: { line: 0.03, classes: 0.1 }, RMSProp: { line: 0.05, classes: 0.01 }, Adam: { line: 0.1, classes: 0.02 } };
const PLANE_EVERY = 500; // milliseconds between pictures of the network and its output

export class Train {
  constructor(python) {
    const ask = (what, asked) => python.ask({ do: "train", of: "train", what, ...asked });
    this.ask = ask;
    this.loop = new Loop({
      ask,
      button: element("train-run"),
      took: ({ losses, path = [] }) => {
        this.history.push(...losses);
        this.path.push(...path);
      },
      show: (answer) => this.show(answer),
      problem: (text) => (element("train-error").textContent = text),
      rate: () => this.rate,
    });
    this.points = new Plane(element("train-points"));
    this.surface = new Plane(element("train-surface"));
    this.losses = new Plane(element("train-loss"));
    element("train-step").addEventListener("click", () => this.loop.once({ steps: 1 }));
    element("train-reset").addEventListener("click", () => this.begin());
    for (const id of ["train-width", "train-activation"]) element(id).addEventListener("change", () => this.begin());
    for (const id of ["train-kind", "train-optimizer"]) {
      element(id).addEventListener("change", () => {
        if (id === "train-kind") element("own").value = "";
        element("train-rate").value = RATES[element("train-optimizer").value][this.chosenKind];
        this.begin();
      });
    }
    element("own-use").addEventListener("click", () => this.begin());
    element("own-clear").addEventListener("click", () => {
      element("own").value = "";
      this.begin();
    });
    element("train-points").addEventListener("click", (event) => this.add(this.points.at(event)));
    element("network").addEventListener("pointerover", ({ target }) => {
      if (target.dataset.name) this.tell(target);
    });
    element("network").addEventListener("keydown", (event) => {
      const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (!by || !this.network) return;
      event.preventDefault();
      const at = this.network.findIndex(({ line }) => line === this.told);
      this.tell(this.network.at((at + by) % this.network.length).line);
    });
  }

  get chosenKind() {
    return element("train-kind").value;
  }

  get rate() {
    const rate = element("train-rate").valueAsNumber;
    return rate >= 0 && rate <= 10 ? rate : null;
  }

  begin() {
    const kind = this.chosenKind;
    const settings = { kind, points: element("own").value, optimizer: element("train-optimizer").value, rate: this.rate ?? 0.1 };
    if (kind === "classes") {
      const field = element("train-width");
      settings.width = Math.min(32, Math.max(1, Math.round(field.valueAsNumber) || 16));
      field.value = settings.width;
      settings.activation = element("train-activation").value;
    }
    this.loop.begin(settings, async (answer) => {
      this.kind = kind; // from now on; the last answers to the training before were about another one
      for (const each of element("train").querySelectorAll("[data-of]")) each.hidden = each.dataset.of !== kind;
      this.history = [];
      this.path = [...(answer.path ?? [])];
      this.network = null;
      this.shownPlane = -Infinity;
      this.loss = kind === "line" ? await this.ask("surface", {}) : null;
      await this.show(answer);
    });
  }

  /** Begin, when the tab is opened for the first time. */
  open() {
    forgetColours();
    this.drawn = null;
    if (this.history) this.draw();
    else this.begin();
  }

  add([x, y]) {
    const own = element("own");
    const given = this.plane?.points ?? [];
    if (!own.value.trim()) own.value = given.map((point) => point.map(shown).join(", ")).join("\n");
    own.value += `\n${shown(x)}, ${shown(y)}${this.chosenKind === "classes" ? `, ${element("train-class").value}` : ""}`;
    this.begin();
  }

  async show(answer) {
    const { steps, says } = answer;
    const loss = this.history.at(-1);
    if (this.kind === "line") {
      this.plane = { points: answer.points };
    } else {
      if (!this.loop.isRunning || performance.now() - this.shownPlane > PLANE_EVERY) {
        this.showNetwork(answer);
        this.plane = await this.ask("plane", {});
        this.shownPlane = performance.now();
      }
    }
    element("train-says").textContent = `Step ${steps.toLocaleString("en")}${loss === undefined ? "" : `, loss ${loss.toPrecision(4)}`}. ${says}`;
    this.draw();
  }

  draw() {
    const { kind, points, plane } = this;
    if (kind === "line") {
      this.drawLine();
      this.drawSurface();
    } else if (this.drawn !== plane) {
      this.drawn = plane;
      points.clear();
      points.range(plane.low, plane.high);
      points.grid(plane.grid, tint);
      points.axes("x", "y");
      for (const [x, y, label] of plane.points) points.dot([x, y], { fill: label > 0 ? "ink" : "paper", edge: label > 0 ? "paper" : "ink" });
    }
    drawLosses(this.losses, this.history);
  }

  drawLine() {
    const { points, plane } = this;
    const [xs, ys] = [0, 1].map((i) => plane.points.map((point) => point[i]));
    const [low, high] = [[Math.min(...xs), Math.min(...ys)], [Math.max(...xs), Math.max(...ys)]];
    const edge = [0, 1].map((i) => 0.15 * (high[i] - low[i] || 1));
    points.clear();
    points.range(low.map((x, i) => x - edge[i]), high.map((x, i) => x + edge[i]));
    points.axes("x", "y");
    const [w, b] = this.path.at(-1);
    points.line([points.low[0], points.high[0]].map((x) => [x, w * x + b]), "fire", 2.5);
    for (const point of plane.points) points.dot(point, { fill: "accent", edge: "paper" });
  }

  drawSurface() {
    const { surface, loss } = this;
    if (!loss?.grid) return;
    surface.clear();
    surface.range(loss.low, loss.high);
    const logs = loss.grid.flat().map((x) => Math.log(x + 0.01));
    const [least, most] = [Math.min(...logs), Math.max(...logs)];
    surface.grid(loss.grid, (x) => {
      const level = Math.floor((12 * (Math.log(x + 0.01) - least)) / (most - least || 1)) / 12; // in steps, like contour lines on a map
      return mixed("accent", 70 * (1 - level));
    });
    surface.axes("w", "b");
    surface.line(this.path, "fire");
    surface.dot(this.path.at(-1), { fill: "fire", edge: "paper", size: 5 });
  }

  // -- the network

  showNetwork({ weights, gradients }) {
    this.network ??= this.makeNetwork(weights);
    const layers = weights.filter((_, i) => i % 2 === 0);
    const largest = Math.max(...layers.flat(2).map(Math.abs), 1e-9);
    for (const { line, layer, to, from } of this.network) {
      const weight = weights[2 * layer][to][from];
      line.dataset.weight = weight;
      line.dataset.gradient = gradients[2 * layer][to][from];
      line.setAttribute("class", weight < 0 ? "minus" : "plus");
      line.setAttribute("stroke-width", 0.3 + (3 * Math.abs(weight)) / largest);
    }
    if (this.told?.isConnected) this.tell(this.told);
  }

  makeNetwork(weights) {
    const svg = element("network");
    svg.replaceChildren();
    svg.setAttribute("viewBox", "0 0 400 400");
    const sizes = [weights[0][0].length, ...weights.filter((_, i) => i % 2 === 0).map((rows) => rows.length)];
    const at = (layer, i) => [30 + (340 * layer) / (sizes.length - 1), (400 * (i + 0.5)) / sizes[layer]];
    const edges = [];
    const make = (tag, attributes) => {
      const made = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      svg.append(made);
      return made;
    };
    sizes.slice(1).forEach((size, layer) => {
      for (let to = 0; to < size; to++) {
        for (let from = 0; from < sizes[layer]; from++) {
          const [[x1, y1], [x2, y2]] = [at(layer, from), at(layer + 1, to)];
          const line = make("line", { x1, y1, x2, y2, "data-name": `w${layer}[${to}][${from}]` });
          edges.push({ line, layer, to, from });
        }
      }
    });
    sizes.forEach((size, layer) => {
      for (let i = 0; i < size; i++) {
        const [cx, cy] = at(layer, i);
        make("circle", { cx, cy, r: 6 });
      }
    });
    return edges;
  }

  tell(line) {
    this.told?.removeAttribute("data-told");
    line.setAttribute("data-told", "");
    this.told = line;
    const { name, weight, gradient } = line.dataset;
    element("weight").textContent = `${name} = ${shown(Number(weight))}, gradient ${shown(Number(gradient))}`;
  }
}

/** The colour of a network's output: one for each class, paler where it is less sure. */
function tint(says) {
  return mixed(says > 0 ? "accent" : "fire", 60 * Math.min(1, Math.abs(says)));
}
