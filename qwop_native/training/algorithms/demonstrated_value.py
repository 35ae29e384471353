"""DQN and QRDQN with demonstrations and prioritized replay."""

from __future__ import annotations

import dataclasses
import functools
from typing import Any

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training import algorithms
from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.imitation import demonstrations
from qwop_native.training.algorithms.value import keywords
from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.replay.demo_learners import DemoDQN, DemoQRDQN, ReplaySettings
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.settings.run import RunConfig

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


def _algorithm(kind: type[DemoDQN] | type[DemoQRDQN], name: str) -> Algorithm:
    return Algorithm(
        name=name,
        settings=LEARNERS[name],
        build=functools.partial(_build, kind),
        model_class=lambda: kind,
        learn=_learn,
        prepare=_replay,
        saved_as=name.removesuffix("_demo"),
        qwop_gym_name=name.upper(),
    )


DQN = _algorithm(DemoDQN, "dqn_demo")
QRDQN = _algorithm(DemoQRDQN, "qrdqn_demo")
