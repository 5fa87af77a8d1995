// The size and speed of the page: prints each figure beside its target. Run it on an idle machine.

import { readdirSync, statSync } from "node:fs";
import { loadavg } from "node:os";
import { begin, DIST, graphShown, open, spareReady, type } from "./browser.mjs";

const HEAD = "import scalargrad as sg\n";
const say = (what, figure, bar) => console.log(`${what.padEnd(52)} ${figure.padStart(12)}   (${bar})`);
const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

const files = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((x) => x.isFile());
const bytes = files.reduce((sum, x) => sum + statSync(`${x.parentPath ?? x.path}/${x.name}`).size, 0);
console.log(`Load of the machine: ${loadavg()[0].toFixed(1)}`);
say("page", `${(bytes / 1e6).toFixed(1)} MB`, "16 MB");

const site = await begin();
try {
  let start = performance.now();
  const page = await open(site, { viewport: { width: 1400, height: 900 } });
  await graphShown(page);
  say("first graph, cold", `${((performance.now() - start) / 1000).toFixed(1)} s`, "8 s");
  await spareReady(page);

  // Eight products and their sum: 31 nodes.
  const program = (n) =>
    `${HEAD}xs = [sg.Value(0.1 * i) for i in range(8)]\nws = [sg.Value(0.3 * i) for i in range(8)]\n` +
    `y = xs[0] * ws[0]\nfor x, w in zip(xs[1:], ws[1:]):\n    y = y + x * w\n# ${n}`;
  await type(page, program(0));
  await page.locator(".leaf-row").nth(15).waitFor();
  await page.waitForTimeout(300);
  const nodes = await page.locator("#picture svg").locator("g.leaf, g.value, g.target").count();
  const moves = await page.evaluate(async () => {
    const slider = document.querySelector("#sliders input[type=range]");
    const times = [];
    for (let i = 0; i < 120; i++) {
      const start = performance.now();
      slider.value = Number(slider.min) + ((i % 50) / 50) * (slider.max - slider.min);
      const shown = new Promise((done) => {
        const observer = new MutationObserver(() => (observer.disconnect(), done()));
        observer.observe(document.getElementById("picture"), { childList: true, subtree: true });
      });
      slider.dispatchEvent(new Event("input"));
      await shown;
      times.push(performance.now() - start);
      await new Promise((done) => setTimeout(done, 10));
    }
    return times.slice(20).sort((a, b) => a - b);
  });
  say(`slider to new picture, ${nodes} nodes, median`, `${at(moves, 0.5).toFixed(0)} ms`, "30 ms");
  say("  95 of 100 within", `${at(moves, 0.95).toFixed(0)} ms`, "50 ms");

  const structures = [];
  for (let i = 0; i < 10; i++) {
    await type(page, `${program(i)}\nz${i} = y * ${i + 2}.0 + xs[1]`);
    await page.locator("#picture svg text", { hasText: `z${i}` }).waitFor();
    structures.push(parseFloat(await page.locator("#seconds").textContent()));
  }
  structures.sort((a, b) => a - b);
  say("change of structure, 33 nodes, median", `${at(structures, 0.5)} ms`, "150 ms");

  await spareReady(page);
  await type(page, `${HEAD}print("begun", flush=True)\nwhile True:\n    pass`);
  await page.locator("#output", { hasText: "begun" }).waitFor();
  const [stopped] = await page.evaluate(async () => {
    const start = performance.now();
    document.getElementById("stop").click();
    document.getElementById("examples").value = 0;
    document.getElementById("examples").dispatchEvent(new Event("change"));
    await new Promise((done) => {
      const observer = new MutationObserver(() => (observer.disconnect(), done()));
      observer.observe(document.getElementById("picture"), { childList: true });
    });
    return [performance.now() - start];
  });
  say("Stop to the next program's picture, with a spare", `${stopped.toFixed(0)} ms`, "100 ms");

  await spareReady(page);
  for (const [tab, id, kind, bar] of [["Train", "train", "classes", 40], ["GPT", "gpt", "", 25]]) {
    await page.getByRole("tab", { name: tab }).click();
    if (kind) {
      await page.locator(`#${id}-says`, { hasText: "Step 0" }).waitFor();
      await page.selectOption("#train-kind", kind);
    }
    await page.locator(`#${id}-says`, { hasText: "Step 0" }).waitFor();
    await spareReady(page);
    const steps = async () => Number((await page.locator(`#${id}-says`).textContent()).match(/[\d,]+/)[0].replaceAll(",", ""));
    await page.locator(`#${id}-run`).click();
    await page.waitForTimeout(2000);
    const [before, start] = [await steps(), performance.now()];
    await page.waitForTimeout(5000);
    say(kind ? "two moons" : "the small GPT", `${(((await steps()) - before) / ((performance.now() - start) / 1000)).toFixed(0)} steps/s`, `${bar} steps/s`);
    await page.locator(`#${id}-run`).click();
  }
} finally {
  await site.close();
}
