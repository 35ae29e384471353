"""Scalar frames per second of the engine beside stock Box2D on the same ragdoll.

Both play the same random keys, four frames a hold, and are put back on their feet, untimed, when
they fall. Timed are, for Box2D, its ``world.Step`` alone, called from Python once a frame; for the
engine, ``Game.step`` with everything in it (controls, rules, contacts), from Python too, once a
frame and once a hold. Repeats alternate, so that both see the same machine.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from benchmarks import machine
from benchmarks.box2d_ragdoll import DT, SWEEPS, Box2dRagdoll
from benchmarks.play import random_holds
from benchmarks.report import Measurement, ratio, save_json, table
from qwop_native import Game

HOLD = 4


@dataclass(frozen=True)
class Played:
    """What one run of random play took.

    Attributes:
        frames: frames that were timed.
        falls: how often the runner was put back on its feet.
        seconds: wall-clock time of the timed calls.
    """

    frames: int
    falls: int
    seconds: float


def play_native(frames: int, seed: int, sincos: str, frames_per_call: int) -> Played:
    """Plays with ``Game.step``, ``frames_per_call`` frames at a time."""
    game = Game(sincos)
    game.start()
    game.reset()
    played, falls, seconds = 0, 0, 0.0
    for keys in random_holds(seed, frames, HOLD):
        for _ in range(HOLD // frames_per_call):
            begin = perf_counter()
            made = game.step(keys, frames_per_call)
            seconds += perf_counter() - begin
            played += made
            if game.game_ended:
                game.release()
                game.reset()
                falls += 1
                break
    return Played(played, falls, seconds)


def play_box2d(frames: int, seed: int) -> Played:
    """Plays with Box2D; only its ``world.Step`` is timed."""
    ragdoll = Box2dRagdoll()
    played, falls, seconds = 0, 0, 0.0
    for keys in random_holds(seed, frames, HOLD):
        for _ in range(HOLD):
            ragdoll.prepare(keys)
            step = ragdoll.world.Step
            begin = perf_counter()
            step(DT, SWEEPS, SWEEPS)
            seconds += perf_counter() - begin
            played += 1
            if ragdoll.fallen:
                ragdoll = Box2dRagdoll()
                falls += 1
                break
    return Played(played, falls, seconds)


def measure(frames: int, repeats: int, seed: int, sincos: str) -> list[Measurement]:
    """Measures all in turn, ``repeats`` times, after one untimed round to warm up."""
    runs = {
        "Box2D world.Step (float32)": lambda: play_box2d(frames, seed),
        "Game.step, 1 frame a call": lambda: play_native(frames, seed, sincos, 1),
        f"Game.step, {HOLD} frames a call": lambda: play_native(frames, seed, sincos, HOLD),
    }
    rounds = [[run() for run in runs.values()] for _ in range(repeats + 1)][1:]
    played = dict(zip(runs, zip(*rounds, strict=True), strict=True))
    rates = [
        Measurement(name, "frames/s", tuple(p.frames / p.seconds for p in every))
        for name, every in played.items()
    ]
    falls = [
        Measurement(f"{name}: frames a fall", "frames", (every[0].frames / max(1, every[0].falls),))
        for name, every in played.items()
    ]
    return [*rates, *(ratio(f"{m.name} / Box2D", m, rates[0]) for m in rates[1:]), *falls]


def main() -> None:
    """Measures, prints a table and, if asked to, writes a JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.peers", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--frames", type=int, default=20_000, help="frames a repeat (20000)")
    parser.add_argument("--repeats", type=int, default=7, help="repeats (7)")
    parser.add_argument("--seed", type=int, default=0, help="of the keys (0)")
    parser.add_argument("--sincos", default="glibc", help="flavour of the engine's sine and cosine")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the numbers here too")
    arguments = parser.parse_args()
    if arguments.frames < HOLD or arguments.repeats < 1:
        parser.error(f"--frames must be at least {HOLD} and --repeats at least 1")

    where = machine.describe("Box2D", "box2d-py")
    settings = {k: v for k, v in vars(arguments).items() if k != "json"}
    measurements = measure(**settings)
    print(f"{where['processor']}, {where['compiler']}, commit {where['commit']}")
    print(f"{arguments.frames} frames of {HOLD}-frame holds, {arguments.repeats} repeats\n")
    print(table(measurements))
    if arguments.json:
        save_json(arguments.json, "peers", where, settings, measurements)


if __name__ == "__main__":
    main()
