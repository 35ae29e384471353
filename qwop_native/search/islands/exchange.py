"""Which runners go on after a leg, and in which groups: the exchange between islands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from qwop_native.search.islands.gaits import cells
from qwop_native.search.islands.runners import Runners
from qwop_native.search.selection import JUDGED_BY, copied, first_of_groups, offspring, scores

Exchange = Callable[[Runners, int, np.random.Generator], Runners]
"""Distributes runners over a number of groups, which may be another one than they came from."""


class ByStanding:
    """Groups that stand better take the place of others, wherever these are.

    Args:
        temperature: World units by which a group must be ahead of another to be copied e times as
            often.
    """

    def __init__(self, temperature: float) -> None:
        self._temperature = temperature

    def __call__(self, runners: Runners, groups: int, rng: np.random.Generator) -> Runners:
        """Runners in groups from 0 on."""
        stand = scores(runners.ranks, runners.groups, int(runners.groups[-1]) + 1, JUDGED_BY)
        rows, there = copied(runners.groups, offspring(stand, self._temperature, rng, groups))
        return runners.taken(rows, there)


class ByGait:
    """Every gait keeps as many groups as any other, however it stands; the best of each go on.

    Args:
        carried: Runners that a group begins with at most.
    """

    def __init__(self, carried: int) -> None:
        self._carried = carried

    def __call__(self, runners: Runners, groups: int, rng: np.random.Generator) -> Runners:
        """Runners in groups from 0 on; of more gaits than groups those that stand best."""
        members = by_cell(runners)
        members.sort(key=lambda rows: -runners.ranks[rows[0]])
        members = members[:groups]
        rows: list[int] = []
        there: list[int] = []
        for group in range(groups):
            of_gait = members[group % len(members)]
            # The groups of a gait deal its runners out among themselves.
            hands, hand = -(-(groups - group % len(members)) // len(members)), group // len(members)
            dealt = of_gait[hand % len(of_gait) :: hands][: self._carried]
            rows += dealt.tolist()
            there += [group] * len(dealt)
        return runners.taken(np.array(rows, np.int64), np.array(there, np.int32))


def by_cell(runners: Runners) -> list[npt.NDArray[np.int64]]:
    """Rows of the runners of each gait, the best first; the gaits in the order of their cells."""
    of = cells(runners.gaits)
    order = np.lexsort((-runners.ranks, of))
    return np.split(order, np.flatnonzero(np.diff(of[order])) + 1)


def elites(runners: Runners, most: int) -> Runners:
    """The best few of each gait, no two with the same keys; each gait is a group of its own."""
    _, first = np.unique(runners.keys, axis=0, return_index=True)
    first.sort()
    runners = runners.taken(first, runners.groups[first])
    members = by_cell(runners)
    rows = np.concatenate(members)
    groups = np.repeat(np.arange(len(members), dtype=np.int32), [len(each) for each in members])
    best = first_of_groups(groups, most)
    return runners.taken(rows[best], groups[best])
