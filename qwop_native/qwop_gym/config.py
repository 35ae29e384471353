"""qwop-gym's own YAML files: for training, in our names; for the commands, as our options."""

from __future__ import annotations

import copy
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field

from qwop_native.envs.arguments import BROWSER_ONLY
from qwop_native.facts import FRAMES_PER_SECOND
from qwop_native.settings.files import read
from qwop_native.settings.model import Count, NonNegative, Settings

_NAMES = {
    "env_kwargs": "env",
    "learner_kwargs": "learner",
    "learner_lr_schedule": "learner.learning_rate",
    "out_dir_template": "out_dir",
}

_OPTIONAL = ("seed", "run_id", "model_load_file", "max_episode_steps")
"""Keys that may be left blank there, as if they were not given."""

_MODULES = ("qwop_gym", "qwop_gym.wrappers")

_DISTANCE = "distance_rew_mult"
"""Of environments that descend from qwop-gym's: reward for each meter gained in a step."""

_FRAME_SECONDS = 0.04  # of physics; the seconds of the term `velocity`


def training_settings(
    settings: Mapping[str, Any], names: Mapping[str, str], name: str
) -> dict[str, Any]:
    """Settings in this program's names; those that have them already are returned as they are.

    A file that uses one of qwop-gym's own keys gets qwop-gym's defaults: one game, episodes of up
    to 5,000 steps and so on. Arguments that need a browser are dropped, with one line that says so.

    Args:
        settings: Keys and values of a file, includes already read.
        names: Further keys of qwop-gym's that the algorithm has, and where they are here.
        name: What qwop-gym calls the algorithm in the names of folders.

    Raises:
        ValueError: A key is there under both names.
    """
    names = {**_NAMES, **names}
    given: dict[str, Any] = copy.deepcopy(dict(settings))
    if not any(key in given for key in names):
        return given
    translated: dict[str, Any] = {
        "n_envs": 1,
        "max_episode_steps": 5000,
        "total_timesteps": 1_000_000,
        "n_checkpoints": 5,
        "log_tensorboard": False,
        "out_dir": f"data/{name}-{{run_id}}",
        "learner": {"learning_rate": "const_0.003"},
    }
    # Sections before what is put into them.
    for key in sorted(given, key=lambda key: str(names.get(key, key)).count(".")):
        value = given[key]
        if key in _OPTIONAL and value is None:
            continue
        target = names.get(key, key)
        if target != key and target in given:
            raise ValueError(f"{key} and {target} mean the same; give one of the two")
        _put(translated, str(target), value)
    translated["env"] = _without_browser(translated.get("env"))
    translated["env_wrappers"] = _wrappers(translated.get("env_wrappers"), translated["env"])
    return translated


def renamed(name: str, names: Mapping[str, str]) -> str:
    """A dotted name with its first part in this program's names."""
    first, dot, rest = name.partition(".")
    return {**_NAMES, **names}.get(first, first) + dot + rest


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
        _note(f"no browser is used, so these have no effect: {text}")
    return {name: value for name, value in env.items() if name not in dropped}


def _wrappers(wrappers: Any, env: Any) -> Any:
    """The wrappers of a file as ours, and one for a reward that the environment lacks.

    Takes `distance_rew_mult` out of `env`, unless it goes with further keys that are not known.
    """
    if isinstance(wrappers, (str, Mapping)) or not hasattr(wrappers or [], "__iter__"):
        return wrappers
    found = [_ours(each) for each in wrappers or ()]
    weight = env.get(_DISTANCE) if isinstance(env, dict) else None
    frames = env.get("frames_per_step", 1) if isinstance(env, dict) else 1
    clear = all(type(each) in (int, float) for each in (weight, frames))
    if weight is None or not clear or "reward_mode" in env:
        return found
    del env[_DISTANCE]
    # Meters gained in a step are its mean velocity times its seconds.
    velocity = weight * _FRAME_SECONDS * frames
    _note(f"{_DISTANCE}={weight} is ShapedVecReward's term velocity with weight {velocity:g}")
    shaped = {"module": "qwop_native.sb3", "cls": "ShapedVecReward"}
    return [*found, {**shaped, "kwargs": {"weights": {"velocity": velocity}}}]


def _ours(wrapper: Any) -> Any:
    """A wrapper of qwop-gym's as the one of the same name here."""
    if isinstance(wrapper, dict) and wrapper.get("module") in _MODULES:
        return {**wrapper, "module": "qwop_native.wrappers"}
    return wrapper


def _note(text: str) -> None:
    print(f"note: {text}", file=sys.stderr)


class _Games(Settings):
    """What the commands need of a file's `env_kwargs`."""

    frames_per_step: Count = 1
    action_set: str | None = None
    reduced_action_set: bool = False
    sincos: str | None = None


class _RecordWrapper(Settings):
    """Arguments of qwop-gym's RecordWrapper that have an option here."""

    rec_file: str | None = None
    max_time: float | None = None
    min_distance: float | None = None


class CommandFile(Settings):
    """A file of qwop-gym's for play, record, replay or spectate."""

    fps: NonNegative = FRAMES_PER_SECOND
    recordings: str | tuple[str, ...] = ()
    model_file: str | None = None
    model_mod: str | None = None
    model_cls: str | None = None
    steps_per_step: Count = 1
    env_kwargs: dict[str, Any] = Field(default={})
    env_wrappers: tuple[dict[str, Any], ...] | None = ()
    reset_delay: Any = None
    seed: Any = None
    run_id: Any = None

    def words(self) -> list[str]:
        """Names of files for the command's own words."""
        recordings = (self.recordings,) if isinstance(self.recordings, str) else self.recordings
        return [*recordings, *([self.model_file] if self.model_file else [])]

    def options(self) -> dict[str, str]:
        """Values by the names of our options."""
        known = {
            name: self.env_kwargs[name] for name in _Games.model_fields if name in self.env_kwargs
        }
        games = _Games.of(known, "env_kwargs.")
        kind = games.action_set or ("reduced" if games.reduced_action_set else "full")
        values: dict[str, Any] = {
            "--speed": self.fps / FRAMES_PER_SECOND if "fps" in self.model_fields_set else None,
            "--model-mod": self.model_mod,
            "--model-cls": self.model_cls,
            **self._recording(),
            # There, an action lasts steps_per_step steps of frames_per_step frames each.
            "--frames-per-step": games.frames_per_step * self.steps_per_step,
            "--action-set": kind,
            "--sincos": games.sincos,
        }
        return {name: str(value) for name, value in values.items() if value is not None}

    def _recording(self) -> dict[str, Any]:
        """Options that stand for qwop-gym's RecordWrapper; the others only print."""
        found: dict[str, Any] = {}
        for wrapper in self.env_wrappers or ():
            kwargs = wrapper.get("kwargs") or {}
            if wrapper.get("cls") != "RecordWrapper":
                continue
            if not isinstance(kwargs, Mapping):
                raise ValueError(f"env_wrappers' kwargs must be key: value pairs, got {kwargs!r}")
            known = {name: kwargs[name] for name in _RecordWrapper.model_fields if name in kwargs}
            asked = _RecordWrapper.of(known, "env_wrappers.kwargs.")
            values = {
                "--rec": asked.rec_file,
                "--max-time": asked.max_time,
                "--min-distance": asked.min_distance,
            }
            found |= {name: value for name, value in values.items() if value}
        return found


def command_file(path: Path) -> CommandFile:
    """Reads a file of qwop-gym's for a command.

    Raises:
        FileNotFoundError: There is no such file, or none that it includes.
        ValueError: It is not YAML, a key is not known or a value is not accepted.
    """
    settings = read(path)
    try:
        if not settings:
            raise ValueError("it holds no settings")
        return CommandFile.of(settings)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None
