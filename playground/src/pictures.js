// Pictures of graphs: put into the page from the text of an SVG, zoomed, dragged, and saved as files.

const SVG = "http://www.w3.org/2000/svg";
const ELEMENTS = new Set(["svg", "g", "path", "rect", "text"]);
const PRESSABLE = "g.leaf, g.value, g.target";

/** The SVG in a text, with only the elements that our pictures have; null if it is not an SVG. */
export function parsed(text) {
  const root = new DOMParser().parseFromString(text, "image/svg+xml").documentElement;
  const isOurs = (x) => x.namespaceURI === SVG && ELEMENTS.has(x.localName);
  if (!isOurs(root)) return null;
  for (const element of root.querySelectorAll("*")) {
    if (!isOurs(element)) element.remove();
  }
  for (const element of [root, ...root.querySelectorAll("*")]) {
    for (const { name } of [...element.attributes]) {
      if (name.startsWith("on") || name === "style" || name.includes("href")) element.removeAttribute(name);
    }
  }
  return document.importNode(root, true);
}

/** A place for pictures, which can be zoomed and dragged; `chosen` gets the number of a box that is pressed. */
export class Picture {
  constructor(place, chosen) {
    this.place = place;
    this.zoom = 1; // so that texts are readable at first
    this.chosen = chosen;
    if (chosen) {
      place.addEventListener("click", ({ target }) => this.press(target));
      place.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        if (this.press(event.target)) event.preventDefault();
      });
    }
    letDrag(place);
  }

  press(target) {
    const box = target.closest(PRESSABLE);
    if (box) this.chosen(Number(box.dataset.node));
    return Boolean(box);
  }

  /** Show the picture in a text; keeps the scroll position and the focus. */
  show(text) {
    const svg = text ? parsed(text) : null;
    const focused = this.place.contains(document.activeElement) ? document.activeElement.dataset.node : undefined;
    this.svg = svg;
    this.size = svg ? [Number(svg.getAttribute("width")), Number(svg.getAttribute("height"))] : [0, 0];
    if (svg && this.chosen) {
      svg.setAttribute("role", "group");
      for (const box of svg.querySelectorAll(PRESSABLE)) {
        box.setAttribute("role", "button");
        box.setAttribute("tabindex", "0");
        label(box);
      }
    }
    this.scale();
    this.place.replaceChildren(...(svg ? [svg] : []));
    if (focused) this.place.querySelector(`${PRESSABLE.replaceAll(",", `[data-node="${focused}"],`)}[data-node="${focused}"]`)?.focus();
  }

  /** Replace the texts of the picture, one by one. */
  retext(texts) {
    const changed = new Set();
    this.svg.querySelectorAll("text").forEach((element, i) => {
      if (element.textContent === texts[i]) return;
      element.textContent = texts[i];
      changed.add(element.parentNode);
    });
    for (const group of changed) {
      if (group.getAttribute("role") === "button") label(group);
      if (group.classList.contains("flow")) widen(group);
    }
  }

  /** The least zoom: one that shows the whole width, between 1/10 and 1. */
  get least() {
    const { paddingLeft, paddingRight } = getComputedStyle(this.place);
    const width = this.place.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight);
    return Math.min(1, Math.max(0.1, width / (this.size[0] || 1)));
  }

  scale(factor = 1) {
    this.zoom = Math.min(4, Math.max(this.least, this.zoom * factor));
    this.svg?.setAttribute("width", this.size[0] * this.zoom);
    this.svg?.setAttribute("height", this.size[1] * this.zoom);
  }

  /** The picture as the text of an SVG file, in the colours that the page has now. */
  get text() {
    const copy = this.svg.cloneNode(true);
    const here = this.svg.querySelectorAll("*");
    copy.querySelectorAll("*").forEach((element, i) => {
      const { fill, stroke } = getComputedStyle(here[i]);
      element.setAttribute("fill", fill);
      element.setAttribute("stroke", stroke);
    });
    const [width, height] = this.size;
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.setAttribute("role", "img");
    for (const box of copy.querySelectorAll("[tabindex]")) {
      for (const name of ["tabindex", "role", "aria-label"]) box.removeAttribute(name);
      box.classList.remove("chosen");
    }
    const paper = document.createElementNS(SVG, "rect");
    const { backgroundColor } = getComputedStyle(this.place);
    for (const [name, value] of [["width", width], ["height", height], ["fill", backgroundColor]]) paper.setAttribute(name, value);
    copy.prepend(paper);
    return new XMLSerializer().serializeToString(copy);
  }

  saveSvg() {
    if (this.svg) save(new Blob([this.text], { type: "image/svg+xml" }), "graph.svg");
  }

  async savePng() {
    if (!this.svg) return;
    const url = URL.createObjectURL(new Blob([this.text], { type: "image/svg+xml" }));
    const image = new Image();
    image.src = url;
    await image.decode();
    URL.revokeObjectURL(url);
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = this.size.map((side) => 2 * side);
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    canvas.toBlob((blob) => save(blob, "graph.png"));
  }
}

function label(box) {
  box.setAttribute("aria-label", [...box.querySelectorAll("text")].map((x) => x.textContent).join(", "));
}

/** Make the paper under a text on an edge as wide as graph/svg.py does. */
function widen(group) {
  const [rect, text] = group.children;
  const half = 3.4 * text.textContent.length + 3;
  rect.setAttribute("x", text.getAttribute("x") - half);
  rect.setAttribute("width", 2 * half);
}

function letDrag(place) {
  let from = null;
  place.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse" && event.button === 0) from = [event.clientX, event.clientY, place.scrollLeft, place.scrollTop];
  });
  addEventListener("pointermove", (event) => {
    if (!from) return;
    place.scrollLeft = from[2] - (event.clientX - from[0]);
    place.scrollTop = from[3] - (event.clientY - from[1]);
  });
  addEventListener("pointerup", () => (from = null));
}

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
