// Runs one measurement of rows.py on CPython in WebAssembly (Pyodide): node pyodide.mjs INSTALLED NAME ENGINE PATHS
// INSTALLED is the folder in which .ci/pyodide has put Pyodide.

import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const [installed, name, engine, checkout] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(installed, "node_modules/pyodide/pyodide.mjs")));
const python = await loadPyodide();
python.mountNodeFS("/checkout", resolve(checkout));
python.mountNodeFS("/benchmarks", fileURLToPath(new URL(".", import.meta.url)));
python.runPython("import sys; sys.path[:0] = ['/checkout', '/benchmarks']; import rows");
console.log(python.pyimport("rows").work(name, engine));
