// Builds the playground into dist/ as static files: the page, Python in WebAssembly, and the package of this checkout.

import { randomBytes } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = fileURLToPath(new URL(".", import.meta.url));
const checkout = join(here, "..");
const dist = join(here, "dist");
rmSync(dist, { recursive: true, force: true });
mkdirSync(join(dist, "pyodide"), { recursive: true });

const nonce = randomBytes(16).toString("base64");
await build({
  entryPoints: [join(here, "src/main.js")],
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  loader: { ".worker.js": "text" },
  define: { NONCE: JSON.stringify(nonce) },
  outfile: join(dist, "main.js"),
});
const page = readFileSync(join(here, "src/index.html"), "utf8").replaceAll("NONCE", nonce);
writeFileSync(join(dist, "index.html"), page);
cpSync(join(here, "src/style.css"), join(dist, "style.css"));

for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"]) {
  cpSync(join(here, "node_modules/pyodide", name), join(dist, "pyodide", name));
}
// Pyodide would look there for packages that it lacks, but the page loads nothing from elsewhere.
const loader = join(dist, "pyodide/pyodide.mjs");
writeFileSync(loader, readFileSync(loader, "utf8").replaceAll("https://cdn.jsdelivr.net", ""));

// The modules of the package, the demos that the page shows and playground/python, keyed by the path for Python.
const modules = {};
const take = (folder, names, as = "") => {
  for (const name of names) {
    modules[as + name.replaceAll("\\", "/")] = readFileSync(join(folder, name), "utf8");
  }
};
const isModule = (name) => name.endsWith(".py");
const ours = join(checkout, "scalargrad");
take(ours, readdirSync(ours, { recursive: true }).filter(isModule), "scalargrad/");
take(join(checkout, "demos"), ["moons.py", "microgpt.py", "gpt_options.py", "gpt_picture.py"]);
take(join(here, "python"), readdirSync(join(here, "python")).filter(isModule));
writeFileSync(join(dist, "modules.json"), JSON.stringify(modules));
