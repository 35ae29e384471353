"""What a state is worth beyond the way it has come: a trained model's opinion, or a learned one."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.envs.spaces import OBSERVATION_SIZE, observations
from qwop_native.models.outputs import has_state_values, network_of, state_values
from qwop_native.search.network import Network
from qwop_native.search.states import States, progress, speed

Floats = npt.NDArray[np.float64]
Value = Callable[[States], Floats]
"""World units that a state is worth, float64 of shape (n,)."""

RUNNING = 15.0
"""World units a second; a slower runner falls within a second or gets going."""

_LIMIT = 10.0  # world units; a learned value beyond it has left the states it was learned on


@dataclass(frozen=True)
class Rank:
    """Orders states: their progress plus weighted values.

    Attributes:
        terms: Pairs of a weight and a value.
    """

    terms: tuple[tuple[float, Value], ...] = ()

    def __call__(self, states: States) -> Floats:
        """Ranks, world units, float64 of shape (n,)."""
        total = progress(states)
        for weight, value in self.terms:
            total = total + weight * value(states)
        return total

    def plus(self, weight: float, value: Value) -> Rank:
        """The same with one more term."""
        return Rank((*self.terms, (weight, value)))


def upright(states: States) -> Floats:
    """A start without any learning: a high head and a torso that leans as at the start."""
    head_height = np.minimum(-states.bodies[:, 1, 1], 4.0)
    return np.asarray(3.0 * head_height - 6.0 * np.abs(states.bodies[:, 0, 2] + 0.2))


def upright_while_slow(states: States) -> Floats:
    """The same for runners that have not got going; nothing for those at a run.

    A model's critic knows runners at a run. Of a slow one that is about to fall it thinks too well.
    """
    slowness = np.clip(1.0 - speed(states) / RUNNING, 0.0, 1.0)
    return np.asarray(slowness * upright(states))


class ModelValue:
    """The value that a trained model gives to a state, in the model's own units of reward.

    It is the critic's value for PPO and A2C, and the best action's value for DQN and QRDQN.

    Args:
        model: A model of SB3 or sb3-contrib on the environment's own observation.

    Raises:
        ValueError: The model is of another kind, or its observation has another shape.
    """

    def __init__(self, model: Any) -> None:
        import torch

        self._torch, self._network = torch, network_of(model)
        self._network.set_training_mode(False)
        if model.observation_space.shape != (OBSERVATION_SIZE,):
            raise ValueError(
                "the model must act on the environment's own observation of shape "
                f"({OBSERVATION_SIZE},), its has shape {model.observation_space.shape}"
            )
        if not has_state_values(self._network):
            raise ValueError(f"no value can be had from a {type(self._network).__name__}")

    def __call__(self, states: States) -> Floats:
        """Values, float64 of shape (n,)."""
        with self._torch.no_grad():
            obs = self._torch.from_numpy(observations(states.bodies))
            return np.asarray(state_values(self._network, obs).double().numpy())


class SurvivorValue:
    """A learned guess at which states of a beam still have descendants in it later.

    Args:
        network: Gives one number.
        scale: World units for one unit of the network.
    """

    def __init__(self, network: Network, scale: float) -> None:
        self._network = network
        self._scale = scale

    def __call__(self, states: States) -> Floats:
        """World units, float64 of shape (n,), none beyond ten."""
        out = self._network(states)[:, 0].astype(np.float64)
        return np.clip(out * self._scale, -_LIMIT, _LIMIT)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes it as .npz, whole or not at all."""
        self._network.save(path, scale=np.float64(self._scale))

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> SurvivorValue:
        """Reads what `save` wrote.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: The file is damaged or something else.
        """
        network, scale = Network.load(path, "value", "scale")
        return cls(network, float(scale))
