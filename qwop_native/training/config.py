"""What a run is made of: typed settings from YAML, checked before anything starts."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from qwop_native.qwop_gym import training_settings as qwop_gym_config
from qwop_native.training import fields
from qwop_native.training.fields import require, setting

if TYPE_CHECKING:
    from qwop_native.training.algorithms import Algorithm

INCLUDE = "__include__"


@dataclass(frozen=True)
class WandbSettings:
    """The `wandb` section: where Weights & Biases keeps the run; off where there is no project."""

    project: str | None = None
    entity: str | None = None
    group: str | None = None
    mode: str = setting("online", one_of=("online", "offline"))


@dataclass(frozen=True)
class RunConfig:
    """Everything that decides a training run; the files in configs/ explain each key."""

    learner: Any
    algorithm: str | None = None
    total_timesteps: int = setting(1_000_000, at_least=1)
    n_envs: int = setting(8, at_least=1)
    env_threads: int = setting(1, at_least=0)
    max_episode_steps: int | None = setting(1000, at_least=1)
    env: dict[str, Any] = dataclasses.field(default_factory=dict)
    env_wrappers: tuple[dict[str, Any], ...] = ()
    seed: int | None = setting(None, at_least=0, at_most=2**31 - 1)
    device: str = "cpu"
    torch_threads: int = setting(1, at_least=1)
    model_load_file: str | None = None
    run_id: str | None = None
    out_dir: str = "runs/{algorithm}-{run_id}"
    n_checkpoints: int = setting(50, at_least=0)
    n_evaluations: int = setting(20, at_least=0)
    evaluation_episodes: int = setting(20, at_least=1)
    n_reports: int = setting(20, at_least=0)
    log_interval: int = setting(100, at_least=1)
    log_tensorboard: bool = True
    progress_bar: bool = True
    wandb: WandbSettings = WandbSettings()

    def __post_init__(self) -> None:
        if self.run_id is not None:
            plain = Path(self.run_id).name == self.run_id and self.run_id != ".."
            require(plain, "run_id", "a name without slashes", self.run_id)
        try:
            self.out_dir.format(algorithm="", seed=0, run_id="")
        except (KeyError, IndexError, ValueError):
            require(False, "out_dir", "text with {algorithm}, {seed}, {run_id} only", self.out_dir)
        for wrapper in self.env_wrappers:
            required = {"module", "cls"} <= set(wrapper) <= {"module", "cls", "kwargs"}
            require(required, "env_wrappers", "a list of module, cls and kwargs", wrapper)


def load(path: Path, overrides: Sequence[str], algorithm: Algorithm) -> RunConfig:
    """Reads a run's settings.

    Args:
        path: YAML file with the keys of `RunConfig` or of qwop-gym's training; keys left out keep
            their defaults.
        overrides: "key=value" or "section.key=value", values in YAML, later ones win.
        algorithm: Whose `learner` section it is.

    Returns:
        The checked settings.

    Raises:
        FileNotFoundError: There is no such file, or none that it includes.
        ValueError: The file is not YAML, a key is unknown, or a value is not accepted.
    """
    return parse(read(path), algorithm, overrides)


def read(path: Path, including: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Reads a YAML file of settings, with the files that it and its sections include.

    `__include__` names a file beside the including one or, as in qwop-gym, below the current
    folder. The including file's own keys win.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not YAML, holds no keys, or includes itself.
    """
    if not path.is_file():
        by = f", included by {including[-1]}" if including else ""
        raise FileNotFoundError(f"there is no configuration file {path}{by}")
    if path.resolve() in including:
        raise ValueError(f"{path} includes itself")
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if settings is None:
        settings = {}
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must hold key: value pairs, got {type(settings).__name__}")
    return _with_included(settings, path, (*including, path.resolve()))


def _with_included(
    settings: dict[str, Any], path: Path, including: tuple[Path, ...]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    if INCLUDE in settings:
        name = settings[INCLUDE]
        require(isinstance(name, str), INCLUDE, "the name of a file", name)
        beside = path.parent / name
        merged = read(beside if beside.is_file() else Path(name), including)
    for key, value in settings.items():
        if isinstance(value, dict):
            value = _with_included(value, path, including)
            if isinstance(merged.get(key), dict):
                value = {**merged[key], **value}
        if key != INCLUDE:
            merged[key] = value
    return merged


def parse(
    settings: Mapping[str, Any], algorithm: Algorithm, overrides: Sequence[str] = ()
) -> RunConfig:
    """Turns plain settings into a `RunConfig` with the algorithm's `learner`.

    Raises:
        ValueError: A key is unknown or a value is not accepted.
    """
    settings = qwop_gym_config.translate(settings, algorithm)
    for override in overrides:
        put(settings, override, lambda name: qwop_gym_config.renamed(name, algorithm))
    given = settings.get("algorithm")
    if given is not None and given != algorithm.name:
        raise ValueError(f"these settings are for algorithm {given}, not {algorithm.name}")
    learner_paths = fields.paths(algorithm.settings, "learner.")
    known = [field.name for field in dataclasses.fields(RunConfig)]
    fields.refuse_unknown(settings, known, elsewhere=learner_paths)
    learner = settings.get("learner") or {}
    if not isinstance(learner, Mapping):
        raise ValueError(f"learner must hold key: value pairs, got {learner!r}")
    own = {name: value for name, value in settings.items() if name != "learner"}
    own["algorithm"] = algorithm.name
    own["learner"] = fields.fill(algorithm.settings, learner, "learner.")
    config: RunConfig = fields.fill(RunConfig, own)
    return config


def dump(settings: Any) -> str:
    """A dataclass of settings as YAML that reads back to an equal one."""
    text: str = yaml.safe_dump(fields.plain(settings), sort_keys=False)
    return text


def put(
    settings: dict[str, Any], override: str, renamed: Callable[[str], str] = lambda name: name
) -> None:
    """Puts one "key=value" or "section.key=value" of the command line into the settings.

    Args:
        settings: What was read; changed in place.
        override: The text.
        renamed: Gives the name that a key has now.

    Raises:
        ValueError: The text is none of the two, or its value is not YAML.
    """
    name, equals, text = override.partition("=")
    path = renamed(name.strip()).split(".")
    if not equals or not all(path):
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
