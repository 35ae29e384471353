"""Learns from searches which states last: those with descendants in the beam some time later."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native.search.beam import Level
from qwop_native.search.network import Network, fitted, layers_to_fit
from qwop_native.search.states import features
from qwop_native.search.values import SurvivorValue

Floats32 = npt.NDArray[np.float32]

HORIZON = 65  # frames after which a state counts as having lasted
_HIDDEN = (64, 32)
_BATCH = 1024
_LEARNING_RATE = 1e-3
_SMALLEST_SLOPE = 0.1  # per world unit; a rank that says nothing would blow the value up


class NothingToLearnError(ValueError):
    """Searches ended too early, or all went alike."""


@dataclass(frozen=True)
class Examples:
    """States of beams, one row a state.

    Attributes:
        features: Float32 (n, `FEATURES`).
        ranks: Rank relative to the mean of the state's level, world units, float32 (n,).
        lasted: 1 where the state had descendants `HORIZON` frames later, float32 (n,).
    """

    features: Floats32
    ranks: Floats32
    lasted: Floats32

    @classmethod
    def joined(cls, parts: list[Examples]) -> Examples:
        """All of them, one after the other."""
        columns = ("features", "ranks", "lasted")
        return cls(*(np.concatenate([getattr(part, c) for part in parts]) for c in columns))


def levels_ahead(frames: int) -> int:
    """Levels, so many frames apart, after which a state counts as having lasted."""
    return max(1, round(HORIZON / frames))


def examples(levels: list[Level], frames: int) -> Examples:
    """What a search tells: each level whose later descendants are known is a set of examples.

    Args:
        levels: Of one search.
        frames: Between two levels.

    Raises:
        NothingToLearnError: The search was too short.
    """
    parts = []
    for level, lasted in lasting(levels, levels_ahead(frames)):
        if lasted.all():
            continue
        parts.append(
            Examples(
                features(level.states),
                (level.ranks - level.ranks.mean()).astype(np.float32),
                lasted.astype(np.float32),
            )
        )
    if not parts:
        raise NothingToLearnError("the search was too short to learn anything from it")
    return Examples.joined(parts)


def lasting(levels: list[Level], later: int) -> Iterator[tuple[Level, npt.NDArray[np.bool_]]]:
    """Each level with whether its remembered states have descendants so many levels later."""
    for at in range(len(levels) - later):
        ancestors = np.arange(len(levels[at + later].parents))
        for level in levels[at + later : at : -1]:
            ancestors = np.unique(level.parents[ancestors])
        lasted = np.zeros(len(levels[at].parents), np.bool_)
        lasted[ancestors] = True
        yield levels[at], lasted[levels[at].rows]


def learn(data: Examples, seed: int, epochs: int = 6) -> tuple[SurvivorValue, float]:
    """Fits what lasting depends on beyond the rank: a logistic model with the rank as offset.

    Args:
        data: Examples of one or more searches.
        seed: Of the network's first weights and of the order of the examples.
        epochs: Passes over the examples.

    Raises:
        NothingToLearnError: All states lasted, or none did.

    Returns:
        The value, and how much of the logarithmic loss of always saying the mean it takes away.
    """
    import torch
    from torch.nn import functional

    share = float(data.lasted.mean())
    if share in (0.0, 1.0):
        raise NothingToLearnError("nothing can be learned from states of which all lasted, or none")
    torch.manual_seed(seed)
    layers = layers_to_fit(*_HIDDEN, 1)
    *_, bias = layers.parameters()
    torch.nn.init.constant_(bias, float(np.log(share / (1 - share))))
    slope = torch.nn.Parameter(torch.tensor(0.5))
    optimizer = torch.optim.AdamW([slope, *layers.parameters()], _LEARNING_RATE, weight_decay=1e-4)
    columns = [torch.from_numpy(x) for x in (data.features, data.ranks, data.lasted)]
    total = 0.0
    for _ in range(epochs):
        total = 0.0
        order = torch.randperm(len(data.lasted))
        for begin in range(0, len(order), _BATCH):
            rows = order[begin : begin + _BATCH]
            x, ranks, lasted = (column[rows] for column in columns)
            logits = layers(x)[:, 0] + slope.clamp_min(_SMALLEST_SLOPE) * ranks
            loss = functional.binary_cross_entropy_with_logits(logits, lasted)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            total += float(loss.detach()) * len(rows)
    plain = -(share * np.log(share) + (1 - share) * np.log(1 - share))
    scale = 1.0 / max(float(slope.detach()), _SMALLEST_SLOPE)
    value = SurvivorValue(Network(fitted(layers)), scale)
    return value, 1.0 - total / len(data.lasted) / plain
