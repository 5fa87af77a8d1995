// Support of the tests: dist/ behind Python's own server, a browser, and a page whose errors are recorded.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

export const DIST = fileURLToPath(new URL("../dist", import.meta.url));
const OPTIONS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A server of dist/ and a browser; `close` ends both. */
export async function begin() {
  const port = await freePort();
  const server = spawn("python3", ["-m", "http.server", "--bind", "127.0.0.1", "-d", DIST, String(port)], { stdio: "ignore" });
  const address = `http://127.0.0.1:${port}/`;
  for (let tries = 0; ; tries++) {
    try {
      await fetch(address, { method: "HEAD" });
      break;
    } catch (error) {
      if (tries > 100) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: OPTIONS });
  const close = async () => {
    await browser.close();
    server.kill();
  };
  return { address, browser, close, requests: [] };
}

/** A page, opened at an address, perhaps with a program, with what it logs to the console in `errors`. */
export async function open({ address, browser, requests }, { hash = "", ...options } = {}) {
  const context = await browser.newContext({ acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.errors = [];
  context.on("request", (request) => requests.push(request.url()));
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && page.errors.push(message.text()));
  page.on("pageerror", (error) => page.errors.push(String(error)));
  page.setDefaultTimeout(30_000);
  await page.goto(address + hash);
  return page;
}

/** Put a program into the editor, as if typed. */
export async function type(page, program) {
  await page.locator(".cm-content").click();
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(program);
}

export const graphShown = (page) => page.locator("#picture svg").waitFor();
export const spareReady = (page) => page.locator("body[data-spare=ready]").waitFor({ state: "attached" });
