// Python in workers: one for each part of the page that needs it, and a spare one to replace a worker that was ended.

import source from "./python.worker.js";

const LONGEST_LOADING = 180_000; // milliseconds without a message from a loading worker; a slow line takes minutes
const BASE = new URL(".", location.href).href;
const url = URL.createObjectURL(new Blob([`const BASE = ${JSON.stringify(BASE)};\n${source}`], { type: "text/javascript" }));

/** Why a request has no answer: `kind` is stopped, failed (it did not load) or fatal (the interpreter broke). */
export class Ended extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

class Interpreter {
  constructor() {
    this.asked = new Map();
    this.count = 0;
    this.progress = "";
    this.worker = new Worker(url, { type: "module" });
    this.ready = new Promise((ready, failed) => Object.assign(this, { isReady: ready, hasFailed: failed }));
    this.ready.catch(() => {}); // those who wait for it get the error as well
    this.worker.onmessage = ({ data }) => this.told(data);
    this.worker.onerror = (event) => {
      event.preventDefault();
      this.end(new Ended(this.loaded ? "fatal" : "failed", event.message || "the worker did not start"));
    };
    this.watch();
  }

  watch() {
    clearTimeout(this.watchdog);
    const late = () => this.end(new Ended("failed", `no answer for ${LONGEST_LOADING / 1000} s`));
    this.watchdog = setTimeout(late, LONGEST_LOADING);
  }

  told({ id, loading, ready, failed, output, answer, error, fatal }) {
    if (loading) {
      this.progress = loading;
      this.watch();
      this.onprogress?.(loading);
    } else if (ready) {
      clearTimeout(this.watchdog);
      this.loaded = true;
      this.isReady(this);
    } else if (failed) {
      this.end(new Ended("failed", failed));
    } else if (output !== undefined) {
      this.asked.get(id)?.output?.(output);
    } else if (fatal) {
      this.end(new Ended("fatal", error));
    } else if (this.asked.has(id)) {
      const { done, failed: refuse } = this.asked.get(id);
      let found;
      try {
        found = error === undefined && JSON.parse(answer);
      } catch {
        return this.end(new Ended("fatal", "its answer cannot be read, perhaps for lack of memory"));
      }
      this.asked.delete(id);
      if (error !== undefined) refuse(new Error(error));
      else done(found);
    }
  }

  ask(request, output) {
    return new Promise((done, failed) => {
      if (this.ended) return failed(this.ended);
      this.asked.set(++this.count, { done, failed, output });
      this.worker.postMessage({ id: this.count, request: JSON.stringify(request) });
    });
  }

  end(reason) {
    if (this.ended) return;
    this.ended = reason;
    clearTimeout(this.watchdog);
    this.worker.terminate();
    this.hasFailed(reason);
    for (const { failed } of this.asked.values()) failed(reason);
  }
}

let spare = null;

/** The spare interpreter, or a new one; once it is ready, another spare is made. */
function taken() {
  const found = spare && !spare.ended ? spare : new Interpreter();
  spare = null;
  delete document.body.dataset.spare;
  const makeSpare = () => {
    if (spare && !spare.ended) return;
    spare = new Interpreter();
    spare.ready.then(() => (document.body.dataset.spare = "ready"), () => {}); // for the tests
  };
  found.ready.then(() => setTimeout(makeSpare, 500), () => {});
  return found;
}

/** The Python of one part of the page. */
export class Python {
  /** `progress` gets a text while Python is loading, and "" when it is ready. */
  constructor(progress) {
    this.progress = progress;
  }

  get interpreter() {
    if (!this.current || this.current.ended) {
      this.current = taken();
      if (!this.current.loaded) {
        this.progress(this.current.progress || "Loading Python …");
        this.current.onprogress = this.progress;
        this.current.ready.then(() => this.progress(""), () => this.progress(""));
      }
    }
    return this.current;
  }

  /** Send a request; `output` gets what is printed meanwhile, and `begins` is called when Python is ready. */
  async ask(request, { output, begins } = {}) {
    const interpreter = this.interpreter;
    await interpreter.ready;
    begins?.();
    return interpreter.ask(request, output);
  }

  stop(message = "stopped") {
    this.current?.end(new Ended("stopped", message));
    return this.interpreter;
  }
}
