"""DQN and its quantile regression form: they learn values from a replay buffer."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.common import LearnerSettings, model_class
from qwop_native.training.config import RunConfig
from qwop_native.training.fields import setting


@dataclass(frozen=True)
class DQNSettings(LearnerSettings):
    """The `learner` section; configs/dqn.yml explains each key."""

    learning_rate: float | str = setting(1e-4, above=0)
    max_grad_norm: float | None = setting(10.0, above=0)
    buffer_size: int = setting(1_000_000, at_least=1)
    learning_starts: int = setting(100, at_least=0)
    batch_size: int = setting(32, at_least=1)
    tau: float = setting(1.0, above=0, at_most=1)
    transitions_per_update: int | None = setting(None, at_least=1)
    train_freq: int | None = setting(None, at_least=1)
    gradient_steps: int | None = setting(None, at_least=-1)
    n_steps: int = setting(1, at_least=1)
    optimize_memory_usage: bool = False
    target_update_interval: int = setting(10_000, at_least=1)
    exploration_fraction: float = setting(0.1, above=0, at_most=1)
    exploration_initial_eps: float = setting(1.0, at_least=0, at_most=1)
    exploration_final_eps: float = setting(0.05, at_least=0, at_most=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        own_schedule = self.train_freq is not None or self.gradient_steps is not None
        if self.transitions_per_update is not None and own_schedule:
            raise ValueError(
                "learner.transitions_per_update replaces learner.train_freq and "
                "learner.gradient_steps; give the one or the other"
            )


@dataclass(frozen=True)
class QRDQNSettings(DQNSettings):
    """The `learner` section; configs/qrdqn.yml explains each key."""

    learning_rate: float | str = setting(5e-5, above=0)
    max_grad_norm: float | None = setting(None, above=0)
    exploration_fraction: float = setting(0.005, above=0, at_most=1)
    exploration_final_eps: float = setting(0.01, at_least=0, at_most=1)
    n_quantiles: int = setting(200, at_least=1)


def update_schedule(n_envs: int, transitions_per_update: int) -> tuple[int, int]:
    """SB3's `train_freq` and `gradient_steps` for a ratio that does not depend on `n_envs`.

    SB3 counts `train_freq` in steps of the vector environment, each of `n_envs` transitions.

    Returns:
        Vector steps between trainings and updates in each training.
    """
    transitions = math.lcm(n_envs, transitions_per_update)
    return transitions // n_envs, transitions // transitions_per_update


def keywords(settings: DQNSettings, n_envs: int) -> dict[str, Any]:
    """Arguments of the constructor of SB3's DQN or sb3-contrib's QRDQN."""
    arguments = settings.keywords()
    ratio = arguments.pop("transitions_per_update")
    if ratio is not None:
        arguments["train_freq"], arguments["gradient_steps"] = update_schedule(n_envs, ratio)
    for name, default in (("train_freq", 4), ("gradient_steps", 1)):
        if arguments[name] is None:
            arguments[name] = default
    return arguments


def _build(name: str, config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    arguments = keywords(config.learner, venv.num_envs)
    return model_class(name)(env=venv, seed=seed, device=config.device, **arguments)


def _algorithm(name: str, settings: type[DQNSettings]) -> Algorithm:
    return Algorithm(
        name=name.lower(),
        settings=settings,
        build=functools.partial(_build, name),
        model_class=functools.partial(model_class, name),
        qwop_gym_name=name,
    )


QRDQN = _algorithm("QRDQN", QRDQNSettings)
DQN = _algorithm("DQN", DQNSettings)
