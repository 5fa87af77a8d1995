// GPT: the small GPT learns names in the page.

import { drawLosses, forgetColours, mixed, Plane } from "./canvas.js";
import { Loop } from "./loop.js";

const element = (id) => document.getElementById(id);
const SAMPLES_EVERY = 2000; // milliseconds
const KEPT = 20; // names that are shown

export class Gpt {
  constructor(python) {
    this.ask = (what, asked) => python.ask({ do: "train", of: "gpt", what, ...asked });
    this.loop = new Loop({
      ask: this.ask,
      button: element("gpt-run"),
      took: ({ losses }) => this.losses.push(...losses),
      show: (answer) => this.show(answer),
      problem: (text) => (element("gpt-error").textContent = text),
    });
    this.plane = new Plane(element("gpt-loss"));
    element("gpt-reset").addEventListener("click", () => this.begin());
    element("word").addEventListener("input", () => this.look());
  }

  begin() {
    this.loop.begin({ kind: "names" }, async (answer) => {
      this.losses = [];
      this.sampled = performance.now();
      element("samples").replaceChildren();
      await this.show(answer);
    });
  }

  open() {
    forgetColours();
    if (this.losses) this.draw();
    else this.begin();
  }

  async show({ steps }) {
    const last = this.losses.slice(-50);
    const mean = last.reduce((a, b) => a + b, 0) / last.length;
    element("gpt-says").textContent = `Step ${steps.toLocaleString("en")}${last.length ? `, loss ${mean.toFixed(3)}` : ""}.`;
    this.draw();
    if (performance.now() - this.sampled > SAMPLES_EVERY || !steps) {
      this.sampled = performance.now();
      const names = await this.ask("samples", { count: 2 });
      const items = names.map(([name, known]) => Object.assign(document.createElement("li"), { textContent: `${name}${known ? " *" : ""}` }));
      element("samples").prepend(...items);
      while (element("samples").children.length > KEPT) element("samples").lastChild.remove();
      await this.look();
    }
  }

  draw() {
    drawLosses(this.plane, this.losses, 50);
  }

  /** Show where each head looks in the word. */
  async look() {
    try {
      const { letters, heads } = await this.ask("attention", { word: element("word").value });
      element("heads").replaceChildren(...heads.map((rows, i) => headTable(letters, rows, i)));
    } catch {
      // the page shows why Python has no answer
    }
  }
}

/** A table of where each letter looks: a row for each, darker where it looks more. */
function headTable(letters, rows, i) {
  const table = document.createElement("table");
  table.className = "head";
  table.append(Object.assign(document.createElement("caption"), { textContent: `Head ${i + 1}` }));
  const top = table.createTHead().insertRow();
  const head = (text, scope) => Object.assign(document.createElement("th"), { textContent: text, scope });
  top.append(document.createElement("td"), ...letters.map((letter) => head(letter, "col")));
  const body = table.createTBody();
  rows.forEach((shares, j) => {
    const row = body.insertRow();
    row.append(head(letters[j], "row"));
    shares.forEach((share, k) => {
      const cell = row.insertCell();
      const percent = Math.round(100 * share);
      cell.style.backgroundColor = mixed("accent", percent);
      cell.title = `${letters[j]} looks at ${letters[k]}: ${percent}%`;
      cell.setAttribute("aria-label", `${percent}%`);
    });
  });
  return table;
}
