// The planner as an opponent: its keys come from a worker, its runner is played here.
import { Game } from "./engine.js";
import { FRAMES_PER_DECISION } from "./planning.js";

export class PlannerOpponent {
  name = "planner";
  #worker;
  #engine;
  #keys = []; // a mask a frame
  #run = 0;
  #shown = 0; // frames
  #ready = false;

  /** onError is called with words if the planner cannot run. */
  constructor(engine, { sincos, color, address, onError }) {
    this.#engine = engine;
    this.color = color;
    this.sincos = sincos;
    this.game = this.#fresh();
    this.#worker = new Worker(new URL("planner_worker.js", import.meta.url), { type: "module" });
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = ({ message = "" }) => onError(`The planner cannot run here. ${message}`);
    const critic = new URL("../critic.bin", import.meta.url).href;
    this.#worker.postMessage({ load: { engine: address, critic, sincos } });
  }

  get state() { return this.game.state; }
  get note() {
    return this.width ? `the planner keeps ${this.width} futures` : "the planner warms up";
  }

  start() { this.game.click(); }

  /** One frame, if the planner knows what to do; else its runner waits for it. */
  step() {
    if (!this.#keys.length || this.state.ended) return;
    this.game.step(this.#keys.shift());
    this.#shown += 1;
    if (this.#shown % FRAMES_PER_DECISION === 0) {
      this.#worker.postMessage({ run: this.#run, shown: this.#shown });
    }
  }

  restart() {
    this.game.free();
    this.game = this.#fresh();
    this.#keys = [];
    this.#shown = 0;
    this.#run += 1;
    if (this.#ready) this.#worker.postMessage({ begin: this.#run });
  }

  free() {
    this.#worker.terminate();
    this.game.free();
  }

  #fresh() {
    const game = new Game(this.#engine, this.sincos);
    game.idle();
    return game;
  }

  #hear({ ready, run, keys, width }) {
    if (ready) {
      this.#ready = true;
      if (this.#run) this.#worker.postMessage({ begin: this.#run });
    } else if (run === this.#run) {
      this.width = width;
      for (let i = 0; i < FRAMES_PER_DECISION; ++i) this.#keys.push(keys);
    }
  }
}
