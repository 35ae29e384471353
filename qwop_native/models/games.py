"""Reads off SB3's vector environments how their games were made."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv, VecEnvWrapper

from qwop_native.models.settings import TOLD, ModelSettings


def settings_of(venv: VecEnv) -> ModelSettings | None:
    """The settings of games as they were made; None if they are not this package's."""
    try:
        told = {name: venv.get_attr(name, [0])[0] for name in TOLD if name != "reduced_action_set"}
    except AttributeError:
        return None
    env = {name: value for name, value in told.items() if value is not None}
    wrappers = _wrappers(venv)
    found = (getattr(each, "columns", None) for each in wrappers)
    columns = next((each for each in found if isinstance(each, tuple)), ())
    kinds = [type(each) for each in wrappers]
    names = tuple({"module": kind.__module__, "cls": kind.__name__} for kind in kinds)
    return ModelSettings(env, columns, names)


def _wrappers(venv: VecEnv) -> list[Any]:
    """The wrappers of all games, then those of the first, the outer ones first."""
    found: list[Any] = []
    while isinstance(venv, VecEnvWrapper):
        found.append(venv)
        venv = venv.venv
    env: Any = venv.envs[0] if isinstance(venv, DummyVecEnv) else None
    while isinstance(env, gym.Wrapper):
        found.append(env)
        env = env.env
    return found
