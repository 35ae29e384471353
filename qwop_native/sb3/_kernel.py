"""A model's tensors and replay buffer in the hands of the native kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from numpy.random.mtrand import get_bit_generator
from stable_baselines3.common.buffers import ReplayBuffer

from qwop_native import _core
from qwop_native.sb3._drawn import Drawn, Indices
from qwop_native.sb3._fast_path import (
    Family,
    adam_options,
    adam_state,
    check_model,
    hooks_of,
    networks_of,
    optimizer_options,
    read_network,
)


class Kernel:
    """The native update and actor of one model, on the model's own memory.

    Parameters, Adam's state and the replay buffer stay where they are and are always up to date, so
    that saving, callbacks and Stable-Baselines3's own code see what they would see without the
    kernels. Others may change them or put new ones in their place; call `follow` before each use.

    Args:
        model: The model.
        family: What kind it is of.

    Raises:
        UnsupportedError: The kernels would not do what Stable-Baselines3 does.
    """

    collects = True
    """Whether `_core.Collector` can act with the kernel."""

    def __init__(self, model: Any, family: Family) -> None:
        self._family = family
        self._check(model)
        self._networks = networks_of(model, family)
        online, target = (read_network(network, family) for network in self._networks)
        self._online, self._target = online.parameters, target.parameters
        self._modules = [vars(m) for m in (model.policy, *self._networks[0].modules())]
        self.native: Any = _core.QuantileLearner(
            widths=online.widths,
            n_actions=int(model.action_space.n),
            n_quantiles=getattr(model, "n_quantiles", 1),
            activation=online.activation,
            loss_scale=family.loss_scale,
        )
        self._hooks = hooks_of(self._networks, model.policy.optimizer)
        self._acted_on: list[int] = []
        self._trained_on: list[Any] = []
        self._kept: list[Any] = []

    def _check(self, model: Any) -> None:
        check_model(model, self._family)

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies of a model make a kernel of their own.
        return type(None), ()

    def belongs_to(self, model: Any) -> bool:
        """Whether the model's networks are still the ones the kernel was made for."""
        now = networks_of(model, self._family)
        return self._networks[0] is now[0] and self._networks[1] is now[1]

    def set_training_mode(self, mode: bool) -> None:
        """What `policy.set_training_mode` does, without its walk through the modules."""
        for module in self._modules:
            module["training"] = mode

    def follow(self) -> None:
        """Takes notice of parameters that others have moved or changed."""
        found = [p.data_ptr() for p in self._online]
        found += [p._version for p in self._online]
        if found != self._acted_on:
            self.native.bind_online([p.detach().numpy() for p in self._online])
            self._acted_on = found

    def follow_training(self, model: Any) -> None:
        """Takes notice of a change in anything that an update works on.

        Raises:
            UnsupportedError: It has become something that the kernels cannot handle.
        """
        self.follow()
        objects = self._objects(model)
        found: list[Any] = list(map(id, objects))
        found += [p.data_ptr() for p in self._target]
        found += [p._version for p in self._target]
        found += optimizer_options(model.policy.optimizer)
        found.append(any(self._hooks))
        if found != self._trained_on:
            self._check(model)
            self._bind(model)
            # Kept, so that no new object can have the id of one that is gone.
            self._kept = self._objects(model)
            self._trained_on = list(map(id, self._kept)) + found[len(objects) :]

    def _objects(self, model: Any) -> list[Any]:
        state = model.policy.optimizer.state
        buffer: Any = model.replay_buffer
        objects = [
            model._vec_normalize_env,
            state,
            buffer.observations,
            buffer.next_observations,
            buffer.actions,
            buffer.rewards,
            buffer.dones,
            buffer.timeouts,
        ]
        for moments in state.values():
            objects += moments.values()
        return objects

    def _bind(self, model: Any) -> None:
        states = [adam_state(model.policy.optimizer, p) for p in self._online]
        buffer: Any = model.replay_buffer
        self.native.bind_adam(
            means=[state["exp_avg"].numpy() for state in states],
            squares=[state["exp_avg_sq"].numpy() for state in states],
            steps=[state["step"].numpy() for state in states],
        )
        self.native.bind_target([p.detach().numpy() for p in self._target])
        self.native.bind_replay(
            observations=buffer.observations,
            next_observations=buffer.next_observations,
            actions=buffer.actions,
            rewards=buffer.rewards,
            dones=buffer.dones,
            timeouts=buffer.timeouts,
        )

    def draw(self, buffer: ReplayBuffer, count: int, positions: int | None = None) -> Drawn:
        """Draws transitions as `ReplayBuffer.sample` does.

        Args:
            buffer: The replay buffer.
            count: Transitions.
            positions: Positions to draw from; None for those that are filled.

        Raises:
            ValueError: The buffer is empty.
        """
        generator: Any = get_bit_generator()
        filled = buffer.buffer_size if buffer.full else buffer.pos
        with generator.lock:
            drawn = _core.draw_transitions(
                generator.capsule,
                positions=filled if positions is None else positions,
                num_envs=buffer.n_envs,
                count=count,
            )
        return Drawn(*drawn)

    def update(
        self,
        optimizer: th.optim.Optimizer,
        drawn: Drawn,
        gamma: float,
        max_grad_norm: float | None,
    ) -> float:
        """One update on transitions of the replay buffer.

        Returns:
            The loss before the update.
        """
        loss: float = self.native.update(
            positions=drawn.positions,
            games=drawn.games,
            gamma=gamma,
            adam=adam_options(optimizer),
            max_grad_norm=max_grad_norm,
        )
        return loss

    def act(self, observations: npt.NDArray[np.float32]) -> Indices:
        """Greedy actions, (rows,), for observations, float32 (rows, ...)."""
        self.follow()
        if observations.ndim != 2:
            observations = observations.reshape(len(observations), -1)
        actions: Indices = self.native.act(observations)
        return actions
