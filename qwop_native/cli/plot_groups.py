"""What is drawn together: `name=PATH` groups, and the names of paths that come without one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from qwop_native.cli.names import short_names
from qwop_native.models.run_files import EVALUATION
from qwop_native.plots.run_folders import (
    RUNS,
    algorithm_of,
    ended_runs_in,
    recordings_in,
    trainings_in,
)

Groups = dict[str, list[Path]]


def trainings(inputs: Sequence[str]) -> Groups:
    """Run folders by name; without one those of each algorithm are together.

    Raises:
        FileNotFoundError: A path is not there, or holds no training.
    """
    groups: Groups = {}
    for name, path in map(_split, inputs):
        for folder in trainings_in(path):
            groups.setdefault(name or algorithm_of(folder) or _series(folder), []).append(folder)
    return groups


def _series(folder: Path) -> str:
    """What runs such as PPO_1 and PPO_2 have in common."""
    return re.sub(r"[-_]\d+$", "", (folder.parent if folder.is_file() else folder).resolve().name)


def ended(inputs: Sequence[str]) -> Groups:
    """Files and folders of ended runs by name; without one, recordings are together.

    Raises:
        FileNotFoundError: A path is not there, or holds no ended runs.
    """
    found = [(name, each) for name, path in map(_split, inputs) for each in ended_runs_in(path)]
    own = [str(path) for name, path in found if not name and path.suffix not in RUNS]
    names = iter(short_names(own))
    groups: Groups = {}
    for name, path in found:
        together = "recordings" if path.suffix in RUNS else ""
        files = [path] if path.is_file() or (path / EVALUATION).is_file() else recordings_in(path)
        groups.setdefault(name or together or next(names), []).extend(files)
    return groups


def _split(text: str) -> tuple[str, Path]:
    name, equals, path = text.partition("=")
    return (name, Path(path)) if equals else ("", Path(text))


def recordings(paths: Sequence[str]) -> list[str]:
    """Files of runs, those in folders one by one.

    Raises:
        FileNotFoundError: A folder holds none.
    """
    found: list[str] = []
    for path in paths:
        if not Path(path).is_dir():
            found.append(path)
            continue
        inside = recordings_in(Path(path))
        if not inside:
            raise FileNotFoundError(
                f"{path} holds no recordings ({', '.join(RUNS)}); qwop-native evaluate --out, "
                "spectate --out and record write some"
            )
        found += map(str, inside)
    return found


def one_recording(path: str) -> str:
    """The file of a run, or the only one in a folder.

    Raises:
        FileNotFoundError: A folder holds none.
        ValueError: It holds several.
    """
    found = recordings([path])
    if len(found) > 1:
        raise ValueError(f"{path} holds {len(found)} recordings; name one, such as {found[0]}")
    return found[0]


def report(path: Path, name: str) -> Path:
    """A report's file, or that of this name in a folder.

    Raises:
        FileNotFoundError: A folder does not hold it.
    """
    if not path.is_dir():
        return path
    if not (path / name).is_file():
        raise FileNotFoundError(f"{path} holds no {name}")
    return path / name
