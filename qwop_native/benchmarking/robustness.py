"""`python -m benchmarks.robustness`: a player from starts it has never met, pushed on its way.

    python -m benchmarks.robustness planner
    python -m benchmarks.robustness runs/qrdqn --sincos fdlibm --count 100 --seed 7

`qwop_native.models.robustness` tells how its runs are drawn.
A run finishes by the game's own rule. For the planner it also tells how long decisions took.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.benchmarking import machine
from qwop_native.facts import DEFAULT_SINCOS, FLAVORS, RECORD_FRAMES
from qwop_native.models.finish import has_finished
from qwop_native.models.load import load_policy
from qwop_native.models.robustness import KINDS, Case, cases, play
from qwop_native.search.planner import FRAMES_PER_STEP, WIDTH, Planner


@dataclass(frozen=True)
class Outcome:
    """What the runs of one kind came to.

    Attributes:
        kind: One of `KINDS`.
        frames: Of the finished runs, ascending.
        runs: All of them.
        milliseconds: Of each decision of a planner.
    """

    kind: str
    frames: list[int]
    runs: int
    milliseconds: list[float] = field(default_factory=list)

    def line(self) -> str:
        """A row of the table."""
        faster = sum(each < RECORD_FRAMES for each in self.frames)
        best, median = (
            (f"{self.frames[0]:,}", f"{np.median(self.frames):,.0f}") if self.frames else ("-", "-")
        )
        cells = [self.kind, f"{len(self.frames)} of {self.runs}", str(faster), best, median]
        if self.milliseconds:
            cells += [f"{each:.0f}" for each in np.percentile(self.milliseconds, (50, 99, 100))]
        return "| " + " | ".join(cells) + " |"


def _outcome(kind: str, games: Sequence[_core.Game], times: list[float]) -> Outcome:
    finished = [game for game in games if has_finished(game)]
    return Outcome(kind, sorted(game.frames for game in finished), len(games), times)


def plan(planner: Planner, kind: str, played: Sequence[Case]) -> Outcome:
    """Has a planner play runs, one after the other."""
    times: list[float] = []

    def choose(games: Sequence[_core.Game]) -> list[int]:
        (game,) = games
        begun = time.perf_counter()
        mask = planner.decide(game)
        times.append(1000 * (time.perf_counter() - begun))
        return [mask]

    for number, case in enumerate(played, 1):
        planner.reset()
        play(choose, planner.frames_per_step, [case])
        print(f"{kind} {number}/{len(played)}: {case.game.score:.1f} m", file=sys.stderr)
    return _outcome(kind, [case.game for case in played], times)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program."""
    given, planner = _parse(argv)
    policy = load_policy(given.player) if planner is None else None
    for name, value in machine.describe("torch", "stable-baselines3").items():
        print(f"{name}: {value}")
    columns = ["runs", "finish", f"under {RECORD_FRAMES:,}", "best", "median"]
    if planner:
        columns += ["ms: median", "99 %", "most"]
    print("\n| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))
    outcomes = []
    for kind in given.kinds:
        played = cases(kind, given.count, given.sincos, given.seed)
        if planner:
            outcomes.append(plan(planner, kind, played))
        elif policy:
            games = play(policy.act, policy.frames_per_step, played)
            outcomes.append(_outcome(kind, games, []))
        print(outcomes[-1].line(), flush=True)
    if given.json:
        with whole_file(given.json) as file:
            file.write(json.dumps([asdict(each) for each in outcomes], indent=1).encode() + b"\n")
    return 0


def _parse(argv: Sequence[str] | None) -> tuple[argparse.Namespace, Planner | None]:
    """The options, and the planner if it is to play."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("player", help="planner, champion, a model's zip or a run's folder")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=KINDS)
    parser.add_argument("--count", type=int, default=100, help="runs of the drawn kinds (100)")
    parser.add_argument("--sincos", choices=FLAVORS, default=DEFAULT_SINCOS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path, metavar="FILE", help="file for all numbers")
    group = parser.add_argument_group("planner")
    group.add_argument("--model", help="whose value ranks states (the shipped policy's)")
    group.add_argument("--width", type=int, default=WIDTH, help="states of a level")
    group.add_argument("--frames-per-step", type=int, default=FRAMES_PER_STEP)
    group.add_argument("--budget", type=float, metavar="MS", help="time of a decision")
    given = parser.parse_args(argv)
    if given.count < 1 or given.seed < 0:
        parser.error("--count must be 1 or more and --seed 0 or more")
    if given.player != "planner":
        return given, None
    try:
        return given, Planner(
            given.model, given.frames_per_step, width=given.width, budget_ms=given.budget
        )
    except (FileNotFoundError, ValueError) as error:
        parser.error(str(error))
