"""Transitions that were drawn from a replay buffer."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


class Drawn(NamedTuple):
    """A batch, before it is gathered.

    Attributes:
        positions: Of each transition in the buffer, int64 (n,).
        games: The environment of each, int64 (n,).
        importance: How much each counts, at most 1, float32 (n,); None where all count alike.
        errors: Becomes the loss of each, float32 (n,); None where nobody wants to know.
    """

    positions: Indices
    games: Indices
    importance: npt.NDArray[np.float32] | None = None
    errors: npt.NDArray[np.float32] | None = None
