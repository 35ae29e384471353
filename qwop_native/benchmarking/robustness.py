"""`python -m benchmarks.robustness`: a player from starts it has never met, pushed on its way.

    python -m benchmarks.robustness planner
    python -m benchmarks.robustness runs/qrdqn --sincos fdlibm --count 100 --seed 7

Three kinds of runs, all drawn from the seed but the first:

- standard: from the game's restart, the first click and the environment's start;
- random-keys: from the restart after 15 to 24 frames of keys at random, each held for three frames;
  starts in which the runner has fallen already are left out;
- disturbed: from a standard start, with 6 frames of keys at random somewhere between frames 100 and
  900 of the game's clock.

A run finishes by the game's own rule. For the planner it also tells how long decisions took.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.benchmarking import machine
from qwop_native.facts import DEFAULT_SINCOS, FLAVORS, RECORD_FRAMES
from qwop_native.models.finish import has_finished
from qwop_native.models.load import load_policy
from qwop_native.models.starts import Start, random_masks
from qwop_native.recording.starts import reset_start, standard_starts
from qwop_native.search.planner import FRAMES_PER_STEP, WIDTH, Planner

KINDS = ("standard", "random-keys", "disturbed")
_HOLD = 3  # frames that random keys are held for
_RANDOM_FRAMES = (15, 24)
_PUSHED_AT = (100, 900)
_PUSH_FRAMES = 6
_MOST_FRAMES = 4000

Choose = Callable[[Sequence[_core.Game]], Iterable[int]]
"""Masks of `Keys` for some games."""


@dataclass(frozen=True)
class Push:
    """Keys at random in the middle of a run.

    Attributes:
        at: Frames of the game's clock from which on they are held.
        masks: Of the frames.
    """

    at: int
    masks: tuple[int, ...]


@dataclass
class Case:
    """One run to play.

    Attributes:
        game: Where it starts.
        push: What disturbs it, if anything.
    """

    game: _core.Game
    push: Push | None = None


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


def cases(kind: str, count: int, sincos: str, seed: int) -> list[Case]:
    """The runs of a kind, none of which has ended before it begins."""
    standard = [
        Start(name, page, np.zeros(0, np.uint8)).game(sincos)
        for name, page in standard_starts(_HOLD).items()
    ]
    if kind == "standard":
        return [Case(game) for game in standard]
    rng = np.random.default_rng([seed, KINDS.index(kind)])
    if kind == "random-keys":
        return [Case(_after_random_keys(rng, sincos)) for _ in range(count)]
    return [Case(standard[i % len(standard)].copy(), _push(rng)) for i in range(count)]


def _after_random_keys(rng: np.random.Generator, sincos: str) -> _core.Game:
    while True:
        frames = int(rng.integers(_RANDOM_FRAMES[0], _RANDOM_FRAMES[1] + 1))
        game = Start("", reset_start(), random_masks(rng, frames, _HOLD)).game(sincos)
        if not (game.fallen or game.game_ended):
            return game


def _push(rng: np.random.Generator) -> Push:
    at = int(rng.integers(*_PUSHED_AT))
    return Push(at, tuple(random_masks(rng, _PUSH_FRAMES, _HOLD).tolist()))


def play(choose: Choose, frames_per_step: int, played: Sequence[Case]) -> list[_core.Game]:
    """Plays runs side by side to their ends.

    Args:
        choose: Who plays.
        frames_per_step: Frames for which its keys are held.
        played: The runs; their games are stepped.

    Returns:
        The games as they ended.
    """
    waiting = {id(case): case.push for case in played if case.push}
    while running := [case for case in played if not _is_over(case.game)]:
        masks = choose([case.game for case in running])
        for case, mask in zip(running, masks, strict=True):
            push = waiting.get(id(case))
            if push and case.game.frames >= push.at:
                del waiting[id(case)]
                for held in push.masks:
                    case.game.step(held)
            else:
                case.game.step(int(mask), frames_per_step)
    return [case.game for case in played]


def _is_over(game: _core.Game) -> bool:
    return game.game_ended or game.frames >= _MOST_FRAMES


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
