"""Learns which keys were held in states that lasted, so that others need not be tried."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from qwop_native.search.beam import Level
from qwop_native.search.network import Network, fitted, layers_to_fit
from qwop_native.search.states import FEATURES, States, features
from qwop_native.search.survivors import NothingToLearnError, lasting

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]

_HIDDEN = (128, 128)
_BATCH = 512
_EPOCHS = 12
_LEARNING_RATE = 2e-3
_JITTER = 0.05  # of a feature's standard deviation, so that no decision is memorized
_LEAST_SPREAD = 0.02


@dataclass(frozen=True)
class Decisions:
    """What was decided in states of beams, one row a decision.

    Attributes:
        features: Of the state, float32 (n, `FEATURES`).
        keys: Mask of the keys, uint8 (n,).
    """

    features: Floats32
    keys: npt.NDArray[np.uint8]

    @classmethod
    def joined(cls, parts: Sequence[Decisions]) -> Decisions:
        """All of them, one after the other."""
        return cls(
            np.concatenate([part.features for part in parts]),
            np.concatenate([part.keys for part in parts]),
        )


def decisions(levels: list[Level], later: int) -> Decisions:
    """The decisions that led to states with descendants `later` levels on.

    Args:
        levels: Of one search.
        later: Levels.
    """
    parts = [Decisions(np.zeros((0, FEATURES), np.float32), np.zeros(0, np.uint8))]
    for before, (level, lasted) in zip(levels, list(lasting(levels, later))[1:], strict=False):
        kept = level.rows[lasted]
        parents = level.parents[kept]
        places = np.minimum(np.searchsorted(before.rows, parents), len(before.rows) - 1)
        known = before.rows[places] == parents
        parts.append(Decisions(features(before.states[places[known]]), level.keys[kept[known]]))
    return Decisions.joined(parts)


class Habit:
    """How likely keys are in a state, learned from what lasted.

    Args:
        masks: Keys of each of the actions, uint8 (actions,).
        network: Gives a number for each of them.
    """

    def __init__(self, masks: npt.NDArray[np.uint8], network: Network) -> None:
        self.masks, self._network = masks, network

    def of_states(self, states: States) -> Floats:
        """How much less likely each action is than the likeliest, nats, float64 (n, actions)."""
        out = self._network(states)
        return np.asarray(out.max(axis=1, keepdims=True) - out, np.float64)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it as .npz, whole or not at all."""
        self._network.save(path, masks=self.masks)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Habit:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is damaged or something else.
        """
        network, masks = Network.load(path, "habit", "masks")
        return cls(masks, network)


def learn_habit(data: Decisions, masks: npt.NDArray[np.uint8], seed: int) -> Habit:
    """Fits how likely each action is in a state.

    Args:
        data: Decisions; each one counts once, however many descendants it had.
        masks: Keys of each of the actions, uint8 (actions,).
        seed: Of the network's first weights and of the order of the decisions.

    Raises:
        NothingToLearnError: There are no decisions.
    """
    import torch
    from torch.nn import functional

    if not len(data.keys):
        raise NothingToLearnError("nothing can be learned from no decisions")
    codes = np.zeros(256, np.int64)
    codes[masks] = np.arange(len(masks))
    seen, first = np.unique(data.features, axis=0, return_index=True)
    mean, spread = seen.mean(axis=0), seen.std(axis=0) + _LEAST_SPREAD
    x = torch.from_numpy((seen - mean) / spread)
    actions = torch.from_numpy(codes[data.keys[first]])
    torch.manual_seed(seed)
    layers = layers_to_fit(*_HIDDEN, len(masks))
    optimizer = torch.optim.AdamW(layers.parameters(), _LEARNING_RATE, weight_decay=0.1)
    steps = _EPOCHS * -(-len(x) // _BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=steps + 1)
    for _ in range(_EPOCHS):
        order = torch.randperm(len(x))
        for begin in range(0, len(order), _BATCH):
            rows = order[begin : begin + _BATCH]
            y = x[rows] + _JITTER * torch.randn(len(rows), FEATURES)
            loss = functional.cross_entropy(layers(y), actions[rows], label_smoothing=0.01)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
    arrays = fitted(layers)
    # The first layer takes the features as they are.
    weight, bias = arrays[0]
    scaled = weight / spread[:, None]
    arrays[0] = (scaled.astype(np.float32), (bias - mean @ scaled).astype(np.float32))
    return Habit(masks, Network(arrays))
