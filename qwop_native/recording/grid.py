"""Keys of a run: a mask a frame, the steps in which they were chosen, and tapes of them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import action_keys
from qwop_native.recording.tape import Event

Masks = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Grid:
    """The steps in which the keys of a run were chosen.

    Attributes:
        frames_per_step: Frames for which each action is held.
        action_set: "full", "reduced" or "essential".
        terminated: Whether the last action was the extra action "T", which presses no key.
    """

    frames_per_step: int
    action_set: str
    terminated: bool = False

    def actions(self, keys: Masks) -> tuple[int, ...]:
        """Action indices of a run's keys.

        Raises:
            ValueError: The keys are not made of whole steps, or not of this set's actions.
        """
        table = action_keys(self.action_set, True)
        index = {mask: action for action, mask in enumerate(table[:-1])}
        steps = keys.reshape(-1, self.frames_per_step) if self._fits(keys) else None
        if steps is None or not all(int(mask) in index for mask in steps[:, 0]):
            raise ValueError(
                f"the keys are not steps of {self.frames_per_step} frames with actions of the "
                f"{self.action_set} set"
            )
        actions = [index[int(mask)] for mask in steps[:, 0]]
        if self.terminated:
            if not actions or actions[-1] != 0:
                raise ValueError('the last step presses keys, so it cannot be the action "T"')
            actions[-1] = len(table) - 1
        return tuple(actions)

    def _fits(self, keys: Masks) -> bool:
        if self.frames_per_step < 1 or len(keys) % self.frames_per_step:
            return False
        steps = keys.reshape(-1, self.frames_per_step)
        return bool((steps == steps[:, :1]).all())


def key_events(keys: Masks) -> list[Event]:
    """The keys of a run as events of a tape, neighbors with equal keys joined."""
    return [Event("keys", len(list(same)), mask) for mask, same in groupby(keys.tolist())]
