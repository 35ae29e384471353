"""DQN and QRDQN with demonstrations and prioritized replay."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training import algorithms
from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.imitation import demonstrations
from qwop_native.training.algorithms.value import DQNSettings, QRDQNSettings, keywords
from qwop_native.training.config import RunConfig
from qwop_native.training.fields import setting
from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.replay.demo_learners import DemoDQN, DemoQRDQN, ReplaySettings


@dataclass(frozen=True)
class DemoDQNSettings(DQNSettings):
    """The `learner` section; configs/dqn_demo.yml explains each key."""

    demo_file: str | None = None
    demo_injection_ratio: float = setting(0.25, at_least=0, at_most=0.9)
    demo_prefill_count: int = setting(0, at_least=0)
    margin: float = setting(0.8, at_least=0)
    margin_weight: float = setting(0.0, at_least=0)
    prioritized: bool = True
    per_alpha: float = setting(0.6, at_least=0, at_most=1)
    per_beta: float = setting(0.4, at_least=0, at_most=1)
    per_epsilon: float = setting(1e-6, above=0)


@dataclass(frozen=True)
class DemoQRDQNSettings(QRDQNSettings, DemoDQNSettings):
    """The `learner` section; configs/qrdqn_demo.yml explains each key."""


_OURS = [field.name for field in dataclasses.fields(ReplaySettings)]


def _replay(config: RunConfig) -> tuple[ReplaySettings, Demonstrations | None]:
    replay = ReplaySettings(**{name: getattr(config.learner, name) for name in _OURS})
    path = config.learner.demo_file
    return replay, None if path is None else demonstrations(config, (path,))


def _build(
    kind: type[DemoDQN] | type[DemoQRDQN], config: RunConfig, venv: VecEnv, seed: int
) -> BaseAlgorithm:
    ours = {*_OURS, "demo_file"}
    arguments: dict[str, Any] = {
        name: value
        for name, value in keywords(config.learner, venv.num_envs).items()
        if name not in ours
    }
    replay, shown = _replay(config)
    return kind(
        env=venv,
        seed=seed,
        device=config.device,
        replay=replay,
        demonstrations=shown,
        **arguments,
    )


def _learn(
    model: BaseAlgorithm, config: RunConfig, total_timesteps: int, callback: BaseCallback
) -> None:
    assert isinstance(model, (DemoDQN, DemoQRDQN))
    if model.demonstrations is None:  # a model that was loaded has left them behind
        model.replay_from(*_replay(config))
    algorithms.learn(model, config, total_timesteps, callback)


def _algorithm(kind: type[DemoDQN] | type[DemoQRDQN], name: str, settings: type[Any]) -> Algorithm:
    return Algorithm(
        name=name,
        settings=settings,
        build=functools.partial(_build, kind),
        model_class=lambda: kind,
        learn=_learn,
        prepare=_replay,
        saved_as=name.removesuffix("_demo"),
        qwop_gym_name=name.upper(),
    )


DQN = _algorithm(DemoDQN, "dqn_demo", DemoDQNSettings)
QRDQN = _algorithm(DemoQRDQN, "qrdqn_demo", DemoQRDQNSettings)
