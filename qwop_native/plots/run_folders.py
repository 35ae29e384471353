"""Folders that a training or an evaluation has left: what is in them, and what to call them."""

from __future__ import annotations

import re
from pathlib import Path

from qwop_native.models.run_files import EVALUATION, HISTORY, METADATA
from qwop_native.recording import SUFFIX
from qwop_native.text_files import read_text

EVENTS = "events.out.tfevents.*"
RUNS = (SUFFIX, ".rec")  # recordings of ours and of qwop-gym

_ACTION = re.compile(r"^action:\s*['\"]?train_(\w+)", re.MULTILINE)


def algorithm_of(folder: Path) -> str | None:
    """What a run's folder says that it has trained; None where it says nothing."""
    path = folder / METADATA
    # The one line that is wanted does without a reader of YAML, which an extra installs.
    found = _ACTION.search(read_text(path)) if path.is_file() else None
    return found[1] if found else None


def recordings_in(folder: Path) -> list[Path]:
    """The recordings in a folder, by their names."""
    return sorted(path for path in folder.iterdir() if path.suffix in RUNS)


def trainings_in(path: Path) -> list[Path]:
    """The run folders that a path stands for: itself, or those somewhere in it.

    Raises:
        FileNotFoundError: There is no such path, or no training in it.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    if path.is_file() or (path / HISTORY).is_file():
        return [path]
    kept = sorted(file.parent for file in path.rglob(HISTORY))
    found = kept or sorted({file.parent for file in path.rglob(EVENTS)})
    if not found:
        raise FileNotFoundError(
            f"{path} is no folder of a training: it holds neither {HISTORY} nor tensorboard's "
            "event files"
        )
    return found


def ended_runs_in(path: Path) -> list[Path]:
    """The folders with ended runs that a path stands for: itself, or those somewhere in it.

    Raises:
        FileNotFoundError: There is no such path, or no ended run in it.
    """
    if not path.exists():
        raise FileNotFoundError(f"there is no {path}")
    if path.is_file() or (path / EVALUATION).is_file() or recordings_in(path):
        return [path]
    found = sorted(file.parent for file in path.rglob(EVALUATION))
    if found:
        return found
    if (path / METADATA).is_file():
        raise FileNotFoundError(
            f"{path} is a training that has not come to its end, so it holds no {EVALUATION}: "
            f"write one with qwop-native evaluate {path} --json FILE.json, and draw that"
        )
    raise FileNotFoundError(
        f"{path} holds neither {EVALUATION} nor recordings ({', '.join(RUNS)}); finish draws "
        "those, run folders, and what evaluate and spectate write"
    )
