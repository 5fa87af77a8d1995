// The page in a real browser: it does what it says, it stops endless programs, and it sends nothing elsewhere.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { begin, DIST, graphShown, open, spareReady, type } from "./browser.mjs";

const HEAD = "import scalargrad as sg\n";
let site, page, witness, met;

before(async () => {
  met = 0;
  witness = createServer((socket) => {
    met++;
    socket.on("data", () => met++);
  }).listen(0, "127.0.0.1");
  await once(witness, "listening");
  site = await begin();
  page = await open(site, { viewport: { width: 1400, height: 900 } });
  await graphShown(page);
});

after(async () => {
  await site.close();
  witness.close();
});

const texts = (where = page) => where.locator("#picture svg text").allTextContents();
const shows = (text, where = page) => where.locator("#picture svg text", { hasText: new RegExp(`^${text}$`) }).first().waitFor();
const error = (text, where = page) => where.locator("#error", { hasText: text }).waitFor();
const printed = (text) => page.locator("#output", { hasText: text }).waitFor();

test("the built files name no foreign host", () => {
  for (const path of readdirSync(DIST, { recursive: true }).filter((name) => /\.(html|m?js|css)$/.test(name))) {
    const hosts = readFileSync(join(DIST, path), "utf8").match(/\b(https?|wss?):\/\/[\w.-]+\.[\w-]+/g) ?? [];
    assert.deepEqual(hosts.filter((host) => host !== "http://www.w3.org"), [], path); // the namespace of SVG
  }
});

test("a graph is there without a click", async () => {
  const found = await texts();
  for (const text of ["x", "y", "z", "-6", "grad -2", "grad 3"]) assert.ok(found.includes(text), text);
});

test("each example shows a graph", async () => {
  const count = await page.locator("#examples option").count();
  for (let i = count - 1; i >= 0; i--) {
    await page.selectOption("#examples", String(i));
    if (i < count - 1) await page.locator("#picture svg").waitFor();
    assert.equal(await page.locator("#error").textContent(), "");
  }
});

test("an edit shows the graph of the last value", async () => {
  await type(page, `${HEAD}p = sg.Value(4.0)\nq = p * p`);
  await shows("q");
  await shows("grad 8");
});

test("a slider moves a leaf, and the branch goes by its number", async () => {
  await type(page, `${HEAD}x = sg.Value(1.0)\ny = x * x if x > 0 else 5 * x`);
  await shows("grad 2");
  const slider = page.getByRole("slider", { name: "x, line 2" });
  await slider.fill("-1");
  await shows("grad 5");
  assert.equal(await page.getByRole("spinbutton", { name: "x, line 2" }).inputValue(), "-1");
});

test("a number can be typed, holds while other lines are edited, and not when its own line is", async () => {
  await page.getByRole("spinbutton", { name: "x, line 2" }).fill("3");
  await shows("grad 6");
  await type(page, `${HEAD}x = sg.Value(1.0)\nz = x * x * x`);
  await shows("27");
  await type(page, `${HEAD}x = sg.Value(2.0)\nz = x * x * x`);
  await shows("8");
});

test("all leaves can be reset to the numbers of the program", async () => {
  await page.getByRole("spinbutton", { name: "x, line 2" }).fill("1");
  await shows("1");
  await page.getByRole("button", { name: "Reset to program" }).click();
  await shows("8");
});

test("a key or a click on a box shows how it was computed and where its gradient came from", async () => {
  await type(page, `${HEAD}x = sg.Value(3.0)\nu = x * x\ny = u + 2 * x`);
  await shows("grad 8");
  await page.locator('#picture g.leaf[role="button"]').focus();
  await page.keyboard.press("Enter");
  await page.locator("#node", { hasText: "from u: 1 * 3 = 3" }).waitFor();
  await page.locator("#picture g.value", { hasText: "u" }).click();
  await page.locator("#node", { hasText: "u = x * x = 9" }).waitFor();
  assert.match(await page.locator("#node").textContent(), /∂u\/∂x = x = 3/);
});

test("an error shows at its line, and an edit mends it", async () => {
  await type(page, `${HEAD}x = sg.Value(3.0)\ny = x * "a"\nz = 1`);
  await error("Line 3. TypeError: Value(3.0) * 'a'");
  assert.match(await page.locator(".error-line").textContent(), /^y = x/);
  assert.match(await page.locator(".error-text").textContent(), /^TypeError/);
  await type(page, `${HEAD}x = sg.Value(3.0)\ny = x * 2`);
  await shows("6");
  assert.equal(await page.locator(".error-text").count(), 0);
});

test("hostile labels and messages stay text", async () => {
  const hostile = "<img src=x onerror=alert(1)><script>alert(1)</script>";
  await type(page, `${HEAD}x = sg.Value(1.0, label="${hostile}")\ny = x * x\nprint("${hostile}")\nraise ValueError("${hostile}")`);
  await error("<script>");
  await type(page, `${HEAD}x = sg.Value(1.0, label="${hostile}")\nyes = x * x\nprint("${hostile}")`);
  await shows("yes");
  assert.equal(await page.locator("main img, main script").count(), 0);
});

test("what is printed shows, up to a limit", async () => {
  await type(page, `${HEAD}print("first")\nfor i in range(10000):\n    print("a long line of output", i)`);
  await printed("first");
  await printed("the rest is left out");
  assert.ok((await page.locator("#output").textContent()).length < 21_000);
});

test("what a program no longer needs is freed", async () => {
  await type(page, "import weakref\nclass Thing: pass\nthing = Thing()\nseen = weakref.ref(thing)\ndel thing\nprint('freed:', seen() is None)");
  await printed("freed: True");
});

test("a chain of ten thousand is shown, and one of a hundred thousand is freed", async () => {
  await type(page, `${HEAD}x = sg.Value(1.0)\ndeep = x\nfor _ in range(10_000):\n    deep = deep + x`);
  await shows("10,000 \\+");
  await type(page, `${HEAD}x = sg.Value(1.0)\ndeep = x\nfor _ in range(100_000):\n    deep = deep + x\nbeside = x * 3\nbeside`);
  await shows("beside");
  await type(page, `${HEAD}x = sg.Value(1.0)\nafter = x * 2`);
  await shows("after");
});

test("texts of a picture are never under 11 pixels", async () => {
  const sizes = await page.locator("#picture svg").evaluate((svg) => {
    const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
    return [...svg.querySelectorAll("text")].map((text) => parseFloat(getComputedStyle(text).fontSize) * scale);
  });
  assert.ok(Math.min(...sizes) >= 11, String(sizes));
});

test("a wide picture can be zoomed out until it is seen whole", async () => {
  const smaller = page.getByRole("button", { name: "Zoom out" });
  await type(page, `${HEAD}x = sg.Value(1.0)\nwide = x\nfor _ in range(9):\n    wide = sg.sin(wide) * x`);
  await shows("wide");
  for (let i = 0; i < 9 && await smaller.isEnabled(); i++) await smaller.click();
  const [inner, outer] = await page.locator("#picture").evaluate((place) => [place.scrollWidth, place.clientWidth]);
  assert.ok(inner <= outer + 1, `${inner} ${outer}`);
  assert.ok(await smaller.isDisabled());
  await page.getByRole("button", { name: "Zoom in" }).click();
  assert.ok(await smaller.isEnabled());
  await type(page, `${HEAD}x = sg.Value(1.0)\nnarrow = x * 2`);
  await shows("narrow");
  while (await smaller.isEnabled()) await smaller.click();
  assert.equal(await page.locator("#picture svg").evaluate((svg) => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width), 1);
});

test("a picture is saved as SVG and as PNG", async () => {
  for (const [button, name, head] of [["Save SVG", "graph.svg", "<svg "], ["Save PNG", "graph.png", "\x89PNG"]]) {
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: button }).click()]);
    assert.equal(download.suggestedFilename(), name);
    assert.equal(readFileSync(await download.path(), "latin1").slice(0, head.length), head);
  }
  for (const paper of ["rgb(22, 25, 29)", "rgb(255, 255, 255)"]) {
    await page.getByRole("button", { name: "Dark or light" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save SVG" }).click()]);
    assert.match(readFileSync(await download.path(), "utf8"), RegExp(`^<svg [^>]*><rect [^>]*fill="${paper.replace(/[()]/g, "\\$&")}"`));
  }
});

test("the keys left and right go through the steps, and the running row is lit", async () => {
  await type(page, `${HEAD}x = sg.Value(2.0)\nu = x * x\ny = u * x`);
  await shows("grad 12");
  await page.getByRole("tab", { name: "Step" }).click();
  const title = (text) => page.locator("#step-title", { hasText: text }).waitFor();
  await title("Forward, 1 of 2: u = x * x");
  await page.keyboard.press("ArrowRight");
  await title("Forward, 2 of 2");
  for (let i = 0; i < 2; i++) await page.keyboard.press("ArrowRight");
  await title("Backward, 1 of 2: y = u * x passes on");
  assert.match(await page.locator("#sentence").textContent(), /dy\/dx = u = 4; {2}1 \* 4 = 4/);
  assert.match(await page.locator("#rows tr[aria-current=step]").textContent(), /^yu \* x/);
  assert.ok((await page.locator("#step-picture svg .flow.lit").allTextContents()).some((x) => x.includes("1 * 4 = 4")));
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await title("The gradient of y");
  assert.match(await page.locator("#sentence").textContent(), /∂y\/∂x = 12/);
  await page.keyboard.press("ArrowLeft");
  await title("Backward, 2 of 2");
  await page.keyboard.press(" ");
  await page.getByRole("button", { name: "Pause" }).waitFor();
  await page.keyboard.press(" ");
  await page.getByRole("button", { name: "Play" }).waitFor();
  await page.getByRole("tab", { name: "Graph" }).click();
});

test("Python in the page reaches no network, runs no text as JavaScript, and starts no worker", async () => {
  const { port } = witness.address();
  const host = `127.0.0.1:${port}`;
  const ways = {
    fetch: `js.fetch("http://${host}/")`,
    socket: `js.WebSocket.new("ws://${host}/")`,
    request: `js.XMLHttpRequest.new()`,
    eval: `js.eval("1")`,
    function: `js.Function("return 1")()`,
    constructed: `js.Object.constructor("return 1")()`,
    run_js: `__import__("pyodide.code").code.run_js("1")`,
    worker: `js.Worker.new("blob:x")`,
    import: `js.importScripts("http://${host}/")`,
    post: `js.postMessage("x")`,
    close: `js.close()`,
    urllib: `__import__("urllib.request").request.urlopen("http://${host}/", timeout=2)`,
    python_socket: `__import__("socket").create_connection(("127.0.0.1", ${port}), timeout=2).send(b"x")`,
  };
  const tries = Object.entries(ways).map(
    ([name, way]) => `try:\n    ${way}\n    print("${name} was let through")\nexcept BaseException as e:\n    print("${name} is refused")`,
  );
  await type(page, `import js\n${tries.join("\n")}\nprint("all tried")`);
  await printed("all tried");
  const lines = (await page.locator("#output").textContent()).trim().split("\n");
  assert.deepEqual(lines, [...Object.keys(ways).map((name) => `${name} is refused`), "all tried"]);
  assert.equal(met, 0);
  // The policy refuses to run text as code, and says so.
  const complaints = page.errors.splice(0).filter((text) => !/Content Security Policy/.test(text));
  assert.deepEqual(complaints, []);
});

test("the policy alone lets nothing through, in the page and in a worker made of a blob", async () => {
  const { port } = witness.address();
  const passed = await page.evaluate(async (host) => {
    const tries = `
      const found = [];
      try { await fetch("http://${host}/"); found.push("fetch"); } catch {}
      try { await new Promise((done, no) => Object.assign(new WebSocket("ws://${host}/"), { onopen: done, onerror: no })); found.push("socket"); } catch {}
      try { eval("1"); found.push("eval"); } catch {}
      try { await import("http://${host}/x.js"); found.push("import"); } catch {}
      postMessage(found);`;
    const url = URL.createObjectURL(new Blob([tries], { type: "text/javascript" }));
    const worker = new Worker(url, { type: "module" });
    const passed = await new Promise((done) => (worker.onmessage = ({ data }) => done(data)));
    worker.terminate();
    const image = new Image();
    image.src = `http://${host}/image.png`;
    await image.decode().then(() => passed.push("image"), () => {});
    await fetch(`http://${host}/`).then(() => passed.push("fetch of the page"), () => {});
    return passed;
  }, `127.0.0.1:${port}`);
  assert.deepEqual(passed, []);
  assert.equal(met, 0);
  page.errors.splice(0); // the policy's own messages
});

test("Stop ends an endless loop, and the spare worker runs the next program", async () => {
  await spareReady(page);
  await type(page, `${HEAD}print("begun", flush=True)\nwhile True:\n    pass`);
  await printed("begun");
  await page.getByRole("button", { name: "Stop" }).click();
  await error("Stopped.");
  await page.locator("#run").click();
  await printed("begun");
  await page.getByRole("button", { name: "Stop" }).click();
  await error("Stopped.");
  await type(page, `${HEAD}x = sg.Value(1.0)\nthen = x * 2`);
  await shows("then");
});

test("an edit ends a loop that was typed, without a click", async () => {
  await spareReady(page);
  await type(page, `${HEAD}print("loops", flush=True)\nwhile True:\n    pass`);
  await printed("loops");
  await page.waitForTimeout(1200);
  await type(page, `${HEAD}x = sg.Value(1.0)\nmended = x * 2`);
  await shows("mended");
  assert.equal(await page.locator("#alarm").isVisible(), false);
});

test("a correction right after a loop was typed runs, too", async () => {
  await spareReady(page);
  await type(page, `${HEAD}while True:\n    pass`);
  await page.waitForTimeout(300);
  await type(page, `${HEAD}x = sg.Value(1.0)\ncorrected = x * 2`);
  await shows("corrected");
});

test("after five seconds the page asks, and a long run may go on", async () => {
  await type(page, `import time\n${HEAD}time.sleep(0)\nend = time.time() + 6\nwhile time.time() < end:\n    pass\nx = sg.Value(1.0)\nlong = x * 2`);
  await page.getByRole("button", { name: "Go on" }).click();
  await shows("long");
  assert.equal(await page.locator("#alarm").isVisible(), false);
});

test("a program that breaks the interpreter is reported, and a new Python starts", async () => {
  await spareReady(page);
  await type(page, `class R:\n    def __repr__(self):\n        return repr([self])\nrepr(R())`);
  await error("Python broke down");
  await type(page, `${HEAD}x = sg.Value(1.0)\nanew = x * 2`);
  await shows("anew");
  page.errors.splice(0); // the interpreter's own messages
});

test("a link holds the program, which waits for a click", async () => {
  const program = `${HEAD}x = sg.Value(1.0)\nshared = x * 2  # <b>&\nprint("ran")`;
  await type(page, program);
  await shows("shared");
  await page.getByRole("button", { name: "Copy link" }).click();
  const { hash } = new URL(page.url());
  assert.equal(decodeURIComponent(hash), `#program=${program}`);
  const other = await open(site, { hash });
  await other.getByRole("button", { name: "Run it" }).waitFor();
  assert.match(await other.locator(".cm-content").textContent(), /shared = x \* 2 {2}# <b>&/);
  await type(other, `${program}\n`);
  await other.waitForTimeout(300);
  assert.equal(await other.locator("#picture svg").count(), 0);
  await other.getByRole("button", { name: "Run it" }).click();
  await shows("shared", other);
  assert.deepEqual(other.errors, []);
  await other.context().close();
});

test("the line of the lesson is found, and a pause takes effect at once", async () => {
  await page.getByRole("tab", { name: "Train" }).click();
  const says = page.locator("#train-says");
  await says.filter({ hasText: "Step 0" }).waitFor();
  await page.locator("#train-step").click();
  await says.filter({ hasText: "Step 1," }).waitFor();
  await page.locator("#train-run").click();
  await says.filter({ hasText: "w = 3, b = 1" }).waitFor();
  await page.locator("#train-run").click();
  await page.waitForTimeout(500);
  const paused = await says.textContent();
  await page.waitForTimeout(300);
  assert.equal(await says.textContent(), paused);
  await page.locator("#train-reset").click();
  await says.filter({ hasText: "Step 0" }).waitFor();
});

test("a rate that is too high is reported, and the user's own points are learned", async () => {
  await page.locator("#train-rate").fill("9");
  await page.locator("#train-run").click();
  await page.locator("#train-error", { hasText: "lower the rate" }).waitFor();
  await page.locator("#train-rate").fill("0.1");
  await page.locator("details summary").click();
  await page.locator("#own").fill("x, y\n0, 2\n1, 1\n2, 0");
  await page.getByRole("button", { name: "Use these" }).click();
  await page.locator("#train-says", { hasText: "Step 0" }).waitFor();
  await page.locator("#train-run").click();
  await page.locator("#train-says", { hasText: "w = -1, b = 2" }).waitFor();
  await page.locator("#train-points").click({ position: { x: 200, y: 200 } });
  await page.locator("#train-says", { hasText: "Step 0" }).waitFor();
  assert.equal((await page.locator("#own").inputValue()).trim().split("\n").length, 5);
  await page.locator("#own").fill("0, what");
  await page.getByRole("button", { name: "Use these" }).click();
  await page.locator("#train-error", { hasText: "there are 0 points" }).waitFor();
  await page.locator("#train-run").click();
  await page.locator("#train-run", { hasText: "Run" }).waitFor();
  assert.match(await page.locator("#train-error").textContent(), /there are 0 points/);
});

test("two moons are told apart, to a loss below 0.1", async () => {
  await page.selectOption("#train-kind", "classes");
  await page.locator("#train-says", { hasText: "Step 0" }).waitFor();
  await page.locator("#train-run").click();
  await page.locator("#train-says", { hasText: /loss 0\.0[1-9]/ }).waitFor({ timeout: 60_000 });
  await page.locator("#train-run").click();
  await page.locator("#train-says", { hasText: /(9\d|100) of 100 points/ }).waitFor();
  await page.locator("#network line").nth(40).dispatchEvent("pointerover", { bubbles: true });
  assert.match(await page.locator("#weight").textContent(), /^w1\[\d+\]\[\d+\] = -?[\d.e-]+, gradient /);
  await page.locator("#network").focus();
  for (let i = 0; i < 9; i++) await page.keyboard.press("ArrowLeft");
  assert.match(await page.locator("#weight").textContent(), /^w0\[15\]\[1\] = /);
});

test("another kind may be chosen at any time, and the last choice is what learns", async () => {
  await page.selectOption("#train-kind", "line");
  await page.locator("#train-says", { hasText: "Step 0. w" }).waitFor();
  for (const kind of ["classes", "line", "classes"]) {
    await page.locator("#train-run").click();
    await page.waitForTimeout(400);
    await page.selectOption("#train-kind", kind);
    await page.locator("#train-says", { hasText: kind === "line" ? "Step 0. w" : /Step 0\. \d+ of/ }).waitFor();
  }
  for (const kind of ["line", "classes", "line"]) await page.selectOption("#train-kind", kind);
  await page.locator("#train-says", { hasText: "Step 0. w" }).waitFor();
  await page.locator("#train-step").click();
  await page.locator("#train-says", { hasText: "Step 1," }).waitFor();
  assert.equal(await page.locator("#train-error").textContent(), "");
  assert.equal(await page.locator("#network").isVisible(), false);
});

test("the small GPT learns, invents names, and shows where its heads look", async () => {
  await page.getByRole("tab", { name: "GPT" }).click();
  await page.locator("#gpt-says", { hasText: "Step 0" }).waitFor();
  await page.locator("#gpt-run").click();
  await page.locator("#gpt-says", { hasText: /Step [2-9]\d, loss [23]\./ }).waitFor();
  await page.locator("#gpt-run").click();
  assert.ok((await page.locator("#samples li").count()) >= 2);
  await page.locator("#word").fill("world");
  await page.locator("#heads table th", { hasText: "w" }).first().waitFor();
  assert.equal(await page.locator("#heads table").count(), 4);
  await page.getByRole("tab", { name: "Graph" }).click();
});

test("on a phone nothing is wider than the page, and a truncated link shows an example", async () => {
  const small = await open(site, { hash: "#program=%E0%A4%A", viewport: { width: 400, height: 800 }, colorScheme: "dark" });
  await graphShown(small);
  for (const tab of ["Graph", "Step", "Train", "GPT"]) {
    await small.getByRole("tab", { name: tab }).click();
    assert.ok((await small.evaluate(() => document.documentElement.scrollWidth)) <= 400, tab);
  }
  const nameless = await small.evaluate(() =>
    [...document.querySelectorAll("button, input, select, textarea")]
      .filter((x) => !(x.textContent.trim() || x.getAttribute("aria-label") || x.labels?.length))
      .map((x) => x.outerHTML),
  );
  assert.deepEqual(nameless, []);
  assert.deepEqual(small.errors, []);
  await small.context().close();
});

test("a worker that does not load is reported, and can be reloaded", async () => {
  const context = await site.browser.newContext();
  await context.route("**/modules.json", (route) => route.fulfill({ status: 404, body: "gone" }));
  const broken = await context.newPage();
  await broken.goto(site.address);
  await error("Python did not load", broken);
  await context.unroute("**/modules.json");
  await broken.getByRole("button", { name: "Reload Python" }).click();
  await graphShown(broken);
  await context.close();
});

test("the page asks only its own server, and logs no error", () => {
  // The browser also lists the requests that the tests above tried; none arrived.
  const own = [site.address, "blob:", "data:", `http://127.0.0.1:${witness.address().port}/`];
  assert.deepEqual(site.requests.filter((url) => !own.some((head) => url.startsWith(head))), []);
  assert.equal(met, 0);
  assert.deepEqual(page.errors, []);
});
