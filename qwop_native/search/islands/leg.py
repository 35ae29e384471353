"""One leg of one island: its groups play on for some frames. The same leg gives the same bits."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from qwop_native.search.beam import Beam, BeamSettings, Level, Ranking, Roots, origin, path
from qwop_native.search.guide import Guide
from qwop_native.search.islands.gaits import described
from qwop_native.search.islands.runners import Runners
from qwop_native.search.refine import Run
from qwop_native.search.selection import first_of_groups


@dataclass(frozen=True)
class Plan:
    """What all legs of a search have in common; it travels to each worker once.

    Attributes:
        rank: Orders the states of a level.
        guide: A policy to keep to, or a habit.
        sincos: Flavor of sine and cosine.
        carried: States that a group takes along from leg to leg, the best.
        describe: Whether the gaits of what is taken along are described.
    """

    rank: Ranking
    guide: Guide | None
    sincos: str
    carried: int
    describe: bool = False


@dataclass(frozen=True)
class Leg:
    """What an island is to do next.

    Attributes:
        island: Its number.
        beam: How to search; its groups leave each other alone for the whole leg.
        runners: Where it begins, in groups from 0 on.
        until: Frames on the game's clock at which the leg ends.
        seed: Of the noise.
        seconds: Wall time after which the leg is given up.
    """

    island: int
    beam: BeamSettings
    runners: Runners
    until: int
    seed: tuple[int, ...]
    seconds: float


@dataclass(frozen=True)
class Outcome:
    """What became of a leg.

    Attributes:
        runners: Where it has ended, in the same groups; none after a finish or if all fell.
        run: The run, if one has finished.
        played: Frames of the game that were computed.
        in_time: Whether the leg was played to its end.
    """

    runners: Runners
    run: Run | None
    played: int
    in_time: bool


def play_leg(plan: Plan, leg: Leg) -> Outcome:
    """Plays a leg; it depends on nothing but its arguments, apart from the wall time."""
    ends = time.monotonic() + leg.seconds
    rng = np.random.default_rng(leg.seed)
    roots = Roots(leg.runners.games(plan.sincos), leg.runners.groups)
    beam = Beam(roots.games[0], leg.beam, 1, rng, plan.guide)
    search = beam.run(roots, plan.rank, leg.until, lambda level: time.monotonic() < ends)
    if search.finish is not None:
        keys = np.concatenate([leg.runners.keys[search.finish.root], search.finish.keys])
        return Outcome(Runners.none(), Run(keys, search.finish.frames), search.played, True)
    reached = int(search.levels[-1].states.frames[0]) if search.levels else 0
    if reached < leg.until:
        return Outcome(Runners.none(), None, search.played, time.monotonic() < ends)
    return Outcome(_carried(plan, leg, beam, search.levels, roots), None, search.played, True)


def _carried(plan: Plan, leg: Leg, beam: Beam, levels: list[Level], roots: Roots) -> Runners:
    states, there = beam.kept()
    rows = first_of_groups(there.groups, plan.carried)
    from_roots = np.array([origin(levels, row) for row in rows.tolist()])
    decisions = np.array([path(levels, row) for row in rows.tolist()], np.uint8)
    held = np.repeat(decisions, leg.beam.frames, axis=1)
    ranks = plan.rank(states[rows])
    gaits = np.zeros((len(rows), leg.runners.gaits.shape[1]))
    if plan.describe:
        gaits = described([roots.games[root] for root in from_roots.tolist()], held)
    return Runners(
        np.concatenate([leg.runners.keys[from_roots], held], axis=1),
        tuple(there.games[row].snapshot() for row in rows.tolist()),
        there.groups[rows],
        ranks,
        gaits,
    )
