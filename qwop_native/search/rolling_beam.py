"""A beam that moves on with a game: what follows from the decision made is kept, the rest goes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.facts import FALLEN, LANDED
from qwop_native.models.finish import finished
from qwop_native.search.beam import Descent, Ranking, path
from qwop_native.search.selection import best_of_groups
from qwop_native.search.states import States

_POSE_CAP = 8  # states of nearly the same pose that a level keeps


class RollingBeam:
    """The best continuations of one game, as many decisions ahead as there was time for.

    Args:
        game: Any game of the flavor to be played.
        masks: Keys of each of the actions, uint8 (actions,).
        frames: Frames of a decision.
        width: Most states of a level.
        threads: Threads that play.

    Attributes:
        root: The game that everything follows from; None before `begin`.
        dead: Whether nothing lives on from the last level.
    """

    def __init__(
        self,
        game: _core.Game,
        masks: npt.NDArray[np.uint8],
        frames: int,
        width: int,
        threads: int,
    ) -> None:
        self._masks, self._frames = masks, frames
        self._kept = _core.GamePool(game, num_envs=width, num_threads=threads)
        self._tried = _core.GamePool(game, num_envs=width * len(masks), num_threads=threads)
        self.root: _core.Game | None = None

    def begin(self, root: _core.Game) -> None:
        """Forgets everything and starts from a copy of a game that has not ended."""
        self.root = root.copy()
        self._kept.set_game(0, root)
        self._rows = np.zeros(1, np.int32)  # of the last level's states in the pool
        self._levels: list[Descent] = []
        self._home: list[int] | None = None  # keys that lead to a finish
        self.dead = False

    @property
    def depth(self) -> int:
        """Decisions that are known ahead."""
        return len(self._levels) if self._home is None else len(self._home)

    @property
    def home(self) -> bool:
        """Whether a way to the finish is known."""
        return self._home is not None

    def deepen(self, rank: Ranking, width: int) -> int:
        """Tries every action in every state of the last level, and keeps the best that come of it.

        Args:
            rank: Orders states; the larger the better.
            width: States to keep.

        Returns:
            States that were tried. `dead` says whether none of them lives.
        """
        parents = np.repeat(np.arange(len(self._rows), dtype=np.int32), len(self._masks))
        keys = np.tile(self._masks, len(self._rows))
        self._tried.expand(self._kept, parents=self._rows[parents], keys=keys, frames=self._frames)
        states = States.of(self._tried, len(parents))
        landed = np.flatnonzero(finished(states.events, states.score))
        if len(landed):
            best = landed[np.argmin(states.frames[landed])]
            self._home = [*path(self._levels, int(parents[best])), int(keys[best])]
            return len(parents)
        running = np.flatnonzero((states.events & (FALLEN | LANDED)) == 0).astype(np.int32)
        if not len(running):
            self.dead = True
            return len(parents)
        living = states[running]
        same_group = np.zeros(len(running), np.int32)
        chosen = running[best_of_groups(living, rank(living), same_group, width, _POSE_CAP)]
        self._kept.take(self._tried, parents=chosen)
        self._rows = np.arange(len(chosen), dtype=np.int32)
        self._levels.append(Descent(parents[chosen], keys[chosen]))
        return len(parents)

    def decide(self) -> int:
        """Keys of the first decision on the way to the best state known, and moves on by it."""
        assert self.root is not None
        # The best state of the last level is its first.
        ahead = path(self._levels, 0) if self._home is None else self._home
        if not ahead:
            return 0  # nothing lives on, whatever is pressed
        self.root.step(ahead[0], self._frames, after_end=True)
        if self._home is not None:
            self._home = self._home[1:]
        else:
            self._keep_followers()
        return ahead[0]

    def _keep_followers(self) -> None:
        """Drops the first level, and all that does not follow from the decision made."""
        index = 0
        for level in self._levels[:0:-1]:
            index = int(level.parents[index])
        follows = np.zeros(len(self._levels[0].keys), np.bool_)
        follows[index] = True
        levels = []
        for level in self._levels[1:]:
            places = np.cumsum(follows, dtype=np.int32) - 1  # of those that stay among them
            follows = follows[level.parents]
            levels.append(Descent(places[level.parents[follows]], level.keys[follows]))
        self._levels, self._rows = levels, self._rows[follows]
