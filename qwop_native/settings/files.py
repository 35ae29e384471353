"""YAML files of settings: included files, values from the command line, and writing them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from qwop_native.settings.model import Settings
from qwop_native.text_files import decode

INCLUDE = "__include__"


def read(path: Path, including: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Reads a YAML file of settings, with the files that it and its sections include.

    `__include__` names a file beside the including one or, as in qwop-gym, below the current
    folder. The including file's own keys win.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not YAML, holds no keys, or includes itself.
    """
    if not path.is_file():
        name = " ".join(str(path).splitlines())  # a file may name any text to be included
        by = f", included by {including[-1]}" if including else ""
        if path.is_dir():
            raise ValueError(f"{path} is a folder, not a file of settings{by}")
        raise FileNotFoundError(f"there is no configuration file {name}{by}")
    if path.resolve() in including:
        raise ValueError(f"{path} includes itself")
    try:
        settings = yaml.safe_load(decode(path.read_bytes()))
        _refuse_circles(settings, [])
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise ValueError(f"{path} is not valid YAML: it is nested too deeply") from None
    if settings is None:
        settings = {}
    if not isinstance(settings, dict):
        raise ValueError(f"{path} must hold key: value pairs, got {type(settings).__name__}")
    return _with_included(settings, path, (*including, path.resolve()))


def _refuse_circles(value: Any, above: list[Any]) -> None:
    """Raises ValueError where an anchor of YAML makes a value contain itself."""
    if any(value is each for each in above):
        raise ValueError("a value contains itself")
    if isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            _refuse_circles(each, [*above, value])


def _with_included(
    settings: Mapping[str, Any], path: Path, including: tuple[Path, ...]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    if INCLUDE in settings:
        name = settings[INCLUDE]
        if not isinstance(name, str):
            raise ValueError(f"{INCLUDE} must be the name of a file, got {name!r}")
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
    except (yaml.YAMLError, RecursionError, ValueError):
        raise ValueError(f"the value of {name} is not valid YAML: {text!r}") from None
    target = settings
    for section in path[:-1]:
        if target.get(section) is None:
            target[section] = {}
        target = target[section]
        if not isinstance(target, dict):
            raise ValueError(f"{section} must hold key: value pairs, got {target!r}")
    target[path[-1]] = value


def dump(settings: Settings) -> str:
    """Settings as YAML that reads back to equal ones."""
    text: str = yaml.safe_dump(settings.plain(), sort_keys=False, allow_unicode=True)
    return text
