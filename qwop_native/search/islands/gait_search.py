"""A search for gaits on purpose: quality-diversity over how runners run, as MAP-Elites has it.

Up to some frame runners compete with others of their own cell of `gaits.cells` alone, and each cell
gets as many beams as any other. Later passes meet the best of earlier ones at the same frame, cell
by cell, so that an archive of gaits grows. Behind that frame gaits compete, up to the finish.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

from qwop_native.atomic import whole_file
from qwop_native.facts import UNITS_PER_METER
from qwop_native.search.guide import Guide
from qwop_native.search.islands.crew import Crew
from qwop_native.search.islands.exchange import ByGait, Exchange, elites
from qwop_native.search.islands.gaits import APART, DESCRIPTORS
from qwop_native.search.islands.leg import Outcome, Plan
from qwop_native.search.islands.runners import Runners
from qwop_native.search.islands.search import IslandSearcher, IslandSettings, Pass
from qwop_native.search.run import Searcher, SearchSettings
from qwop_native.search.values import Rank

TABLE_NAME = "gaits.json"
_DEPTH = 40  # runners of a gait that are kept; its beams deal them out among themselves
_NOISES = (0.2, 0.5, 1.0)  # world units, one pass after the other


class GaitSearcher(IslandSearcher):
    """A search whose passes all begin at the start and keep gaits apart for a while.

    Its folder also holds, for each exchange, an archive gaits-FRAME.npz of the best runners of each
    gait, and of the last of them the table gaits.json and recordings in gaits/.

    Args:
        folder: Made if it is not there.
        settings: What to search.
        rank: What states are ranked by.
        crew: Plays the legs.
        islands: How the search is spread.
        say: Called with a line for each thing that happens.
        guide: A policy to keep to as long as no habit is learned.
        apart: Frames for which gaits are kept apart.
    """

    def __init__(
        self,
        folder: Path,
        settings: SearchSettings,
        rank: Rank,
        crew: Crew,
        islands: IslandSettings,
        say: Callable[[str], None] = print,
        guide: Guide | None = None,
        apart: int = APART,
    ) -> None:
        self._apart = apart
        super().__init__(folder, settings, rank, crew, islands, say, guide)

    def _plan(self) -> Plan:
        return replace(super()._plan(), describe=True)

    def _exchange(self, runners: Runners) -> Exchange:
        if runners.keys.shape[1] <= self._apart:
            return ByGait(self._islands.carried)
        return super()._exchange(runners)

    def _chosen(self, number: int, rng: np.random.Generator) -> Pass:
        grids = self._settings.grids
        frames, noise = grids[number % len(grids)], _NOISES[number % len(_NOISES)]
        return Pass(number, len(self._settings.head), frames, noise)

    def _limit(self) -> int:
        return Searcher._limit(self)

    def _behind(self, done: Pass, runners: Runners) -> bool:
        return False

    def _go_on(self, done: Pass, runners: Runners, outcomes: list[Outcome], seconds: float) -> None:
        length = runners.keys.shape[1]
        if not len(runners) or length > self._apart:
            super()._go_on(done, runners, outcomes, seconds)
            return
        best = self._archived(runners)
        if length + self._islands.leg <= self._apart:
            super()._go_on(done, best, outcomes, seconds)
            return
        self._tell(best)
        if runners.ranks.max() >= best.ranks.max():
            super()._go_on(done, best, outcomes, seconds)
        else:  # time is better spent on another start than on the same way to the finish
            self._end(replace(done, seconds=done.seconds + seconds), None, "no better start")

    def _archived(self, runners: Runners) -> Runners:
        """The best of each gait, those that earlier passes have found included."""
        file = self._folder / f"gaits-{runners.keys.shape[1]:04d}.npz"
        start = self._root.state_hash()
        parts = [runners]
        if file.is_file():
            before, more = Runners.load(file, "start")
            if int(more["start"]) != start:
                raise ValueError(f"{file} has another flavor or start; choose another folder")
            parts.append(before)
        best = elites(Runners.joined(parts), _DEPTH)
        best.save(file, start=np.uint64(start))
        self._say(f"{len(np.unique(best.groups))} gaits at frame {runners.keys.shape[1]}")
        return best

    def _tell(self, runners: Runners) -> None:
        """Writes the best of each gait as a recording, and a table of them, the best first."""
        folder = self._folder / "gaits"
        folder.mkdir(exist_ok=True)
        _, first = np.unique(runners.groups, return_index=True)
        first = first[np.argsort(-runners.ranks[first], kind="stable")]
        table = []
        for number, row in enumerate(first.tolist()):
            name = f"{number:03d}.qwop"
            self._recorded(runners.keys[row]).save(folder / name)
            body = runners.game(row, self._settings.sincos).bodies[0]
            described = zip(DESCRIPTORS, runners.gaits[row].round(3).tolist(), strict=True)
            entry = {"run": name, "meters": round(float(body[0]) / UNITS_PER_METER, 2)}
            table.append({**entry, "rank": round(float(runners.ranks[row]), 2), **dict(described)})
        with whole_file(self._folder / TABLE_NAME) as file:
            file.write(json.dumps(table, indent=1).encode())
        self._say(
            f"{len(table)} gaits after {runners.keys.shape[1]} frames, the best at "
            f"{table[0]['meters']} m; they are in {folder}"
        )
