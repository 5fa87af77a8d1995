// A slider and a number field for each leaf of the program.

const LARGEST = 1e300; // so that a range stays finite
const shown = (x) => String(Number(x.toPrecision(6)));

export class Sliders {
  /** `moved` gets the key of a leaf and its new number. */
  constructor(place, moved) {
    this.place = place;
    this.moved = moved;
    this.rows = new Map(); // by key
  }

  show(leaves, given) {
    const keys = new Set(leaves.map((leaf) => leaf.key));
    for (const [key, row] of this.rows) {
      if (!keys.has(key)) {
        row.element.remove();
        this.rows.delete(key);
      }
    }
    leaves.forEach((leaf, i) => {
      const row = this.rows.get(leaf.key) ?? this.add(leaf);
      row.name.textContent = leaf.name;
      row.element.classList.toggle("given", leaf.key in given);
      for (const input of [row.slider, row.field]) {
        input.setAttribute("aria-label", `${leaf.name}, line ${leaf.line}`);
        if (document.activeElement !== input || Number(input.value) !== leaf.number) this.set(row, input, leaf.number);
      }
      if (this.place.children[i] !== row.element) this.place.insertBefore(row.element, this.place.children[i] ?? null);
    });
  }

  add({ key, number }) {
    const element = document.createElement("div");
    element.className = "leaf-row";
    const [name, slider, field] = ["span", "input", "input"].map((tag) => document.createElement(tag));
    Object.assign(slider, { type: "range", step: "any" });
    Object.assign(field, { type: "number", step: "any" });
    element.append(name, slider, field);
    const row = { element, name, slider, field };
    this.rows.set(key, row);
    const span = 10 ** Math.ceil(Math.log10(Math.max(1, 2 * Math.abs(number)))) / 2;
    const isTiny = number !== 0 && Math.abs(number) < 0.01;
    const reach = isTiny ? 10 * Math.abs(number) : Math.max(2, span >= 2 * Math.abs(number) ? span : 2 * span);
    const [low, high] = [number - reach, number + reach].map((x) => Math.max(-LARGEST, Math.min(LARGEST, x)));
    [slider.min, slider.max, slider.step] = [low, high, isTiny ? "any" : reach / 100];
    slider.addEventListener("input", () => this.change(key, row, Number(slider.value), field));
    field.addEventListener("input", () => {
      if (field.value !== "" && Number.isFinite(field.valueAsNumber)) this.change(key, row, field.valueAsNumber, slider);
    });
    return row;
  }

  change(key, row, number, other) {
    this.set(row, other, number);
    this.moved(key, number);
  }

  set({ slider, field }, input, number) {
    if (input === field) {
      field.value = shown(number);
      return;
    }
    slider.min = Math.min(slider.min, number);
    slider.max = Math.max(slider.max, number);
    slider.value = number;
  }
}
