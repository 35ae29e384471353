"""The replay buffer of a checkpoint: which kinds there can be, and their way to a file and back."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from qwop_native.sb3._buffers import BUFFERS
from qwop_native.sb3.compact_replay import CompactReplayBuffer
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer

_FOLDER, _PRIORITIES = "replay", "replay/priorities"
_ARRAYS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_CHUNK = 1 << 22  # bytes copied at a time


def replay_buffer(model: BaseAlgorithm) -> ReplayBuffer | None:
    """The model's replay buffer, None for an on-policy model.

    Raises:
        TypeError: It is of another kind.
    """
    if isinstance(model, OnPolicyAlgorithm):
        return None
    buffer = getattr(model, "replay_buffer", None)
    if type(buffer) not in BUFFERS:
        raise TypeError(
            "a checkpoint needs an on-policy model or one with SB3's ReplayBuffer, "
            f"{type(model).__name__} has {type(buffer).__name__}"
        )
    assert isinstance(buffer, ReplayBuffer)
    return buffer


def state_of(buffer: ReplayBuffer | None) -> dict[str, Any] | None:
    """What there is besides the arrays; no update may be under way."""
    if buffer is None:
        return None
    state: dict[str, Any] = {"pos": buffer.pos, "full": buffer.full}
    if isinstance(buffer, PrioritizedReplayBuffer):
        state["greatest"] = buffer.greatest_priorities
    return state


def write(archive: zipfile.ZipFile, buffer: ReplayBuffer | None) -> None:
    """Writes the filled part of a buffer, straight from its memory."""
    for name, array in _filled_arrays(buffer):
        with archive.open(f"{_FOLDER}/{name}", "w", force_zip64=True) as entry:
            _write(entry, array)
    if isinstance(buffer, PrioritizedReplayBuffer):
        with archive.open(_PRIORITIES, "w", force_zip64=True) as entry:
            _write(entry, buffer.priorities)


def read(archive: zipfile.ZipFile, buffer: ReplayBuffer | None, state: Any) -> None:
    """Fills a buffer with what `write` wrote.

    Raises:
        zipfile.BadZipFile: It was one of another size.
    """
    if buffer is None:
        return
    buffer.pos, buffer.full = state["pos"], state["full"]
    for name, array in _filled_arrays(buffer):
        _read_into(archive, f"{_FOLDER}/{name}", array)
    if isinstance(buffer, PrioritizedReplayBuffer):
        priorities = buffer.priorities
        _read_into(archive, _PRIORITIES, priorities)
        buffer.priorities, buffer.greatest_priorities = priorities, state["greatest"]


def _filled_arrays(buffer: ReplayBuffer | None) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """The part of each array of a replay buffer that holds transitions, as views."""
    if buffer is None:
        return
    filled = buffer.buffer_size if buffer.full else buffer.pos
    arrays = {name: getattr(buffer, name, None) for name in _ARRAYS}
    if isinstance(buffer, CompactReplayBuffer):
        arrays |= {"observations": buffer.memory, "next_observations": None}
    if buffer.optimize_memory_usage or isinstance(buffer, CompactReplayBuffer):
        filled += 1  # the place that is written next holds the last observation already
    for name, array in arrays.items():
        if array is not None:
            yield name, array[:filled]


def _bytes_of(array: npt.NDArray[Any]) -> memoryview:
    return array.reshape(-1).view(np.uint8).data


def _write(entry: IO[bytes], array: npt.NDArray[Any]) -> None:
    content = _bytes_of(array)
    for start in range(0, len(content), _CHUNK):
        entry.write(content[start : start + _CHUNK])


def _read_into(archive: zipfile.ZipFile, name: str, array: npt.NDArray[Any]) -> None:
    content = _bytes_of(array)
    if archive.getinfo(name).file_size != len(content):
        raise zipfile.BadZipFile(f"{name} is of another size")
    with archive.open(name) as entry:
        at = 0
        while at < len(content):
            part = entry.read(min(_CHUNK, len(content) - at))
            if not part:
                raise EOFError(name)
            content[at : at + len(part)] = part
            at += len(part)
        entry.read(1)  # the end, where the sum of all is checked
