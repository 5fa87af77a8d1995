// Runs Python. The page makes this worker from a blob, so that its policy holds here, and prepends BASE, its own address.

const post = self.postMessage.bind(self);
// Whatever could reach the network, run text as code or start workers. The policy refuses it as well.
const REFUSED = [
  "fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "WebTransport", "EventSource", "Worker", "SharedWorker",
  "BroadcastChannel", "eval", "importScripts", "indexedDB", "caches", "postMessage", "close",
];

try {
  post({ loading: "Loading Python …" });
  const { loadPyodide } = await import(`${BASE}pyodide/pyodide.mjs`);
  const modules = fetch(`${BASE}modules.json`).then((response) => response.json());
  const python = await loadPyodide({
    indexURL: `${BASE}pyodide/`,
    env: { HOME: "/home", PYTHONDONTWRITEBYTECODE: "1" },
    stdin: () => undefined,
    stdout: () => undefined,
    stderr: () => undefined,
  });
  post({ loading: "Loading scalargrad …" });
  for (const [path, text] of Object.entries(await modules)) {
    const file = `/modules/${path}`;
    python.FS.mkdirTree(file.slice(0, file.lastIndexOf("/")));
    python.FS.writeFile(file, text);
  }
  const start = python.runPython(`import sys; sys.path.insert(0, "/modules"); import session; session.start`);
  let asked = 0;
  const answer = start((output) => post({ id: asked, output }));
  for (const name of REFUSED) {
    for (let holder = self; holder; holder = Object.getPrototypeOf(holder)) delete holder[name];
  }
  self.onmessage = ({ data: { id, request } }) => {
    asked = id;
    try {
      post({ id, answer: answer(request) });
    } catch (error) {
      post({ id, error: String(error.message ?? error), fatal: error.name !== "PythonError" });
    }
  };
  post({ ready: true });
} catch (error) {
  post({ failed: String(error.message ?? error) });
}
