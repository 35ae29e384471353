"""DQN and its quantile regression form: they learn values from a replay buffer."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy.typing as npt
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.vec_env import VecEnv

from qwop_native import sb3
from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.common import model_class
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.settings.run import RunConfig
from qwop_native.training.settings.value import DQNSettings


class DemonstratedQRDQN(sb3.QRDQN):
    """QRDQN in `SprintGames` of which the first ones play recorded runs."""

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        actions, _ = super()._sample_action(learning_starts, action_noise, n_envs)
        games: Any = self.env  # perhaps in a wrapper, which passes this on
        demonstrated = games.demonstrated()
        actions[: len(demonstrated)] = demonstrated
        return actions, actions


def update_schedule(n_envs: int, transitions_per_update: int) -> tuple[int, int]:
    """SB3's `train_freq` and `gradient_steps` for a ratio that does not depend on `n_envs`.

    SB3 counts `train_freq` in steps of the vector environment, each of `n_envs` transitions.

    Returns:
        Vector steps between trainings and updates in each training.
    """
    transitions = math.lcm(n_envs, transitions_per_update)
    return transitions // n_envs, transitions // transitions_per_update


def keywords(settings: DQNSettings, n_envs: int) -> dict[str, Any]:
    """Arguments of the constructor of SB3's DQN or sb3-contrib's QRDQN.

    Raises:
        ValueError: Games and updates are to overlap and do not take turns step by step.
    """
    arguments = settings.keywords()
    ratio = arguments.pop("transitions_per_update")
    if ratio is not None:
        arguments["train_freq"], arguments["gradient_steps"] = update_schedule(n_envs, ratio)
    for name, default in (("train_freq", 4), ("gradient_steps", 1)):
        if arguments[name] is None:
            arguments[name] = default
    if arguments.get("overlap") and arguments["train_freq"] != 1:
        raise ValueError(
            f"learner.overlap needs a training after each step of the {n_envs} games, these "
            f"settings train after every {arguments['train_freq']}: set learner.train_freq=1, or "
            f"learner.transitions_per_update to a divisor of {n_envs}"
        )
    return arguments


def _build(name: str, config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    arguments = keywords(config.learner, venv.num_envs)
    demonstrated = config.games is not None and config.games.demonstrations is not None
    learner = DemonstratedQRDQN if demonstrated else model_class(name)
    return learner(env=venv, seed=seed, device=config.device, **arguments)


def _algorithm(name: str) -> Algorithm:
    return Algorithm(
        name=name.lower(),
        settings=LEARNERS[name.lower()],
        build=functools.partial(_build, name),
        model_class=functools.partial(model_class, name),
        qwop_gym_name=name,
    )


QRDQN = _algorithm("QRDQN")
DQN = _algorithm("DQN")
