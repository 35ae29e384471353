"""PPO on its better episodes."""

from __future__ import annotations

from dataclasses import dataclass

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.policy_gradient import PPOSettings
from qwop_native.training.config import RunConfig
from qwop_native.training.fields import setting
from qwop_native.training.success_filter import FilteredPPO


@dataclass(frozen=True)
class FilteredPPOSettings(PPOSettings):
    """The `learner` section; configs/filtered_ppo.yml explains each key."""

    keep_share: float = setting(0.5, above=0, at_most=1)
    only_successes: bool = False


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
