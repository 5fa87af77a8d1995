// Runs suite.py on CPython in WebAssembly (Pyodide) under Node: node run.mjs INSTALLED [pytest's options].
// INSTALLED is the folder in which .ci/pyodide has put Pyodide (node_modules) and Python's packages (packages).

import { writeSync } from "node:fs";
import { resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isMainThread, Worker } from "node:worker_threads";

const [installed, ...options] = process.argv.slice(2);

if (isMainThread) {
  // CPython frees a deep chain of objects by recursion until little is left of the stack that it can measure, which is
  // not the one that WebAssembly returns through. A thread may have enough of that one to reach this point.
  const settings = { argv: process.argv.slice(2), resourceLimits: { stackSizeMb: 256 } };
  const worker = new Worker(new URL(import.meta.url), settings);
  worker.on("exit", (code) => (process.exitCode = code));
} else {
  const { loadPyodide } = await import(pathToFileURL(resolve(installed, "node_modules/pyodide/pyodide.mjs")));
  const { SCALARGRAD_PROFILE = "wasm" } = process.env;
  const env = { PYTHONDONTWRITEBYTECODE: "1", SCALARGRAD_PROFILE };
  const python = await loadPyodide({ env });
  // By default these are streams that a worker does not have.
  python.setStdin({ stdin: () => null });
  python.setStdout({ write: (bytes) => writeSync(1, bytes) });
  python.setStderr({ write: (bytes) => writeSync(2, bytes) });
  python.mountNodeFS("/checkout", fileURLToPath(new URL("../..", import.meta.url)));
  python.mountNodeFS("/packages", resolve(installed, "packages"));
  python.FS.chdir("/checkout");
  const folders = ["/checkout", "/checkout/tests/pyodide", "/checkout/playground/python", "/packages"];
  python.runPython(`import sys; sys.path[:0] = ${JSON.stringify(folders)}`);
  process.exit(python.pyimport("suite").main(options));
}
