"""Folds the features into a stock policy on the environment's own observation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import stable_baselines3
import torch as th
from torch import nn

from qwop_native import QwopEnv
from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.models.evaluate import Run, evaluate
from qwop_native.models.starts import Start
from qwop_native.wrappers.relative_features import RAMPS, Features, hinges, linear_features

_MAX_FRAMES = 3000

FIRST_WIDTH = 2 * OBSERVATION_SIZE + RAMPS + 1


def export(policy: Any, frames_per_step: int) -> stable_baselines3.PPO:
    """A model of stock PPO that acts and values as a policy on `Features` does.

    Its first hidden layer holds each linear feature's positive and negative part, and the ramps'
    ReLUs; the second is the policy's first.

    Args:
        policy: An `MlpPolicy` with ReLUs on `Features`.
        frames_per_step: Of the environment it is meant for.
    """
    env = QwopEnv(frames_per_step=frames_per_step, action_set="essential")
    actor, critic = policy.mlp_extractor.policy_net, policy.mlp_extractor.value_net
    widths = {
        name: [FIRST_WIDTH, *(layer.out_features for layer in net if isinstance(layer, nn.Linear))]
        for name, net in (("pi", actor), ("vf", critic))
    }
    model = stable_baselines3.PPO(
        "MlpPolicy",
        gym.wrappers.TimeLimit(env, 1000),
        policy_kwargs={"net_arch": widths, "activation_fn": nn.ReLU},
        device="cpu",
        seed=0,
    )
    made = model.policy
    with th.no_grad():
        for source, target in (
            (actor, made.mlp_extractor.policy_net),
            (critic, made.mlp_extractor.value_net),
        ):
            _fold(source, target)
        for name in ("action_net", "value_net"):
            getattr(made, name).load_state_dict(getattr(policy, name).state_dict())
    return model


def play_greedily(
    model: Any, starts: Sequence[Start], sincos: str, frames_per_step: int
) -> list[Run]:
    """Greedy runs of a model on `Features` to the game's own finish."""
    features = Features()
    env = {"frames_per_step": frames_per_step, "action_set": "essential", "sincos": sincos}

    def choose(seen: Any, keys: Any) -> Any:
        return model.predict(features(seen), deterministic=True)[0]

    return evaluate(choose, env, starts, _MAX_FRAMES // frames_per_step)


def _fold(source: Any, target: Any) -> None:
    """Fills a network with one layer more."""
    weights, bias = linear_features()
    hinge_weights, hinge_bias, mix = hinges()
    first, second = target[0], target[2]
    first.weight.copy_(_tensor(np.concatenate([weights, -weights, hinge_weights], axis=1).T))
    first.bias.copy_(_tensor(np.concatenate([bias, -bias, hinge_bias])))
    of_linear, of_ramps = np.split(source[0].weight.detach().numpy(), [OBSERVATION_SIZE], axis=1)
    second.weight.copy_(_tensor(np.concatenate([of_linear, -of_linear, of_ramps @ mix.T], axis=1)))
    second.bias.copy_(source[0].bias)
    for layer, copied in zip(list(source)[2::2], list(target)[4::2], strict=True):
        copied.load_state_dict(layer.state_dict())


def _tensor(array: np.ndarray) -> th.Tensor:
    return th.from_numpy(np.ascontiguousarray(array, np.float32))
