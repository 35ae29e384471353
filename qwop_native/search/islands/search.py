"""A search on islands: passes over the track in legs, after each of which the best are exchanged.

After the rounds, which are made in this process, comes one pass after the other: from the start to
a first finish, then from somewhere along the best run. All groups of all islands play a leg; then
groups that stand better take the place of others. What goes on from there depends on the seed and
on how many islands there are, not on who has played what; so a leg of a lost worker is simply
played again, and a stopped search goes on from its last exchange.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native import _core
from qwop_native.facts import UNITS_PER_METER
from qwop_native.search.guide import Guide
from qwop_native.search.islands.crew import Crew
from qwop_native.search.islands.exchange import ByStanding, Exchange
from qwop_native.search.islands.leg import Leg, Outcome, Plan
from qwop_native.search.islands.runners import Runners
from qwop_native.search.refine import Run, play
from qwop_native.search.run import Searcher, SearchSettings
from qwop_native.search.states import States
from qwop_native.search.values import Rank

PASS_NAME = "pass.npz"
_LANDING_SPAN = 20  # frames before the landing in which nothing can be won any more
_FINISH_SPAN = 160  # frames before the landing that every third pass searches alone
_JUDGED_AFTER = 120  # frames after which a pass that has fallen behind the best run is given up
_BEHIND = 4.0  # world units


@dataclass(frozen=True)
class IslandSettings:
    """How a search is spread over islands.

    Attributes:
        islands: How many; each has the groups of `SearchSettings`.
        leg: Frames between two exchanges.
        carried: States that a group takes along into the next leg, the best.
        temperature: World units by which a group must be ahead of another to be copied e times as
            often.
    """

    islands: int = 2
    leg: int = 45
    carried: int = 8
    temperature: float = 0.7

    def __post_init__(self) -> None:
        for name in ("islands", "leg", "carried"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, got {self.temperature}")


@dataclass(frozen=True)
class Pass:
    """Where a pass stands.

    Attributes:
        number: Passes before it, those of earlier calls included.
        at: Frames of the best run with which it began.
        frames: Frames between two decisions.
        noise: See `BeamSettings`.
        legs: Legs that are behind it.
        played: Frames of the game that were computed.
        seconds: Wall time that it has taken.
    """

    number: int
    at: int
    frames: int
    noise: float
    legs: int = 0
    played: int = 0
    seconds: float = 0.0


class IslandSearcher(Searcher):
    """A `Searcher` whose passes after the rounds are spread over workers.

    Its folder also holds pass.npz while a pass is under way.

    Args:
        folder: Made if it is not there.
        settings: What to search. Its threads are for the rounds; workers have one thread each.
        rank: What states are ranked by before anything is learned.
        crew: Plays the legs.
        islands: How the search is spread.
        say: Called with a line for each thing that happens.
        guide: A policy to keep to as long as no habit is learned.
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
    ) -> None:
        if islands.carried > settings.width:
            islands = replace(islands, carried=settings.width)
        super().__init__(folder, settings, rank, say, guide)
        self._crew, self._islands = crew, islands
        self._file = folder / PASS_NAME
        self._under_way = self._loaded()

    def run(self) -> Run | None:
        """Searches until the time is over and returns the fastest run there is."""
        self.learn()
        if not self._over():
            self._crew.begin(self._plan())
        while not self._over():
            begun = time.monotonic()
            done, runners = self._under_way or self._first()
            after = self._one_leg(done, runners, self._exchange(runners))
            if after is not None:
                self._go_on(*after, time.monotonic() - begun)
        return self.best

    def _plan(self) -> Plan:
        settings = self._settings
        return Plan(self._rank, self._guide, settings.sincos, self._islands.carried)

    def _exchange(self, runners: Runners) -> Exchange:
        return ByStanding(self._islands.temperature)

    # ---- passes --------------------------------------------------------------------------------

    def _first(self) -> tuple[Pass, Runners]:
        """A pass that is about to begin: all groups at one state."""
        number = sum(entry.get("what") == "pass" for entry in self._tries)
        chosen = self._chosen(number, np.random.default_rng([self._settings.seed, number]))
        keys = self._settings.head if self.best is None else self.best.keys[: chosen.at]
        game = self._start.copy()
        play(game, keys)
        return chosen, Runners.all_at(game, keys, self._islands.islands * self._settings.groups)

    def _chosen(self, number: int, rng: np.random.Generator) -> Pass:
        grids, head = self._settings.grids, len(self._settings.head)
        if self.best is None:
            return Pass(number, head, grids[number % len(grids)], 0.2)
        last = len(self.best.keys) - _LANDING_SPAN
        first = last - _FINISH_SPAN if number % 3 == 2 else head
        at = int(rng.integers(max(first, head), max(first, last, head) + 1))
        noise = float(rng.choice([0.1, 0.3, 1.0]))
        return Pass(number, at, int(rng.choice([*grids, 1])), noise)

    def _one_leg(
        self, done: Pass, runners: Runners, exchange: Exchange
    ) -> tuple[Pass, Runners, list[Outcome]] | None:
        """Exchanges and plays; None if the time ended before all islands were through."""
        count, groups = self._islands.islands, self._settings.groups
        seed = [self._settings.seed, done.number, done.legs]
        spread = exchange(runners, count * groups, np.random.default_rng(seed))
        frame = self._start.frames + spread.keys.shape[1]
        until = min(frame + self._islands.leg, self._limit())
        # Groups give way in exchanges only.
        beam = replace(self._beam(done.frames, done.noise), segment=self._islands.leg + until)
        bounds = np.searchsorted(spread.groups, np.arange(count + 1) * groups)
        left = 60 * self._settings.minutes - (time.monotonic() - self._started)
        legs = []
        for island in range(count):
            rows = np.arange(bounds[island], bounds[island + 1])
            there = spread.taken(rows, spread.groups[rows] - np.int32(island * groups))
            legs.append(Leg(island, beam, there, until, (*seed, island), left))
        outcomes = self._crew.play(legs)
        if not all(outcome.in_time for outcome in outcomes):
            return None
        parts = [
            outcome.runners.taken(
                np.arange(len(outcome.runners)),
                outcome.runners.groups + np.int32(island * groups),
            )
            for island, outcome in enumerate(outcomes)
        ]
        played = done.played + sum(outcome.played for outcome in outcomes)
        after = replace(done, legs=done.legs + 1, played=played)
        return after, Runners.joined(parts), outcomes

    def _go_on(self, done: Pass, runners: Runners, outcomes: list[Outcome], seconds: float) -> None:
        """Keeps what a leg has come to: a finish, the end of the pass or a place to go on from."""
        done = replace(done, seconds=done.seconds + seconds)
        runs = [outcome.run for outcome in outcomes if outcome.run is not None]
        if runs:
            best = min(runs, key=lambda run: run.frames)
            self._end(done, best)
        elif not len(runners):
            self._end(done, None, "all fell")
        elif self._start.frames + runners.keys.shape[1] >= self._limit():
            self._end(done, None, "too slow")
        elif self._behind(done, runners):
            self._end(done, None, "fell behind")
        else:
            self._under_way = done, runners
            meta = json.dumps({**asdict(done), "start": self._root.state_hash()})
            runners.save(self._file, done=np.array(meta))
            self._say(self._progress(done, runners))

    def _end(self, done: Pass, run: Run | None, otherwise: str = "") -> None:
        better = run is not None and (self.best is None or run.frames < self.best.frames)
        frames = run.frames if run is not None else None
        result = f"{frames} frames" if frames else otherwise
        entry = {"what": "pass", **asdict(done), "finish": frames, "result": result}
        entry |= {**asdict(self._islands), "groups": self._settings.groups}
        if better and run is not None:  # first, so that it is never lost
            self._keep(run)
        self._noted(entry)
        self._under_way = None
        self._file.unlink(missing_ok=True)
        self._say(f"pass {done.number} from frame {done.at}: {result}, {done.seconds:.0f} s")

    def _limit(self) -> int:
        """Only a faster run is of interest."""
        most = self._settings.max_frames
        return most if self.best is None else min(most, self.best.frames - 1)

    def _behind(self, done: Pass, runners: Runners) -> bool:
        length = runners.keys.shape[1]
        if self.best is None or length - done.at < _JUDGED_AFTER:
            return False
        if length >= len(self.best.keys):
            return True
        game = self._start.copy()
        play(game, self.best.keys[: length - 1])
        pool = _core.GamePool(game, num_envs=1, num_threads=1)
        pool.set_game(0, game)
        pool.step(self.best.keys[length - 1 : length], frames=1)
        bar = float(self._rank(States.of(pool, 1))[0])
        return float(runners.ranks.max()) < bar - _BEHIND

    def _progress(self, done: Pass, runners: Runners) -> str:
        leader = runners.game(int(runners.ranks.argmax()), self._settings.sincos)
        reached = float(leader.bodies[0, 0]) / UNITS_PER_METER
        return (
            f"pass {done.number}, frame {runners.keys.shape[1]}: the best at "
            f"{reached:.1f} m, {len(np.unique(runners.groups))} groups, "
            f"{done.seconds:.0f} s"
        )

    # ---- the folder ----------------------------------------------------------------------------

    def _loaded(self) -> tuple[Pass, Runners] | None:
        """The pass that an earlier call was in the middle of."""
        if not self._file.is_file():
            return None
        runners, more = Runners.load(self._file, "done")
        try:
            meta: dict[str, Any] = json.loads(str(more["done"]))
            start = meta.pop("start")
            done = Pass(**meta)
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self._file} is damaged: {error}") from None
        if start != self._root.state_hash():
            raise ValueError(f"{self._file} has another flavor or start; choose another folder")
        self._say(f"going on after frame {runners.keys.shape[1]} of pass {done.number}")
        return done, runners
