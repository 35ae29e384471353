// What is going on: a run that is played, alone or against somebody, or one that is watched.
import { LiveRun, Replay } from "./runs.js";

/** Somebody who runs beside the player: a recording that starts when the player does. */
export class GhostOpponent {
  constructor(engine, recording, name, color) {
    this.replay = new Replay(engine, recording);
    this.name = name;
    this.color = color;
  }

  get state() { return this.replay.game.state; }
  get done() { return this.replay.done; }
  start() {}
  step() { if (!this.done) this.replay.step(); }
  restart() { this.replay.seek(0); }
  free() { this.replay.free(); }
}

export class Session {
  #engine;
  #after; // a copy of the game that goes on after the end, for the eye
  watching = false;
  paused = false;
  best = undefined; // m
  kept = undefined; // the recording of the last run that has ended

  constructor(engine, sincos) {
    this.#engine = engine;
    this.newPage(sincos);
  }

  /** Who is seen, and where the state is that counts: it stays where the run has ended. */
  get state() { return (this.watching ? this.replay.game : this.#after ?? this.live.game).state; }
  get shown() { return (this.watching ? this.replay : this.live).game.state; }
  get intro() { return !this.watching && !this.live.started; }
  get over() { return !this.watching && this.#after !== undefined; }
  get running() { return !this.watching && this.live.started && !this.over; }

  newPage(sincos = this.live.game.sincos) {
    this.live?.free();
    this.#forgetAfter();
    this.live = new LiveRun(this.#engine, sincos);
    this.watching = false;
    this.opponent?.restart();
  }

  start() {
    this.live.start();
    this.opponent?.start();
  }

  restart() {
    if (this.watching) this.alone();
    if (!this.live.started) return this.start();
    this.live.restart();
    this.#forgetAfter();
    this.opponent?.restart();
    this.opponent?.start();
  }

  alone() { this.against(undefined); }

  against(opponent) {
    this.opponent?.free();
    this.opponent = opponent;
    this.newPage();
  }

  watch(recording, title = "") {
    const replay = new Replay(this.#engine, recording);
    this.replay?.free();
    this.replay = replay;
    this.title = title;
    this.watching = true;
    this.paused = false;
  }

  /** One frame; true if something has come to its end in it. */
  frame(keys) {
    if (this.watching) {
      if (this.paused) return false;
      this.replay.step();
      this.paused = this.replay.done;
      return this.paused;
    }
    if (!this.live.started) return false;
    this.opponent?.step();
    if (this.#after) {
      this.#after.step(keys);
      return false;
    }
    this.live.step(keys);
    const { ended, score } = this.live.game.state;
    if (!ended) return false;
    this.best = Math.max(this.best ?? -Infinity, score);
    this.kept = this.live.recording();
    this.#after = this.live.game.copy();
    return true;
  }

  pause() {
    if (this.replay.done) this.replay.seek(0), this.paused = false;
    else this.paused = !this.paused;
  }

  seek(frame) {
    this.paused = true;
    this.replay.seek(frame);
  }

  /** What the replay's hashes say so far. */
  get proof() {
    const { diverged, recording, done, checked, length } = this.replay;
    if (diverged !== undefined) return `not the recorded run from frame ${diverged} on`;
    if (recording.hashes.size === 0) return "this recording has no hashes";
    return done && checked === length ? "every hash equal" : this.title;
  }

  #forgetAfter() {
    this.#after?.free();
    this.#after = undefined;
  }
}
