"""The play that is measured: random keys, each combination held for a few frames."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

KEY_COMBINATIONS = 16


def random_holds(seed: int, frames: int, hold: int) -> Iterator[int]:
    """Yields one key mask (Q=1, W=2, O=4, P=8) for each hold.

    Args:
        seed: the same seed gives the same keys.
        frames: how many frames the holds cover.
        hold: frames a combination stays down.
    """
    masks = np.random.default_rng(seed).integers(KEY_COMBINATIONS, size=frames // hold)
    return iter(masks.tolist())
