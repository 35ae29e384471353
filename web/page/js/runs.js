// Runs in progress: one that is being played, and one that is being replayed.
import { FRAMES_PER_SECOND, Game } from "./engine.js";
import { playEvent, push } from "./tape.js";

const CHECK_EVERY = 30; // frames between two hashes
const MOST_SAVED = 200; // copies kept for going back

/** A game that somebody plays. It begins with one update on the intro screen. */
export class LiveRun {
  #page = [{ kind: "idle", count: 1, keys: 0 }];
  #keys = [];
  #hashes = new Map();
  started = false;

  constructor(engine, sincos) {
    this.game = new Game(engine, sincos);
    this.game.idle();
  }

  get frame() { return this.#keys.length; }

  start() {
    this.started = true;
    this.game.click();
    this.#begin({ kind: "click", count: 1, keys: 0 });
  }

  /** The game's own restart. What was done before stays part of the page's history. */
  restart() {
    for (const keys of this.#keys) push(this.#page, { kind: "keys", count: 1, keys });
    this.game.reset();
    this.#begin({ kind: "reset", count: 1, keys: 0 });
  }

  step(keys) {
    this.game.step(keys);
    this.#keys.push(keys);
    if (this.frame % CHECK_EVERY === 0) this.#hashes.set(this.frame, this.game.digest);
  }

  recording() {
    this.#hashes.set(this.frame, this.game.digest);
    return {
      keys: Uint8Array.from(this.#keys),
      sincos: this.game.sincos,
      page: this.#page.map((event) => ({ ...event })),
      hashes: new Map(this.#hashes),
      values: { program: "qwop-native web page", result: result(this.game.state) },
    };
  }

  free() { this.game.free(); }

  #begin(event) {
    push(this.#page, event);
    this.#keys = [];
    this.#hashes = new Map([[0, this.game.digest]]);
  }
}

function result(state) {
  return {
    frames: state.frames,
    time_s: state.frames / FRAMES_PER_SECOND,
    distance: state.bodies.torso.x / 10,
    score: state.score,
    fallen: state.fallen,
    landed: state.landed,
    ended: state.ended,
  };
}

/** A recording that is being played, with the way back. */
export class Replay {
  #start;
  #saved = [];
  #every;

  constructor(engine, recording) {
    this.recording = recording;
    this.#start = new Game(engine, recording.sincos);
    for (const event of recording.page) playEvent(this.#start, event);
    this.#every = Math.max(CHECK_EVERY, Math.ceil(recording.keys.length / MOST_SAVED));
    this.game = this.#start.copy();
    this.frame = 0;
    this.checked = 0;
    this.diverged = undefined; // the first frame at which a hash was another one
    this.#check();
  }

  get length() { return this.recording.keys.length; }
  get done() { return this.frame >= this.length; }
  get keys() { return this.frame > 0 ? this.recording.keys[this.frame - 1] : 0; }

  step() {
    if (this.done) return;
    this.game.step(this.recording.keys[this.frame]);
    this.frame += 1;
    this.#check();
    if (this.frame % this.#every === 0) this.#saved[this.frame / this.#every - 1] ??= this.game.copy();
  }

  seek(frame) {
    const wanted = Math.max(0, Math.min(frame, this.length));
    if (wanted < this.frame) {
      const kept = Math.min(Math.floor(wanted / this.#every), this.#saved.length);
      this.game.free();
      this.game = (kept ? this.#saved[kept - 1] : this.#start).copy();
      this.frame = kept * this.#every;
    }
    while (this.frame < wanted) this.step();
  }

  free() {
    for (const game of [this.#start, this.game, ...this.#saved]) game.free();
  }

  #check() {
    const expected = this.recording.hashes.get(this.frame);
    if (expected === undefined) return;
    if (expected === this.game.digest) this.checked = Math.max(this.checked, this.frame);
    else this.diverged = Math.min(this.diverged ?? Infinity, this.frame);
  }
}
