// What goes on in slices: run, pause, and a slice in Python while the page draws the one before.

const SLICE = 0.045; // seconds; a pause takes effect after one
const SHOW_EVERY = 100; // milliseconds while it runs, or else four times as long as it takes

export class Loop {
  /**
   * `ask` asks Python for something of a training; `took` is told of each slice, `show` of those that are to be shown,
   * and `problem` of what went wrong.
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
    this.busy = this.goOn();
  }

  async goOn() {
    let [next, due, withState] = [this.slice({}), 0, true];
    while (next) {
      const [answer, isShown] = [await next, withState];
      if (!answer) return;
      this.took(answer);
      const start = performance.now();
      withState = !this.isRunning || start >= due; // of a state that nobody sees the page would only wait for the text
      next = this.isRunning ? this.slice({ with_state: withState }) : isShown ? null : this.slice({ steps: 0 });
      if (!isShown) continue;
      await this.show(answer);
      const end = performance.now();
      due = end + Math.max(SHOW_EVERY, 4 * (end - start));
    }
  }

  /** A pause, and so many steps. */
  async once(asked) {
    this.pause();
    await this.busy;
    this.busy = this.slice(asked).then(async (answer) => {
      if (!answer) return;
      this.took(answer);
      await this.show(answer);
    });
  }

  /** What Python says of a slice; null if it has nothing to say. */
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

  /** Begin anew, paused; what Python says of the beginning, or null. */
  async begin(settings) {
    this.pause();
    this.problem("");
    await this.busy;
    try {
      const answer = await this.ask("begin", settings);
      if (answer.error) this.problem(answer.error);
      return answer.error ? null : answer;
    } catch (error) {
      this.problem(error.message);
      return null;
    }
  }
}
