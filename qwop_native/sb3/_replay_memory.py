"""Whether a replay buffer fits into memory, asked before it is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces

_GIB = 2**30
_PER_TRANSITION = 3 * 4  # reward, done and timeout, float32


def check_fits(
    buffer_size: int,
    num_envs: int,
    observations: Any,
    actions: Any,
    stores_next: bool = True,
    prioritized: bool = False,
) -> None:
    """Checks that SB3's `ReplayBuffer` or `NStepReplayBuffer` of a size can be held.

    Args:
        buffer_size: Transitions.
        num_envs: Environments, of which each gets an equal number of transitions.
        observations: Their space; only a `Box` is checked.
        actions: Their space.
        stores_next: Whether next observations are stored besides the observations.
        prioritized: Whether there is a priority for each transition.

    Raises:
        ValueError: It takes more memory than is available.
    """
    available = min(_limits(), default=None)
    if not isinstance(observations, spaces.Box) or available is None:
        return
    one = int(np.prod(observations.shape)) * observations.dtype.itemsize * (1 + stores_next)
    one += int(np.prod(actions.shape, dtype=int)) * np.dtype(actions.dtype).itemsize
    count = max(buffer_size // num_envs, 1) * num_envs
    needed = count * (one + _PER_TRANSITION)
    if prioritized:
        needed += 2 * 8 * (1 << (count - 1).bit_length())  # a tree of float64
    if needed > available:
        raise ValueError(
            f"a replay buffer of {buffer_size:,} transitions takes {needed / _GIB:.1f} GiB and "
            f"{available / _GIB:.1f} GiB of memory are available: buffer_size must be smaller"
        )


def _limits() -> Iterator[int]:
    """Bytes that can be had, by each source that knows."""
    meminfo = _read("/proc/meminfo")
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024
    if not meminfo and hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        yield os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = _read("/sys/fs/cgroup/memory.max").strip()
    if limit.isdigit():
        used = int(_read("/sys/fs/cgroup/memory.current") or 0)
        # What is read from files again when it is needed counts as used there.
        for line in _read("/sys/fs/cgroup/memory.stat").splitlines():
            if line.startswith("inactive_file "):
                used -= int(line.split()[1])
        yield max(int(limit) - used, 0)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""
