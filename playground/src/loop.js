// Training in slices: it runs and pauses; while Python computes a slice, the page draws the one before.

const SLICE = 0.045; // seconds; a pause takes effect after one
const SHOW_EVERY = 100; // milliseconds while it runs, or four times as long as it takes, if that is more

export class Loop {
  /**
   * `ask` sends Python a request about a training; `took` gets each slice, `show` those to be shown, and `problem` the
   * text of an error.
   */
  constructor({ ask, took, show, problem, button, rate = () => null }) {
    Object.assign(this, { ask, took, show, problem, button, rate });
    button.addEventListener("click", () => (this.isRunning ? this.pause() : this.run()));
  }

  pause() {
    this.isRunning = false;
    this.button.textContent = "Run";
  }

  /** Go on until there is a pause or an end. */
  async run() {
    await this.busy;
    this.isRunning = true;
    this.button.textContent = "Pause";
    if (this.isReady) this.busy = this.guarded(this.goOn());
    else this.pause();
  }

  async goOn() {
    let [next, due, withState] = [this.slice({}), 0, true];
    while (next) {
      const [answer, isShown] = [await next, withState];
      if (!answer) return;
      this.took(answer);
      const start = performance.now();
      withState = !this.isRunning || start >= due; // a state that is not shown would only cost time
      next = this.isRunning ? this.slice({ with_state: withState }) : isShown ? null : this.slice({ steps: 0 });
      if (!isShown) continue;
      await this.show(answer);
      const end = performance.now();
      due = end + Math.max(SHOW_EVERY, 4 * (end - start));
    }
  }

  /** Pause, and make the steps of one request. */
  async once(asked) {
    this.pause();
    await this.busy;
    if (!this.isReady) return;
    const answered = this.slice(asked).then(async (answer) => {
      if (!answer) return;
      this.took(answer);
      await this.show(answer);
    });
    this.busy = this.guarded(answered);
  }

  /** Python's answer to a slice; null after an error. */
  async slice(asked) {
    try {
      const answer = await this.ask("slice", { seconds: SLICE, rate: this.rate(), ...asked });
      if (!answer.over && !answer.error) return answer;
      this.pause();
      this.problem(answer.over ?? answer.error);
      return answer.error ? null : answer;
    } catch (error) {
      this.pause();
      this.problem(error.message);
      return null;
    }
  }

  /** Start over, paused, when all else is done; `began` gets Python's answer, unless that is an error. */
  begin(settings, began) {
    this.pause();
    this.problem("");
    const starting = async (before) => {
      await before;
      this.isReady = false; // nothing goes on with what was there before, if the new training cannot begin
      const answer = await this.ask("begin", settings);
      if (answer.error) this.problem(answer.error);
      else {
        this.isReady = true;
        await began(answer);
      }
    };
    this.busy = this.guarded(starting(this.busy));
  }

  /** Work that ends even if it fails, since others wait for its end. */
  async guarded(work) {
    try {
      await work;
    } catch (error) {
      this.pause();
      this.problem(error.message);
    }
  }
}
