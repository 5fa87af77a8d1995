// The reverse sweep as a page of its own, as notebooks show it: opened from a file, where no server is.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { begin } from "./browser.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const PROGRAM = `
import sys
import scalargrad as sg
from scalargrad.plot import backward_frames
x, y = sg.Value(2.0, label="x"), sg.Value(3.0, label="</script><script>document.title = 'broken'</script>")
z = sg.sin(x) * y + x**2
backward_frames(z).save(sys.argv[1])
`;

let site, page, folder;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), "stepper-"));
  const file = join(folder, "z.html");
  execFileSync("python3", ["-c", PROGRAM, file], { env: { ...process.env, PYTHONPATH: ROOT } });
  site = await begin();
  page = await (await site.browser.newContext()).newPage();
  page.errors = [];
  page.on("console", (message) => message.type() === "error" && page.errors.push(message.text()));
  page.on("pageerror", (error) => page.errors.push(String(error)));
  await page.goto(pathToFileURL(file).href);
});
after(async () => {
  await site?.close();
  rmSync(folder, { recursive: true, force: true });
});

const title = () => page.locator(".title").textContent();
const lit = () => page.locator("svg .operation.lit:visible").count();

test("it begins before the first step, and its buttons go on and back", async () => {
  const back = page.getByRole("button", { name: "one step back" });
  const on = page.getByRole("button", { name: "one step on" });
  await on.waitFor();
  assert.ok(await back.isDisabled());
  assert.equal(await lit(), 0);
  const first = await title();
  await on.click();
  assert.equal(await lit(), 1);
  assert.notEqual(await title(), first);
  await back.click();
  assert.equal(await title(), first);
});

test("keys and the slider do the same, to the gradients at the end", async () => {
  const slider = page.getByRole("slider", { name: "step" });
  await slider.focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await slider.inputValue(), "1");
  await slider.fill(await slider.getAttribute("max"));
  assert.ok(await page.getByRole("button", { name: "one step on" }).isDisabled());
  await page.locator("svg .leaf text:visible", { hasText: "grad 2.752" }).waitFor();
});

test("a label stays text, and nothing is an error in the console", async () => {
  await page.locator("svg text:visible", { hasText: "</script…script>" }).first().waitFor();
  assert.doesNotMatch(await page.title(), /^broken/);
  assert.deepEqual(page.errors, []);
});
