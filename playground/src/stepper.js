// The forward pass and the reverse sweep, step by step.

import { Picture } from "./pictures.js";

const element = (id) => document.getElementById(id);
const PACE = 1500; // milliseconds per step while playing

export class Stepper {
  /** `ask` answers {do: "rows"} and {do: "step", index}. */
  constructor(ask) {
    this.ask = ask;
    this.picture = new Picture(element("step-picture"));
    this.scrubber = element("scrubber");
    this.count = 0;
    this.scrubber.addEventListener("input", () => this.go(Number(this.scrubber.value)));
    element("back").addEventListener("click", () => this.move(-1));
    element("on").addEventListener("click", () => this.move(1));
    element("play").addEventListener("click", () => this.play());
  }

  get index() {
    return Number(this.scrubber.value);
  }

  /** Take the answer of a run, with the number of steps. */
  take({ svg, texts, steps = 0, note = "" }) {
    this.pause();
    this.count = steps;
    this.scrubber.max = Math.max(0, steps - 1);
    this.scrubber.disabled = !steps;
    this.why = steps ? "" : note || "This graph is too large, or too small, to go through step by step.";
    this.hasRows = Boolean(svg || texts || note);
    this.isOld = true;
  }

  /** Show the rows and the current step, unless they are those of the last run already. */
  async refresh() {
    if (!this.isOld) return;
    this.isOld = false;
    const rows = this.hasRows ? await this.ask({ do: "rows" }).catch(() => []) : [];
    element("rows").tBodies[0].replaceChildren(...rows.map(([number, ...cells]) => {
      const row = document.createElement("tr");
      row.dataset.node = number;
      row.append(...cells.map((cell) => Object.assign(document.createElement("td"), { textContent: cell })));
      return row;
    }));
    await this.go(Math.min(this.index, Math.max(0, this.count - 1)));
  }

  move(by) {
    this.pause();
    this.go(Math.min(this.count - 1, Math.max(0, this.index + by)));
  }

  play() {
    if (this.timer) return this.pause();
    if (this.index >= this.count - 1) this.go(0);
    element("play").textContent = "Pause";
    this.timer = setInterval(() => {
      if (this.index < this.count - 1) this.go(this.index + 1);
      if (this.index >= this.count - 1) this.pause();
    }, PACE);
  }

  pause() {
    clearInterval(this.timer);
    this.timer = null;
    element("play").textContent = "Play";
  }

  async go(index) {
    this.scrubber.value = index;
    element("step-count").textContent = this.count ? `${index + 1} of ${this.count}` : "";
    if (!this.count) {
      element("step-title").textContent = this.why;
      element("sentence").replaceChildren();
      this.picture.show("");
      return;
    }
    if (this.isAsking) return; // the call in progress then shows the step that was wanted last
    this.isAsking = true;
    try {
      this.show(await this.ask({ do: "step", index }));
    } catch {
      return; // the page shows why Python has no answer
    } finally {
      this.isAsking = false;
    }
    if (this.index !== index && this.count) await this.go(this.index);
  }

  show({ svg, title, lines, lit, later, so_far: soFar, backward }) {
    element("step-title").textContent = title;
    const item = (line) => Object.assign(document.createElement("li"), { textContent: line });
    element("sentence").replaceChildren(...lines.map(item));
    this.picture.show(svg);
    this.picture.svg?.setAttribute("role", "img");
    const hidden = new Set(later.map(String));
    for (const group of this.picture.svg?.querySelectorAll("g") ?? []) {
      const { node, from, to } = group.dataset;
      group.classList.toggle("later", hidden.has(node ?? to) || hidden.has(from));
      if (!backward && lit !== null) group.classList.toggle("lit", String(lit) === (node ?? to));
    }
    for (const row of element("rows").tBodies[0].rows) {
      const isLit = lit !== null && row.dataset.node === String(lit);
      row.classList.toggle("lit", isLit);
      row.classList.toggle("later", hidden.has(row.dataset.node));
      if (isLit) {
        row.setAttribute("aria-current", "step");
        row.scrollIntoView({ block: "nearest" });
      } else row.removeAttribute("aria-current");
      row.lastChild.textContent = soFar[row.dataset.node] ?? "";
    }
    this.picture.svg?.querySelector("g.lit:not(.edge, .flow)")?.scrollIntoView({ block: "nearest", inline: "center" });
  }
}
