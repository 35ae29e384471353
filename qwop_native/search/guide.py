"""What a trained policy would do in a state, as far as a search is to keep to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import OBSERVATION_SIZE, observations
from qwop_native.models.outputs import (
    action_count,
    distribution,
    has_probabilities,
    network_of,
)
from qwop_native.search.states import States

Floats = npt.NDArray[np.float64]


class Adviser(Protocol):
    """Says how likely actions are."""

    def of_states(self, states: States) -> Floats:
        """How much less likely each action is than the likeliest, nats, float64 (n, actions)."""


@dataclass(frozen=True)
class Guide:
    """A policy's say in a search.

    A search that may do whatever ranks best picks among actions that are as good as each other by
    chance, and lives on states that its critic overrates. What a policy thinks likely is seldom
    wrong: there are few decisions in a run where something else is worth much.

    Attributes:
        policy: Says how likely actions are.
        weight: World units that a nat of log-probability gap takes off a state's rank; a run's gaps
            add up.
        most: Nats of log-probability gap beyond which an action is not tried.
    """

    policy: Adviser
    weight: float
    most: float

    def __post_init__(self) -> None:
        if not self.weight >= 0:
            raise ValueError(f"the guide's weight must be 0 or more, got {self.weight}")
        if not self.most > 0:
            raise ValueError(
                f"the largest log-probability gap must be above 0 nats, got {self.most}"
            )


class Policy:
    """An actor of SB3 on the environment's own observation.

    Args:
        model: PPO or A2C.
        actions: Actions of the set that is searched.

    Raises:
        ValueError: The model gives no probabilities, or is for other observations or actions.
    """

    def __init__(self, model: Any, actions: int) -> None:
        import torch

        if not guides(model, actions):
            raise ValueError(
                f"a search of {actions} actions is guided by PPO or A2C with as many actions on "
                f"the environment's own observation of shape ({OBSERVATION_SIZE},)"
            )
        self._torch, self._network = torch, network_of(model)
        self._network.set_training_mode(False)

    def log_prob_gaps(self, observations: npt.NDArray[np.float32]) -> Floats:
        """How much less likely each action is than the likeliest, nats, float64 (n, actions).

        Args:
            observations: The environment's, float32 (n, 60).
        """
        with self._torch.no_grad():
            seen = self._torch.from_numpy(observations)
            logits = distribution(self._network, seen).logits.double().numpy()
        return np.asarray(logits.max(axis=1, keepdims=True) - logits)

    def of_states(self, states: States) -> Floats:
        """The same for states."""
        return self.log_prob_gaps(observations(states.bodies))


def guides(model: Any, actions: int) -> bool:
    """Whether a model can guide a search of so many actions."""
    return (
        model.observation_space.shape == (OBSERVATION_SIZE,)
        and has_probabilities(network_of(model))
        and action_count(model) == actions
    )
