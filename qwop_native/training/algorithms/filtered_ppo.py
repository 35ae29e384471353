"""PPO on its better episodes."""

from __future__ import annotations

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training.algorithms import Algorithm
from qwop_native.training.settings.policy_gradient import FilteredPPOSettings
from qwop_native.training.settings.run import RunConfig
from qwop_native.training.success_filter import FilteredPPO


def _build(config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    arguments = config.learner.keywords()
    return FilteredPPO(env=venv, seed=seed, device=config.device, **arguments)


FILTERED_PPO = Algorithm(
    name="filtered_ppo",
    settings=FilteredPPOSettings,
    build=_build,
    model_class=lambda: FilteredPPO,
    saved_as="ppo",
    qwop_gym_name="FILTERED_PPO",
)
