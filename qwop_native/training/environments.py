"""The games that a run is trained on."""

from __future__ import annotations

import importlib
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import (
    DummyVecEnv,
    VecEnv,
    VecEnvWrapper,
    VecFrameStack,
    VecNormalize,
    is_vecenv_wrapped,
)

from qwop_native import QwopEnv
from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.sb3 import QwopVecEnv
from qwop_native.training.settings.run import RunConfig
from qwop_native.training.sprint.games import SprintGames
from qwop_native.wrappers.rich_columns import RichColumns, columns_of

INFO_KEYWORDS = ("time", "distance", "avgspeed", "is_success", "frames")
"""Fields of the last info of an episode that reach the curves."""


def make_vec_env(config: RunConfig) -> VecEnv:
    """Makes the games of a run, side by side.

    They are one `QwopVecEnv`, unless `env_wrappers` holds wrappers of gymnasium's, which wrap one
    game each: then each game is an environment of its own, many times slower. Wrappers of SB3's
    vector environments keep the fast one. A run that names `games` has `SprintGames` instead.

    Raises:
        ImportError: The module of a wrapper cannot be imported.
        TypeError, ValueError: An environment or a wrapper refuses an argument.
    """
    wrappers = [(_wrapper_class(each), each.get("kwargs") or {}) for each in config.env_wrappers]
    of_one = [each for each in wrappers if not issubclass(each[0], VecEnvWrapper)]
    of_all = [each for each in wrappers if issubclass(each[0], VecEnvWrapper)]
    if config.games is not None:
        rng = np.random.default_rng(config.seed)
        venv: VecEnv = SprintGames(config.games, rng, config.env_threads, observation="standard")
    elif of_one:
        venv = DummyVecEnv([lambda: _one_game(config, of_one)] * config.n_envs)
    else:
        venv = QwopVecEnv(
            config.n_envs,
            config.env_threads,
            max_episode_steps=config.max_episode_steps,
            copy=bool(of_all),
            **config.env,
        )
    for wrapper, kwargs in of_all:
        venv = wrapper(venv, **kwargs)
    _check_observations(venv, config)
    return venv


def _check_observations(venv: VecEnv, config: RunConfig) -> None:
    """Raises ValueError where an evaluation could not show a policy what these games show it."""
    columns = RichColumns(columns_of(config.env_wrappers), 1)
    normalizes = is_vecenv_wrapped(venv, VecNormalize) or is_vecenv_wrapped(venv, VecFrameStack)
    if normalizes or venv.observation_space.shape != (OBSERVATION_SIZE + columns.size,):
        raise ValueError(
            "env_wrappers: RichVecObservation is the only one that may change observations, "
            "evaluations know no other"
        )


def _one_game(
    config: RunConfig, wrappers: list[tuple[type[Any], dict[str, Any]]]
) -> gym.Env[Any, Any]:
    env: gym.Env[Any, Any] = QwopEnv(**config.env)
    for wrapper, kwargs in wrappers:
        try:
            env = wrapper(env, **kwargs)
        except gym.error.Error as error:
            raise ValueError(f"env_wrappers: {wrapper.__name__}: {error}") from None
    if config.max_episode_steps is not None:
        env = TimeLimit(env, config.max_episode_steps)
    return Monitor(env, info_keywords=INFO_KEYWORDS)


def _wrapper_class(wrapper: dict[str, Any]) -> type[Any]:
    module, name = wrapper["module"], wrapper["cls"]
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ModuleNotFoundError as error:
        raise ImportError(f"env_wrappers: there is no module {error.name!r}") from None
    if not (isinstance(found, type) and issubclass(found, (gym.Wrapper, VecEnvWrapper))):
        raise ValueError(f"env_wrappers: {name} of {module} is no wrapper of an environment")
    return found
