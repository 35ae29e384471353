// The planner's time: how wide a beam it can afford for each decision.

export const FRAMES_PER_DECISION = 3;
const ACTIONS = 9;
const DEPTH = 30; // decisions that are known ahead
const FIRST_LEVELS = 10, CATCH_UP = 3; // levels of the first decision and of each further one
export const MOST_WIDTH = 400, LEAST_WIDTH = 24; // states of a level

/** A planner in an engine: the beam of web/engine/rolling_beam.cpp and the clock that it obeys. */
export class Planner {
  #engine;
  #beam;
  #stateMs = 0; // of one state tried, lately
  width = LEAST_WIDTH;

  /** critic: the bytes of critic.bin; now: gives ms. */
  constructor(engine, game, critic, now = () => performance.now()) {
    this.#engine = engine;
    this.now = now;
    const at = engine.malloc(critic.length);
    new Uint8Array(engine.memory.buffer, at, critic.length).set(critic);
    this.#beam = engine.planner_new(game.pointer, MOST_WIDTH, at, critic.length);
    engine.free(at);
  }

  begin(game, seed) { this.#engine.planner_begin(this.#beam, game.pointer, seed); }

  get over() { return this.#engine.planner_over(this.#beam) !== 0; }

  /** Keys for the next frames, after as much thought as there is time for; or of one width. */
  decide(budgetMs, width = undefined) {
    const depth = this.#engine.planner_depth(this.#beam);
    const begun = this.now();
    for (let left = Math.min(DEPTH - depth, depth ? CATCH_UP : FIRST_LEVELS); left > 0; --left) {
      if (this.#engine.planner_stuck(this.#beam)) break;
      const before = this.now();
      this.width = width ?? this.#affordable(budgetMs - (before - begun), left);
      const tried = this.#engine.planner_deepen(this.#beam, this.width);
      this.#stateMs = (this.now() - before) / tried;
    }
    return this.#engine.planner_decide(this.#beam);
  }

  #affordable(leftMs, levels) {
    if (!this.#stateMs) return LEAST_WIDTH;
    const width = Math.floor(leftMs / levels / this.#stateMs / ACTIONS);
    return Math.max(LEAST_WIDTH, Math.min(MOST_WIDTH, width));
  }
}
