"""Beam searches on the exact game: many copies, every key combination, the best ones go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import FALLEN, LANDED, UNITS_PER_METER
from qwop_native.models.finish import finished
from qwop_native.search.guide import Guide
from qwop_native.search.selection import JUDGED_BY, best_of_groups, copied, offspring, scores
from qwop_native.search.states import States
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float64]
Ranking = Callable[[States], Floats]
"""Says how good states are, float64 of shape (n,); the larger the better, in world units."""

_REMEMBERED = 2000  # states of a level of many beams that are kept for those who learn from it


@dataclass(frozen=True)
class BeamSettings:
    """How a beam is searched, or many beams side by side.

    The best states of a beam soon all descend from one, which may have been overrated. Groups are
    beams that leave each other alone for a while; then those that have come further take the
    place of others, so that a state is judged by what becomes of it.

    Attributes:
        width: States that each group keeps at each level.
        frames: Frames between two decisions.
        action_set: Key combinations tried at each decision, one of
            `qwop_native.envs.spaces.ACTION_SETS`.
        pose_cap: States of nearly the same pose that a group may keep at each level.
        noise: Standard deviation of what is added to each rank, world units, so that searches
            with different seeds look at different states.
        groups: Beams side by side.
        segment: Frames after which groups give way to better ones.
        temperature: World units by which a group must be ahead of another to be copied e times as
            often.
    """

    width: int = 300
    frames: int = 3
    action_set: str = "essential"
    pose_cap: int = 8
    noise: float = 0.0
    groups: int = 1
    segment: int = 45
    temperature: float = 0.7

    def __post_init__(self) -> None:
        for name in ("width", "frames", "pose_cap", "groups", "segment"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.action_set not in ACTION_SETS:
            raise ValueError(
                f"action_set must be one of {', '.join(ACTION_SETS)}, got {self.action_set!r}"
            )
        if not self.noise >= 0:
            raise ValueError(f"noise must be 0 or more, got {self.noise}")
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, got {self.temperature}")

    @property
    def states(self) -> int:
        """States that are kept at each level, those of all groups."""
        return self.width * self.groups


@dataclass(frozen=True)
class Descent:
    """Where the states that were kept after one more decision come from.

    Attributes:
        parents: Index of the state of the level before from which each comes, int32 (n,).
        keys: Mask of the keys held since, uint8 (n,).
    """

    parents: npt.NDArray[np.int32]
    keys: npt.NDArray[np.uint8]


def path(levels: Sequence[Descent], index: int) -> list[int]:
    """Masks of the decisions that lead to a state of the last level."""
    keys = []
    for level in reversed(levels):
        keys.append(int(level.keys[index]))
        index = int(level.parents[index])
    return keys[::-1]


def origin(levels: Sequence[Descent], index: int) -> int:
    """The root from which a state of the last level descends."""
    for level in reversed(levels):
        index = int(level.parents[index])
    return index


@dataclass(frozen=True)
class Roots:
    """Where a search starts when its groups do not all start from one game.

    Attributes:
        games: None of them has ended, and their clocks agree.
        groups: The group of each, ascending, int32 (n,); a group starts with at most `width` games.
    """

    games: Sequence[_core.Game]
    groups: npt.NDArray[np.int32]

    @classmethod
    def all_at(cls, game: _core.Game, groups: int) -> Roots:
        """All groups start from the same game."""
        return cls([game] * groups, np.arange(groups, dtype=np.int32))


@dataclass(frozen=True)
class Level(Descent):
    """The states that were kept after one more decision.

    Attributes:
        rows: Those that are remembered, all those of one beam or a random choice from many,
            ascending, int32 (m,).
        states: Where the remembered ones stand.
        ranks: What they were ranked at, without noise and log-probability gap, float64 (m,).
    """

    rows: npt.NDArray[np.int32]
    states: States
    ranks: Floats


@dataclass(frozen=True)
class Finish:
    """A run that landed beyond 100 m.

    Attributes:
        frames: Updates that the game's clock had counted at the landing.
        keys: Mask of the keys of each frame since the root, uint8; the last one is the landing's.
        torso: Meters of the torso at the landing.
        root: Which of the roots the run descends from.
    """

    frames: int
    keys: npt.NDArray[np.uint8]
    torso: float
    root: int = 0


@dataclass(frozen=True)
class Search:
    """What a search came to.

    Attributes:
        levels: All levels, the first one after the first decision.
        finish: The fastest finish, if there was one.
        played: Frames of the game that were computed.
    """

    levels: list[Level]
    finish: Finish | None
    played: int

    def path(self, depth: int, index: int) -> list[int]:
        """Masks of the decisions that lead to state `index` of `levels[depth - 1]`."""
        return path(self.levels[:depth], index)


class Beam:
    """Searches from any state of the game; keeps its memory from one search to the next.

    Args:
        game: Any game of the flavor to be searched.
        settings: How to search.
        threads: Threads that play; 0 for as many as there are cores.
        rng: Source of the noise.
        guide: A policy to keep to.
    """

    def __init__(
        self,
        game: _core.Game,
        settings: BeamSettings,
        threads: int = 0,
        rng: np.random.Generator | None = None,
        guide: Guide | None = None,
    ) -> None:
        self.settings, self._guide = settings, guide
        self._masks = key_masks(ACTION_SETS[settings.action_set])
        self._rng = rng or np.random.default_rng(0)
        self._kept = _core.GamePool(game, num_envs=settings.states, num_threads=threads)
        self._tried = _core.GamePool(
            game, num_envs=settings.states * len(self._masks), num_threads=threads
        )

    def run(
        self,
        root: _core.Game | Roots,
        rank: Ranking,
        max_frames: int,
        go_on: Callable[[Level], bool] | None = None,
    ) -> Search:
        """Searches until a run has finished, nothing is left, or the clock says `max_frames`.

        Args:
            root: Where the search starts, or each of its groups; nothing there may have ended.
            rank: Orders the states of a level.
            max_frames: Frames of the game's clock beyond which no run is of interest.
            go_on: Called with each new level; False ends the search.
        """
        roots = root if isinstance(root, Roots) else Roots.all_at(root, self.settings.groups)
        if any(game.game_ended for game in roots.games):
            raise ValueError("a search cannot start from a game that has ended")
        self._begin(roots)
        levels: list[Level] = []
        finish: Finish | None = None
        played, frame = 0, roots.games[0].frames
        due = frame + self.settings.segment
        while frame < max_frames and finish is None:
            parents, keys, log_prob_gap = self._try_all()
            frame += self.settings.frames
            played += len(parents) * self.settings.frames
            states = States.of(self._tried, len(parents))
            finish = self._finish(states, parents, keys, levels)
            chosen, ranks = self._choose(states, rank, parents, log_prob_gap, give_way=frame >= due)
            if not len(chosen):
                break
            if frame >= due:
                due = frame + self.settings.segment
            self._kept.take(self._tried, parents=chosen)
            self._log_prob_gap, self._last = log_prob_gap[chosen], states[chosen]
            levels.append(self._level(parents[chosen], keys[chosen], ranks))
            if go_on is not None and not go_on(levels[-1]):
                break
        return Search(levels, finish, played)

    def kept(self) -> tuple[States, Roots]:
        """The states and games with which the last search ended, the best of a group first."""
        games = [self._kept.game(row) for row in range(len(self._last))]
        return self._last, Roots(games, self._groups)

    def _begin(self, roots: Roots) -> None:
        self._groups = roots.groups
        self._log_prob_gap = np.zeros(len(roots.games))
        for row, game in enumerate(roots.games):
            self._kept.set_game(row, game)
        self._last = States.of(self._kept, len(roots.games))

    def _try_all(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.uint8], Floats]:
        """Parents and keys of what is tried, and the gap, nats, of all that led there."""
        parents = np.repeat(np.arange(len(self._last), dtype=np.int32), len(self._masks))
        keys = np.tile(self._masks, len(self._last))
        log_prob_gap = np.repeat(self._log_prob_gap, len(self._masks))
        if self._guide is not None:
            of_step = self._guide.policy.of_states(self._last).ravel()
            likely = of_step <= self._guide.most
            parents, keys = parents[likely], keys[likely]
            log_prob_gap = (log_prob_gap + of_step)[likely]
        self._tried.expand(self._kept, parents=parents, keys=keys, frames=self.settings.frames)
        return parents, keys, log_prob_gap

    def _choose(
        self,
        states: States,
        rank: Ranking,
        parents: npt.NDArray[np.int32],
        log_prob_gap: Floats,
        give_way: bool,
    ) -> tuple[npt.NDArray[np.int32], Floats]:
        """Rows of the states that play on, and their ranks; leaves their groups in `_groups`."""
        settings = self.settings
        running = np.flatnonzero((states.events & (FALLEN | LANDED)) == 0)
        if not len(running):
            return np.zeros(0, np.int32), np.zeros(0)
        groups = self._groups[parents[running]]
        ranks = rank(states[running])
        wanted = ranks - self._guide.weight * log_prob_gap[running] if self._guide else ranks
        if settings.noise:
            wanted = wanted + self._rng.normal(0.0, settings.noise, len(wanted))
        rows = best_of_groups(states[running], wanted, groups, settings.width, settings.pose_cap)
        self._groups = groups[rows]
        if give_way and settings.groups > 1:
            stand = scores(ranks[rows], self._groups, settings.groups, JUDGED_BY)
            sources = offspring(stand, settings.temperature, self._rng)
            copies, self._groups = copied(self._groups, sources)
            rows = rows[copies]
        return running[rows].astype(np.int32), ranks[rows]

    def _level(
        self, parents: npt.NDArray[np.int32], keys: npt.NDArray[np.uint8], ranks: Floats
    ) -> Level:
        rows = np.arange(len(parents), dtype=np.int32)
        if self.settings.groups > 1 and len(rows) > _REMEMBERED:
            rows = np.sort(self._rng.choice(rows, _REMEMBERED, replace=False))
        return Level(parents, keys, rows, self._last[rows], ranks[rows])

    def _finish(
        self,
        states: States,
        parents: npt.NDArray[np.int32],
        keys: npt.NDArray[np.uint8],
        levels: list[Level],
    ) -> Finish | None:
        landed = np.flatnonzero(finished(states.events, states.score))
        if not len(landed):
            return None
        best = int(landed[np.argmin(states.frames[landed])])
        decisions = path(levels, int(parents[best]))
        held = np.repeat(np.array([*decisions, int(keys[best])], np.uint8), self.settings.frames)
        # The game stands still after the landing: the frames of the last decision that follow it
        # are not part of the run.
        spare = self._after_landing(parents[best], keys[best])
        frames = int(states.frames[best])
        distance = float(states.bodies[best, 0, 0]) / UNITS_PER_METER
        root = origin(levels, int(parents[best]))
        return Finish(frames, held[: len(held) - spare], distance, root)

    def _after_landing(self, parent: int, keys: int) -> int:
        game = self._kept.game(int(parent))
        return self.settings.frames - game.step(int(keys), self.settings.frames)
