"""Reads the settings of a training run: a file, qwop-gym's as well, and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qwop_native.qwop_gym.config import renamed, training_settings
from qwop_native.settings.files import dump, put, read
from qwop_native.training.algorithms import Algorithm
from qwop_native.training.settings.run import RunConfig

__all__ = ["RunConfig", "dump", "load", "parse", "put", "read"]


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


def parse(
    settings: Mapping[str, Any], algorithm: Algorithm, overrides: Sequence[str] = ()
) -> RunConfig:
    """Turns plain settings into a `RunConfig` with the algorithm's `learner`.

    Raises:
        ValueError: A key is unknown or a value is not accepted.
    """
    names = algorithm.qwop_gym_names
    values = training_settings(settings, names, algorithm.qwop_gym_name)
    for override in overrides:
        put(values, override, lambda name: renamed(name, names))
    given = values.get("algorithm")
    if given is not None and given != algorithm.name:
        raise ValueError(f"these settings are for algorithm {given}, not {algorithm.name}")
    learner = values.get("learner") or {}
    if not isinstance(learner, Mapping):
        raise ValueError(f"learner must hold key: value pairs, got {learner!r}")
    known = algorithm.settings.paths("learner.")
    # The run's own keys first: one of the learner's among them is told where it belongs.
    RunConfig.of({**values, "learner": {}, "algorithm": algorithm.name}, elsewhere=known)
    checked = algorithm.settings.of(learner, at="learner.")
    return RunConfig.of({**values, "learner": checked, "algorithm": algorithm.name})
