"""Arrays of a caller's own that the engine writes into, and the cores that its threads run on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.envs.arguments import check_int


def writable_view(name: str, out: Any, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
    """A NumPy view of the memory of a caller's array or tensor.

    Args:
        name: Of the argument, for messages.
        out: An array, or whatever hands out its memory by DLPack, on the CPU.
        shape: That it must have.

    Raises:
        TypeError: It is neither, or not of float32.
        ValueError: It has another shape, is not contiguous, cannot be written or is not on the CPU.
    """
    view: npt.NDArray[Any] = out
    if not isinstance(out, np.ndarray):
        if not hasattr(out, "__dlpack__"):
            raise TypeError(
                f"{name} must be a NumPy array or a tensor with DLPack, got {type(out).__name__}"
            )
        try:
            view = np.from_dlpack(out)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            raise ValueError(f"{name} does not hand out its memory on the CPU: {error}") from None
        if not view.flags.writeable and hasattr(out, "numpy"):
            view = out.numpy()  # NumPy before 2.1 takes all that comes by DLPack for read-only
    if view.dtype != np.float32:
        raise TypeError(f"{name} must be of float32, got {view.dtype}")
    if view.shape != shape:
        raise ValueError(f"{name} must have shape {shape}, got {view.shape}")
    if not (view.flags.c_contiguous and view.flags.writeable):
        raise ValueError(f"{name} must be contiguous and writable")
    return view


def check_cores(cores: Sequence[int] | None) -> list[int]:
    """Cores to bind threads to, none for None.

    Raises:
        TypeError: They are not integers.
        ValueError: The process may not use one of them, or the system binds no threads.
    """
    if cores is None:
        return []
    chosen = [check_int("a core of thread_affinity", core, 0) for core in cores]
    if not hasattr(os, "sched_getaffinity"):
        raise ValueError("thread_affinity works on Linux only; leave it out")
    allowed = os.sched_getaffinity(0)
    if not chosen or not set(chosen) <= allowed:
        raise ValueError(
            f"thread_affinity must name cores that this process may use, {sorted(allowed)}, "
            f"got {chosen}"
        )
    return chosen
