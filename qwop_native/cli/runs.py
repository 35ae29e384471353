"""Runs from files: our recordings, and the episodes of qwop-gym's ``.rec`` files."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path

from qwop_native.cli.names import short_names
from qwop_native.facts import DEFAULT_SINCOS
from qwop_native.qwop_gym.rec import SUFFIX as REC_SUFFIX
from qwop_native.qwop_gym.rec import Rec, load_rec, recordings_of
from qwop_native.recording import SUFFIX, Recording, load_recording


def load_runs(
    paths: Sequence[str],
    *,
    frames_per_step: int | None = None,
    action_set: str | None = None,
    sincos: str | None = None,
    resets: int | None = None,
) -> list[tuple[str, Recording]]:
    """Reads runs.

    Args:
        paths: Files or patterns such as ``data/*.rec``.
        frames_per_step: For ``.rec`` files, which do not say it; None is 1.
        action_set: For ``.rec`` files; None is "full".
        sincos: For ``.rec`` files; None is "glibc".
        resets: For ``.rec`` files, restarts before the first episode; None tries 2 and 1.

    Returns:
        Name and recording of each run.

    Raises:
        FileNotFoundError: A file is not there, or nothing fits a pattern.
        ValueError: A file is damaged, foreign, or does not fit the settings.
    """
    runs: list[tuple[str, Recording]] = []
    for path in paths:
        found = sorted(glob.glob(path)) if glob.has_magic(path) else [path]  # noqa: PTH207  any pattern
        if not found:
            raise FileNotFoundError(f"no file fits {path}")
        for name in found:
            if Path(name).suffix == REC_SUFFIX:
                rec = load_rec(name)
                episodes = _episodes(name, rec, frames_per_step or 1, action_set, sincos, resets)
                runs += [(f"{name}, {number}", run) for number, run in episodes]
            else:
                runs.append((name, load_recording(name)))
    return runs


def named(runs: Sequence[tuple[str, Recording]]) -> list[tuple[str, Recording]]:
    """The runs under the shortest names that tell them apart."""
    names = short_names([name for name, _ in runs])
    return [(name, run) for name, (_, run) in zip(names, runs, strict=True)]


def _episodes(
    name: str,
    rec: Rec,
    frames_per_step: int,
    action_set: str | None,
    sincos: str | None,
    resets: int | None,
) -> list[tuple[str, Recording]]:
    tries = [resets] if resets else [2, 1]
    for count in tries:
        try:
            runs = recordings_of(
                rec,
                frames_per_step=frames_per_step,
                action_set=action_set,
                sincos=sincos or DEFAULT_SINCOS,
                resets=count,
            )
            numbers = [n for n, each in enumerate(rec.episodes, start=1) if not each.skip]
            return [(f"episode {n}", run) for n, run in zip(numbers, runs, strict=True)]
        except ValueError as error:
            if count == tries[-1]:
                raise ValueError(f"{name}: {error}") from None
    raise AssertionError("unreachable: the last try returns or raises")


def stem_of(name: str) -> str:
    """A short name for a run, without folder and ending."""
    return Path(name).name.replace(SUFFIX, "").replace(REC_SUFFIX, "")
