"""How fast a policy runs 100 m by the game's own finish, from many starts and in each flavour."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.facts import ENDED, FALLEN, UNITS_PER_METRE
from qwop_native.search.states import finished
from qwop_native.wrappers.rich_columns import key_masks

Act = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.int64]]
"""Greedy actions (n,) for the environment's observations, float32 (n, 60)."""

MAX_FRAMES = 3000


@dataclass(frozen=True)
class Runs:
    """How a policy's runs went.

    Attributes:
        frames: Frames of the game's clock at the landing beyond 100 m, 0 for a run without one.
        distance: Metres of the torso at the end.
        keys: Mask of each frame after the start, one array a run, without the frames that follow
            the end.
    """

    frames: npt.NDArray[np.int64]
    distance: npt.NDArray[np.float64]
    keys: list[npt.NDArray[np.uint8]]

    @property
    def finished(self) -> npt.NDArray[np.int64]:
        """Frames of the runs that finished, sorted."""
        return np.sort(self.frames[self.frames > 0])

    def __str__(self) -> str:
        done = self.finished
        if not len(done):
            return f"none of {len(self.frames)} finished, mean {self.distance.mean():.1f} m"
        return (
            f"{len(done)} of {len(self.frames)} finished, best {done[0]}, "
            f"median {np.median(done):.0f}, slowest {done[-1]} frames"
        )


def evaluate(act: Act, starts: list[_core.Game], frames_per_step: int) -> Runs:
    """Plays greedily from each start until the game ends, the runner falls, or 3,000 frames."""
    masks = key_masks(ACTION_SETS["essential"])
    pool = _core.GamePool(starts[0], num_envs=len(starts), num_threads=1)
    for number, start in enumerate(starts):
        pool.set_game(number, start)
    held = []
    for _ in range(MAX_FRAMES // frames_per_step):
        actions = act(observations(pool.bodies))
        held.append(masks[actions])
        pool.step(held[-1], frames=frames_per_step)
        if (pool.events & (ENDED | FALLEN) != 0).all():
            break
    done = finished(pool.events, pool.score)
    frames = pool.frames.astype(np.int64)
    begun = np.array([start.frames for start in starts])
    played = np.repeat(np.array(held), frames_per_step, axis=0)
    keys = [played[:count, number] for number, count in enumerate((frames - begun).tolist())]
    return Runs(np.where(done, frames, 0), pool.bodies[:, 0, 0] / UNITS_PER_METRE, keys)
