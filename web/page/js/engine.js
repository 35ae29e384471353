// The engine in WebAssembly, and one game of it.

/** Parts in the order of a row, as everywhere in qwop-native. */
export const PARTS = [
  "torso", "head", "leftArm", "leftCalf", "leftFoot", "leftForearm",
  "leftThigh", "rightArm", "rightCalf", "rightFoot", "rightForearm", "rightThigh",
];
export const FLAVORS = ["glibc", "glibc-fma", "fdlibm"];
export const FRAMES_PER_SECOND = 30;

const FIELDS = 6; // x, y, angle, vx, vy, angular velocity
const ROW_DOUBLES = 87; // 12 parts, 2 pieces of the hurdle, torque, score, clock
const ROW_BYTES = ROW_DOUBLES * 8 + 1;
const HURDLE_AT = PARTS.length * FIELDS;
const SCORE_AT = 85, CLOCK_AT = 86;

// The smallest module with a vector in it, which only browsers with SIMD accept.
const WITH_SIMD = Uint8Array.of(
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
);

/** Which build of the engine this browser can run: its file, and what there is to say about it. */
export function chooseEngine() {
  if (typeof WebAssembly !== "object") {
    throw new Error(
      "This browser has no WebAssembly, or it is turned off; the game needs it, and any current " +
      "Firefox, Chrome, Safari or Edge has it.",
    );
  }
  if (WebAssembly.validate(WITH_SIMD)) {
    return { file: "engine-simd.wasm", simd: true, words: "The engine runs with SIMD." };
  }
  return {
    file: "engine.wasm",
    simd: false,
    words: "This browser has no WebAssembly SIMD: all works, but the planner thinks more slowly.",
  };
}

// What the C++ library asks of its host: a clock, for interrupts that never come, and an exit.
const HOST = {
  wasi_snapshot_preview1: {
    clock_time_get: () => 0,
    proc_exit(code) { throw new Error(`The engine has stopped (${code}); load the page again.`); },
  },
  env: { emscripten_notify_memory_growth() {} }, // every view of the memory is made anew
};

/** Loads the engine; the result makes games. */
export async function loadEngine(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`The engine is missing: ${url} (${answer.status}).`);
  return instantiate(await answer.arrayBuffer());
}

/** An engine from the bytes of its file. */
export async function instantiate(bytes) {
  const { instance } = await WebAssembly.instantiate(bytes, HOST);
  instance.exports._initialize();
  return instance.exports;
}

/** One game with its page, as qwop_native.Game; call free() when done with it. */
export class Game {
  #engine;
  #game;

  constructor(engine, sincos = "glibc", copied = undefined) {
    const flavor = FLAVORS.indexOf(sincos);
    if (flavor < 0) throw new Error(`sincos must be one of ${FLAVORS.join(", ")}, not ${sincos}`);
    this.#engine = engine;
    this.sincos = sincos;
    this.#game = copied ?? engine.game_new(flavor);
  }

  /** Where the engine has it, for what else it does with games. */
  get pointer() { return this.#game; }

  copy() { return new Game(this.#engine, this.sincos, this.#engine.game_copy(this.#game)); }

  free() {
    this.#engine.game_free(this.#game);
    this.#game = 0;
  }

  click() { this.#engine.game_click(this.#game); }
  reset() { this.#engine.game_reset(this.#game); }
  release() { this.#engine.game_hold(this.#game, 0); }
  idle() { this.#engine.game_update(this.#game); }
  tick(seconds) { this.#engine.game_tick(this.#game, seconds); }

  step(keys) {
    this.#engine.game_hold(this.#game, keys);
    this.#engine.game_update(this.#game);
  }

  get frames() { return this.#engine.game_frames(this.#game); }
  get digest() { return BigInt.asUintN(64, this.#engine.game_row_digest(this.#game)); }
  get stateHash() { return BigInt.asUintN(64, this.#engine.game_state_hash(this.#game)); }

  /** The state now: bodies and hurdle as arrays of {x, y, angle, vx, vy, omega}, and the score. */
  get state() {
    const at = this.#engine.game_row(this.#game);
    const numbers = new Float64Array(this.#engine.memory.buffer, at, ROW_DOUBLES);
    const flags = new Uint8Array(this.#engine.memory.buffer, at, ROW_BYTES)[ROW_BYTES - 1];
    const body = (from) => {
      const [x, y, angle, vx, vy, omega] = numbers.subarray(from, from + FIELDS);
      return { x, y, angle, vx, vy, omega };
    };
    return {
      bodies: Object.fromEntries(PARTS.map((part, i) => [part, body(i * FIELDS)])),
      hurdle: [body(HURDLE_AT), body(HURDLE_AT + FIELDS)],
      score: numbers[SCORE_AT],
      clock: numbers[CLOCK_AT],
      fallen: (flags & 1) !== 0,
      jumped: (flags & 2) !== 0,
      landed: (flags & 4) !== 0,
      ended: (flags & 8) !== 0,
      frames: this.frames,
    };
  }
}
