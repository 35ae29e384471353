"""A PPO model's tensors and rollouts in the hands of the native kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.policies import ActorCriticPolicy

from qwop_native import _core
from qwop_native.sb3._fast_path import (
    Network,
    UnsupportedError,
    adam_options,
    adam_state,
    check_extractor,
    check_optimizer,
    check_spaces,
    hooks_of,
    read_layers,
)

Floats = npt.NDArray[np.float32]
Indices = npt.NDArray[np.int64]


def check_model(model: Any) -> tuple[Network, Network]:
    """Reads the networks of the policy and of the value.

    Raises:
        UnsupportedError: The kernels would not do what Stable-Baselines3 does.
    """
    check_spaces(model)
    policy = model.policy
    if type(policy) is not ActorCriticPolicy:
        raise UnsupportedError(f"the policy is {type(policy).__name__}, not MlpPolicy")
    if type(model.rollout_buffer) is not RolloutBuffer:
        name = type(model.rollout_buffer).__name__
        raise UnsupportedError(f"the rollout buffer is {name}, not RolloutBuffer")
    if model.rollout_buffer.actions.dtype != np.int64:
        raise UnsupportedError("the rollout buffer does not hold actions as int64")
    if model.use_sde:
        raise UnsupportedError("use_sde is set")
    for extractor in (policy.pi_features_extractor, policy.vf_features_extractor):
        check_extractor(extractor)
    check_optimizer(policy.optimizer)
    if any(hooks_of([policy], policy.optimizer)):
        raise UnsupportedError("hooks are registered with the network or the optimizer")
    layers = policy.mlp_extractor
    actor = read_layers([*layers.policy_net, policy.action_net])
    critic = read_layers([*layers.value_net, policy.value_net])
    deep = [net for net in (actor, critic) if len(net.widths) > 1]
    if len({net.activation for net in deep}) > 1:
        raise UnsupportedError("the networks have different activations")
    read = {id(p) for p in (*actor.parameters, *critic.parameters)}
    held = [id(p) for p in policy.optimizer.param_groups[0]["params"]]
    if read != set(held) or len(held) != len(read):
        raise UnsupportedError("the optimizer does not hold the parameters of the networks")
    return actor, critic


class ActorCriticKernel:
    """The native update and actor of one PPO model, on the model's own memory.

    Args:
        model: The model.

    Raises:
        UnsupportedError: The kernels would not do what Stable-Baselines3 does.
    """

    def __init__(self, model: Any) -> None:
        actor, critic = check_model(model)
        self._policy = model.policy
        self._parameters = [*actor.parameters, *critic.parameters]
        self._actions = int(model.action_space.n)
        deeper = actor if len(actor.widths) > 1 else critic
        self.native = _core.ActorCritic(
            policy_widths=actor.widths,
            value_widths=critic.widths,
            n_actions=self._actions,
            activation=deeper.activation,
        )
        self._acted_on: list[int] = []

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies of a model make a kernel of their own.
        return type(None), ()

    def belongs_to(self, model: Any) -> bool:
        """Whether the model's policy is still the one the kernel was made for."""
        return self._policy is model.policy

    def follow(self) -> None:
        """Takes notice of parameters that others have moved or changed, and of torch's threads."""
        self.native.threads = th.get_num_threads()
        found = [p.data_ptr() for p in self._parameters]
        found += [p._version for p in self._parameters]
        if found != self._acted_on:
            self.native.bind_parameters([p.detach().numpy() for p in self._parameters])
            self._acted_on = found

    def follow_training(self, model: Any) -> None:
        """Takes the rollout and the optimizer as they are now.

        Raises:
            UnsupportedError: Something has become what the kernels cannot handle.
        """
        check_model(model)
        self.follow()
        states = [adam_state(model.policy.optimizer, p) for p in self._parameters]
        self.native.bind_adam(
            means=[state["exp_avg"].numpy() for state in states],
            squares=[state["exp_avg_sq"].numpy() for state in states],
            steps=[state["step"].numpy() for state in states],
        )
        buffer = model.rollout_buffer
        self.native.bind_rollout(
            observations=buffer.observations,
            actions=buffer.actions,
            values=buffer.values,
            log_probs=buffer.log_probs,
            advantages=buffer.advantages,
            returns=buffer.returns,
        )

    def act(self, observations: Floats, deterministic: bool) -> tuple[Indices, Floats, Floats]:
        """Actions, values and log probabilities, (rows,) each, for observations (rows, ...).

        Drawn actions take the numbers from torch's generator that torch itself would take.
        """
        self.follow()
        rows = len(observations)
        noise = None
        if not deterministic:
            # How torch.multinomial draws one of several: the greatest of probability / exponential.
            noise = th.empty(rows, self._actions).exponential_(1).numpy()
        plain = np.ascontiguousarray(observations.reshape(rows, -1), np.float32)
        return self.native.act(plain, noise=noise)

    def update(
        self, model: Any, numbers: Indices, clip_range: float, clip_range_values: float | None
    ) -> dict[str, float]:
        """One update on transitions of the rollout, numbered as `RolloutBuffer.get` does."""
        return self.native.update(
            numbers,
            options=_core.PpoOptions(
                clip_range=clip_range,
                clip_range_values=clip_range_values,
                entropy_coefficient=model.ent_coef,
                value_coefficient=model.vf_coef,
                normalize_advantages=model.normalize_advantage,
                max_grad_norm=model.max_grad_norm,
                target_kl=model.target_kl,
            ),
            adam=adam_options(model.policy.optimizer),
        )
