"""A2C, PPO and PPO with an LSTM: they learn a policy from what it does itself."""

from __future__ import annotations

import functools

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.common import model_class
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.settings.run import RunConfig


def _build(name: str, config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    arguments = config.learner.keywords()
    return model_class(name)(env=venv, seed=seed, device=config.device, **arguments)


def _algorithm(class_name: str, name: str, qwop_gym_name: str) -> Algorithm:
    return Algorithm(
        name=name,
        settings=LEARNERS[name],
        build=functools.partial(_build, class_name),
        model_class=functools.partial(model_class, class_name),
        qwop_gym_name=qwop_gym_name,
    )


PPO = _algorithm("PPO", "ppo", "PPO")
RECURRENT_PPO = _algorithm("RecurrentPPO", "recurrent_ppo", "RPPO")
A2C = _algorithm("A2C", "a2c", "A2C")
