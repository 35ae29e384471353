"""qwop-gym's YAML files for play, record, replay and spectate: their keys as options of ours."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from qwop_native.facts import FRAMES_PER_SECOND

_IGNORED = ("reset_delay", "seed", "run_id")


def parse_with_config(parser: argparse.ArgumentParser, argv: Sequence[str]) -> list[str]:
    """Takes ``-c FILE`` out of the arguments and puts what it says in front of the others.

    Args:
        parser: Of the command; options it lacks are not taken from the file.
        argv: The arguments.

    Returns:
        Arguments for the parser; those given by hand come last and win.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: PyYAML is missing.
        ValueError: The file is not YAML, or has a key that is not known.
    """
    given = list(argv)
    if "-c" not in given:
        return given
    at = given.index("-c")
    if at + 1 >= len(given):
        raise ValueError("-c needs the name of a file")
    settings = _load(Path(given[at + 1]))
    del given[at : at + 2]
    known = {option for action in parser._actions for option in action.option_strings}
    options, positional = _translated(settings)
    taken = [word for name, words in options.items() if name in known for word in (name, *words)]
    wants = any(not action.option_strings for action in parser._actions)
    free = any(not word.startswith("-") for word in given[:1])
    return [*taken, *given, *([] if free or not wants else ["--", *positional])]


def _load(path: Path) -> dict[str, Any]:
    try:
        import yaml
    except ModuleNotFoundError as error:
        raise ImportError("-c needs PyYAML: pip install 'qwop-native[train]'") from error
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        settings = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(settings, dict):
        raise ValueError(f"{path} holds no settings")
    env = settings.get("env_kwargs") or {}
    include = env.pop("__include__", None)
    if include:
        settings["env_kwargs"] = {**_load(Path(include)), **env}
    return settings


def _translated(settings: Mapping[str, Any]) -> tuple[dict[str, list[str]], list[str]]:
    """Options of ours and positional arguments for the keys of a file."""
    options: dict[str, list[str]] = {}
    positional: list[str] = []
    for name, value in settings.items():
        if name == "fps":
            options["--speed"] = [str(float(value) / FRAMES_PER_SECOND)]
        elif name == "recordings":
            positional += [value] if isinstance(value, str) else list(value)
        elif name == "model_file":
            positional.append(str(value))
        elif name in ("model_mod", "model_cls"):
            options[f"--{name.replace('_', '-')}"] = [str(value)]
        elif name == "env_wrappers":
            for wrapper in value or []:
                options.update(_of_wrapper(wrapper))
        elif name not in (*_IGNORED, "env_kwargs", "steps_per_step"):
            raise ValueError(f"{name!r} is not a key of qwop-gym's files for this command")
    env = settings.get("env_kwargs") or {}
    # There, an action lasts steps_per_step steps of frames_per_step frames each.
    frames = int(env.get("frames_per_step", 1)) * int(settings.get("steps_per_step", 1))
    options["--frames-per-step"] = [str(frames)]
    kind = env.get("action_set") or ("reduced" if env.get("reduced_action_set") else "full")
    options["--action-set"] = [str(kind)]
    if "sincos" in env:
        options["--sincos"] = [str(env["sincos"])]
    return options, positional


def _of_wrapper(wrapper: Mapping[str, Any]) -> dict[str, list[str]]:
    """Options that stand for qwop-gym's RecordWrapper; the others only print."""
    if wrapper.get("cls") != "RecordWrapper":
        return {}
    kwargs = wrapper.get("kwargs") or {}
    names = {"rec_file": "--rec", "max_time": "--max-time", "min_distance": "--min-distance"}
    return {names[key]: [str(value)] for key, value in kwargs.items() if key in names and value}
