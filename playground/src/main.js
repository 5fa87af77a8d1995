// The page: an editor, and beside it the results of the program.

import { makeEditor } from "./editor.js";
import { EXAMPLES } from "./examples.js";
import { Gpt } from "./gpt.js";
import { isLink, linked, linkTo } from "./links.js";
import { Picture } from "./pictures.js";
import { Python } from "./python.js";
import { Sliders } from "./sliders.js";
import { Stepper } from "./stepper.js";
import { Train } from "./train.js";

const PATIENCE = 1000; // milliseconds that a run may take before an edit ends it
const LIMIT = 5000; // milliseconds that a run may take before the page asks, and then as many before it ends the run
const element = (id) => document.getElementById(id);
const say = (text) => (element("status").textContent = text);

// ---- Runs and their results -----------------------------------------------------------------------------------------

const python = new Python(say);
const picture = new Picture(element("picture"), choose);
const sliders = new Sliders(element("sliders"), moveLeaf);
const stepper = new Stepper((request) => python.ask(request));
const editor = makeEditor(element("editor"), edited);

let given = {}; // the numbers of leaves that sliders moved, by key
let chosen = null; // the number of the box whose row is shown
let mayRun = true; // false while a program of a link waits for a click
let wanted = null; // the run to start after the current one
let isRunning = false;
let began = Infinity; // when the current run began

function run({ keep = false } = {}) {
  if (!mayRun) return;
  wanted = { keep: keep && (wanted?.keep ?? true) };
  if (!isRunning) follow();
  else hurry();
}

let patience;

/** End a run that keeps another program waiting, once it has had its time. */
function hurry() {
  clearTimeout(patience);
  if (!isRunning || !wanted || wanted.keep) return;
  if (performance.now() - began > PATIENCE) python.stop("Stopped for the next program.");
  else patience = setTimeout(hurry, 100);
}

async function follow() {
  isRunning = true;
  while (wanted) {
    const { keep } = wanted;
    wanted = null;
    began = Infinity;
    const begins = () => {
      began = performance.now();
      watchRun();
    };
    const request = { do: "run", program: editor.text, given, keep };
    if (chosen !== null) request.node = chosen;
    let printed = "";
    const output = (text) => showPrinted((printed += text));
    try {
      const answer = await python.ask(request, { output, begins });
      showPrinted(printed);
      show(answer);
      measured(performance.now() - began);
    } catch (error) {
      failed(error, printed);
    } finally {
      clearTimeout(limit);
      hideAlarm();
    }
  }
  isRunning = false;
}

function measured(milliseconds) {
  element("seconds").textContent = `${Math.round(milliseconds)} ms`;
}

let greeting = ""; // until the first edit

function show(answer) {
  say(greeting);
  editor.showError(answer.error ?? null);
  element("error").textContent = answer.error
    ? (answer.error.line ? `Line ${answer.error.line}. ` : "") + answer.error.text
    : "";
  document.body.classList.toggle("has-error", Boolean(answer.error));
  if (answer.error) return; // the picture of the last run that went well stays, pale
  if (answer.texts) picture.retext(answer.texts);
  else picture.show(answer.svg);
  zoom(1); // another picture may have another least zoom
  element("note").textContent = answer.note;
  element("leaves").hidden = !answer.sliders?.length;
  sliders.show(answer.sliders ?? [], given);
  element("reset").disabled = !Object.keys(given).length;
  if (answer.node) showNode(answer.node);
  else forget();
  stepper.take(answer);
  if (!element("step").hidden) stepper.refresh();
}

function showPrinted(text) {
  element("printed").hidden = !text;
  element("output").textContent = text;
}

// ---- Failures and long runs -------------------------------------------------------------------------------------------

let limit;

function watchRun() {
  clearTimeout(limit);
  limit = setTimeout(() => {
    alarm(`The program has run for ${LIMIT / 1000} s. It will be stopped in ${LIMIT / 1000} s.`, "go-on");
    limit = setTimeout(() => stop(`Stopped after ${(2 * LIMIT) / 1000} s.`), LIMIT);
  }, LIMIT);
}

function alarm(text, button) {
  element("alarm-text").textContent = text;
  for (const each of ["go-on", "again", "run-link"]) element(each).hidden = each !== button;
  element("alarm").hidden = false;
}

function hideAlarm() {
  if (mayRun) element("alarm").hidden = true;
}

function stop(message = "Stopped.") {
  wanted = null;
  if (isRunning) python.stop(message);
}

function failed(error, printed) {
  showPrinted(printed);
  element("error").textContent =
    {
      stopped: error.message,
      fatal: `Python broke down (${error.message}). It is restarting; edit the program, or run it again.`,
      failed: `Python did not load: ${error.message}.`,
    }[error.kind] ?? `The page cannot show this: ${error.message}`;
  document.body.classList.add("has-error");
  if (error.kind === "failed") {
    wanted = null;
    setTimeout(() => alarm("Python did not load.", "again"));
  } else if (error.kind) void python.interpreter; // start the next one
}

element("stop").addEventListener("click", () => stop());
element("go-on").addEventListener("click", () => {
  clearTimeout(limit);
  hideAlarm();
});
element("again").addEventListener("click", () => {
  hideAlarm();
  run();
});

// ---- Edits, examples and links ----------------------------------------------------------------------------------------

let pause;

function edited(text) {
  greeting = "";
  const lines = `\n${text.split("\n").map((line) => line.trim()).join("\n")}\n`;
  given = Object.fromEntries(Object.entries(given).filter(([key]) => lines.includes(`\n${key.replace(/\|\d+\|\d+$/, "")}\n`)));
  clearTimeout(pause);
  pause = setTimeout(run, 60);
}

let isForeign = false; // whether the program came with a link

function begin(text) {
  if (isForeign) python.stop(); // it may have changed the modules that show programs
  isForeign = false;
  given = {};
  chosen = null;
  editor.text = text;
  editor.showError(null);
  run();
}

element("examples").append(...EXAMPLES.map(([name], i) => new Option(name, i)));
element("examples").addEventListener("change", ({ target }) => {
  mayRun = true;
  hideAlarm();
  begin(EXAMPLES[target.value][1]);
});

element("share").addEventListener("click", async () => {
  const link = linkTo(editor.text);
  if (link === null) return say("The program is too long for a link.");
  history.replaceState(null, "", link);
  try {
    await navigator.clipboard.writeText(link);
    say("Link copied.");
  } catch {
    say("The link is in the address bar.");
  }
});

function open() {
  const program = linked();
  if (program === null) {
    greeting = isLink() ? "The link is damaged; here is an example." : "";
    return begin(EXAMPLES[0][1]);
  }
  stop();
  mayRun = false;
  begin(program);
  isForeign = true;
  element("examples").value = EXAMPLES.length - 1;
  alarm("This program came with the link. Read it first; it runs when you click.", "run-link");
  void python.interpreter; // load it meanwhile
}

for (const id of ["run", "run-link"]) {
  element(id).addEventListener("click", () => {
    mayRun = true;
    hideAlarm();
    run();
  });
}
addEventListener("hashchange", open);

// ---- Leaves, boxes, pictures --------------------------------------------------------------------------------------------

function moveLeaf(key, number) {
  given[key] = number;
  run({ keep: true });
}

element("reset").addEventListener("click", () => {
  given = {};
  run({ keep: true });
});

async function choose(number) {
  chosen = number;
  try {
    showNode(await python.ask({ do: "node", number }));
  } catch {
    forget();
  }
}

function forget() {
  chosen = null;
  const text = "Choose a box to see how it was computed, and where its gradient came from.";
  element("node").replaceChildren(Object.assign(document.createElement("p"), { className: "hint", textContent: text }));
}

function showNode({ node, text, rule, terms, total }) {
  const list = (head, items) => {
    if (!items.length) return [];
    const all = document.createElement("ul");
    all.append(...items.map((item) => Object.assign(document.createElement("li"), { textContent: item })));
    return [Object.assign(document.createElement("h3"), { textContent: head }), all];
  };
  const title = Object.assign(document.createElement("h2"), { textContent: text });
  element("node").replaceChildren(title, ...list("Its rule", rule), ...list(total, terms));
  for (const box of picture.svg?.querySelectorAll(".chosen") ?? []) box.classList.remove("chosen");
  for (const box of picture.svg?.querySelectorAll(`[data-node="${node}"]`) ?? []) {
    if (box.getAttribute("role") === "button") box.classList.add("chosen");
  }
}

element("zoom-in").addEventListener("click", () => zoom(1.25));
element("zoom-out").addEventListener("click", () => zoom(0.8));
element("save-svg").addEventListener("click", () => picture.saveSvg());
element("save-png").addEventListener("click", () => picture.savePng());

function zoom(factor) {
  picture.scale(factor);
  element("zoom-out").disabled = picture.zoom <= picture.least;
}

// ---- The page itself ----------------------------------------------------------------------------------------------------

const trainer = new Python(say); // its own worker, which Stop and broken programs do not touch
const train = new Train(trainer);
const gpt = new Gpt(trainer);
const tabs = [...element("tabs").children];

function turnTo(tab) {
  for (const each of tabs) {
    const isThis = each === tab;
    each.setAttribute("aria-selected", isThis);
    each.tabIndex = isThis ? 0 : -1;
    element(each.getAttribute("aria-controls")).hidden = !isThis;
  }
  const name = tab.getAttribute("aria-controls");
  element("program").hidden = name === "train" || name === "gpt";
  stepper.pause();
  for (const each of [train, gpt]) each.loop.pause();
  if (name === "step") stepper.refresh();
  else if (name === "train") train.open();
  else if (name === "gpt") gpt.open();
}

for (const tab of tabs) {
  tab.addEventListener("click", () => {
    turnTo(tab);
    if (tab.id === "tab-step") element("scrubber").focus(); // for the keys left, right and space
  });
}
element("tabs").addEventListener("keydown", ({ key }) => {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[key];
  const at = tabs.indexOf(document.activeElement);
  if (!by || at < 0) return;
  const next = tabs[(at + by + tabs.length) % tabs.length];
  turnTo(next);
  next.focus();
});

addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (element("step").hidden || event.ctrlKey || event.altKey || event.metaKey || target.isContentEditable) return;
  if (target.closest("input:not(#scrubber), select, textarea, #tabs")) return;
  if (key === " " && target.closest("button")) return;
  if (key === "ArrowLeft") stepper.move(-1);
  else if (key === "ArrowRight") stepper.move(1);
  else if (key === " ") stepper.play();
  else return;
  event.preventDefault();
});

element("theme").addEventListener("click", () => {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const now = document.documentElement.dataset.theme ?? (isDark ? "dark" : "light");
  document.documentElement.dataset.theme = now === "dark" ? "light" : "dark";
  redraw();
});

matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

/** Redraw the canvases in the colours of the theme. */
function redraw() {
  if (!element("train").hidden) train.open();
  if (!element("gpt").hidden) gpt.open();
}

open();
