"""What a run is made of: typed settings from YAML, checked before anything starts."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

# PyYAML reads these as strings: YAML 1.1 asks for a dot and a sign in the exponent.
_SCIENTIFIC = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+")


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a training run; configs/qrdqn.yml explains each key."""

    learner: Any
    total_timesteps: int = 32_000_000
    n_envs: int = 8
    max_episode_steps: int = 1000
    env: dict[str, Any] = field(default_factory=dict)
    seed: int | None = None
    torch_threads: int = 1
    out_dir: str = "runs"
    run_name: str | None = None
    n_checkpoints: int = 50
    n_reports: int = 20
    log_interval: int = 100
    evaluation_episodes: int = 20
    progress_bar: bool = True

    def __post_init__(self) -> None:
        for name in ("total_timesteps", "n_envs", "max_episode_steps", "torch_threads"):
            require(getattr(self, name) >= 1, name, "at least 1", getattr(self, name))
        for name in ("log_interval", "evaluation_episodes"):
            require(getattr(self, name) >= 1, name, "at least 1", getattr(self, name))
        for name in ("n_checkpoints", "n_reports"):
            require(getattr(self, name) >= 0, name, "at least 0", getattr(self, name))
        if self.seed is not None:
            require(0 <= self.seed < 2**31, "seed", "from 0 to 2**31 - 1", self.seed)
        if self.run_name is not None:
            plain = Path(self.run_name).name == self.run_name and self.run_name != ".."
            require(plain, "run_name", "the name of one folder", self.run_name)


def require(holds: bool, name: str, accepted: str, value: object) -> None:
    """Raises ValueError naming the setting, what it accepts and what it got, unless `holds`."""
    if not holds:
        raise ValueError(f"{name} must be {accepted}, got {value!r}")


def load(path: Path, overrides: Sequence[str], learner_type: type[Any]) -> RunConfig:
    """Reads a run's settings.

    Args:
        path: YAML file with the keys of `RunConfig`; keys left out keep their defaults.
        overrides: "key=value" or "section.key=value", values in YAML, later ones win.
        learner_type: Dataclass of the `learner` section.

    Returns:
        The checked settings.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is not YAML, a key is unknown, or a value is not accepted.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no configuration file {path}")
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if settings is None:
        settings = {}
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must hold key: value pairs, got {type(settings).__name__}")
    for override in overrides:
        _apply(settings, override)
    return parse(settings, learner_type)


def parse(settings: Mapping[str, Any], learner_type: type[Any]) -> RunConfig:
    """Turns plain settings into a `RunConfig` whose `learner` is of the given dataclass.

    Raises:
        ValueError: A key is unknown or a value is not accepted.
    """
    known = {f.name for f in dataclasses.fields(RunConfig)}
    learner_keys = {f"learner.{f.name}" for f in dataclasses.fields(learner_type)}
    _refuse_unknown(settings, known, known | learner_keys, "")
    learner = settings.get("learner") or {}
    if not isinstance(learner, Mapping):
        raise ValueError(f"learner must hold key: value pairs, got {learner!r}")
    _refuse_unknown(
        learner, {name.removeprefix("learner.") for name in learner_keys}, learner_keys, "learner."
    )
    own = {name: value for name, value in settings.items() if name != "learner"}
    return RunConfig(
        learner=learner_type(**_typed(learner_type, learner, "learner.")),
        **_typed(RunConfig, own, ""),
    )


def dump(config: RunConfig) -> str:
    """The settings as YAML that `load` reads back to an equal `RunConfig`."""
    text: str = yaml.safe_dump(_plain(dataclasses.asdict(config)), sort_keys=False)
    return text


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def _apply(settings: dict[str, Any], override: str) -> None:
    """Puts one "key=value" of the command line into the settings."""
    name, equals, text = override.partition("=")
    path = name.strip().split(".")
    if not equals or not all(path) or len(path) > 2:
        raise ValueError(f"an override must read key=value or section.key=value, got {override!r}")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        raise ValueError(f"the value of {name} is not valid YAML: {text!r}") from None
    target = settings
    for section in path[:-1]:
        if target.get(section) is None:
            target[section] = {}
        target = target[section]
        if not isinstance(target, dict):
            raise ValueError(f"{section} must hold key: value pairs, got {target!r}")
    target[path[-1]] = value


def _refuse_unknown(given: Mapping[str, Any], known: set[str], all_keys: set[str], at: str) -> None:
    for name in given:
        if name in known:
            continue
        leaves = {key.rpartition(".")[2]: key for key in sorted(all_keys)}
        near = difflib.get_close_matches(str(name), leaves, n=1)
        hint = f"did you mean {leaves[near[0]]!r}?" if near else f"there are: {sorted(known)}"
        raise ValueError(f"unknown setting {at + str(name)!r}; {hint}")


def _typed(owner: type[Any], given: Mapping[str, Any], at: str) -> dict[str, Any]:
    hints = typing.get_type_hints(owner)
    return {name: _coerce(value, hints[name], at + name) for name, value in given.items()}


def _coerce(value: Any, wanted: Any, name: str) -> Any:
    """Returns the value as the wanted type, or raises ValueError naming the setting."""
    if isinstance(wanted, types.UnionType):
        if value is None:
            return None
        wanted = next(kind for kind in typing.get_args(wanted) if kind is not type(None))
    origin = typing.get_origin(wanted)
    if origin is tuple:
        require(isinstance(value, (list, tuple)), name, "a list", value)
        return tuple(_coerce(item, typing.get_args(wanted)[0], name) for item in value)
    if origin is dict:
        require(isinstance(value, Mapping) or value is None, name, "key: value pairs", value)
        return {str(key): _number(item) for key, item in (value or {}).items()}
    if wanted in (bool, str):
        kind = "true or false" if wanted is bool else "text"
        require(isinstance(value, wanted), name, kind, value)
        return value
    number = _number(value)
    usable = isinstance(number, (int, float)) and not isinstance(number, bool)
    if wanted is int:
        whole = usable and math.isfinite(number) and number == int(number)
        require(whole, name, "a whole number", value)
        return int(number)
    require(usable and math.isfinite(number), name, "a finite number", value)
    return float(number)


def _number(value: Any) -> Any:
    """Turns text such as 32e6 or 1e-4 into the number it means; leaves the rest alone."""
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value):
        return float(value)
    return value
