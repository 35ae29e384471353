"""qwop-gym's own YAML files: their keys in the names of this program, with qwop-gym's defaults."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qwop_native.envs.arguments import BROWSER_ONLY

if TYPE_CHECKING:
    from qwop_native.training.algorithms import Algorithm

_NAMES = {
    "env_kwargs": "env",
    "learner_kwargs": "learner",
    "learner_lr_schedule": "learner.learning_rate",
    "out_dir_template": "out_dir",
}

_OPTIONAL = ("seed", "run_id", "model_load_file", "max_episode_steps")
"""Keys that may be left blank there, as if they were not given."""

_MODULES = ("qwop_gym", "qwop_gym.wrappers")


def translate(settings: Mapping[str, Any], algorithm: Algorithm) -> dict[str, Any]:
    """Settings in this program's names; those that have them already are returned as they are.

    A file that uses one of qwop-gym's own keys gets qwop-gym's defaults: one game, episodes of up
    to 5,000 steps and so on. Arguments that need a browser are dropped, with one line that says so.

    Args:
        settings: Keys and values of a file, includes already read.
        algorithm: Which may have further keys of qwop-gym's, such as a list of recordings.

    Raises:
        ValueError: A key is there under both names.
    """
    names = {**_NAMES, **algorithm.qwop_gym_names}
    given: dict[str, Any] = copy.deepcopy(dict(settings))
    if not any(name in given for name in names):
        return given
    translated: dict[str, Any] = {
        "n_envs": 1,
        "max_episode_steps": 5000,
        "total_timesteps": 1_000_000,
        "n_checkpoints": 5,
        "log_tensorboard": False,
        "out_dir": f"data/{algorithm.qwop_gym_name}-{{run_id}}",
        "learner": {"learning_rate": "const_0.003"},
    }
    # Sections before what is put into them.
    for name in sorted(given, key=lambda key: str(names.get(key, key)).count(".")):
        value = given[name]
        if name in _OPTIONAL and value is None:
            continue
        target = names.get(name, name)
        if target != name and target in given:
            raise ValueError(f"{name} and {target} mean the same; give one of the two")
        _put(translated, target, value)
    translated["env"] = _without_browser(translated.get("env"))
    translated["env_wrappers"] = [_ours(each) for each in translated.get("env_wrappers") or ()]
    return translated


def renamed(name: str, algorithm: Algorithm) -> str:
    """A dotted name with its first part in this program's names."""
    first, dot, rest = name.partition(".")
    return {**_NAMES, **algorithm.qwop_gym_names}.get(first, first) + dot + rest


def _put(settings: dict[str, Any], name: str, value: Any) -> None:
    section, _, rest = name.partition(".")
    if rest:
        inner = settings.setdefault(section, {})
        if isinstance(inner, dict):
            _put(inner, rest, value)
        return
    if isinstance(value, dict) and isinstance(settings.get(section), dict):
        value = {**settings[section], **value}
    settings[section] = value


def _without_browser(env: Any) -> Any:
    if not isinstance(env, dict):
        return env or {}
    dropped = [name for name in env if name in BROWSER_ONLY]
    if env.get("render_mode") is not None:
        dropped.append("render_mode")
    if dropped:
        text = ", ".join(dropped)
        print(f"note: no browser is used, so these have no effect: {text}", file=sys.stderr)
    return {name: value for name, value in env.items() if name not in dropped}


def _ours(wrapper: Any) -> Any:
    """A wrapper of qwop-gym's as the one of the same name here."""
    if isinstance(wrapper, dict) and wrapper.get("module") in _MODULES:
        return {**wrapper, "module": "qwop_native.wrappers"}
    return wrapper
