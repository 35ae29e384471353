"""Updates beside the games: the next block of updates is made while the games go on.

Actions come from the parameters exactly one block of updates old, so that a run does not depend on
which thread is faster: it is reproducible, and goes on bit for bit from a checkpoint.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from qwop_native import _core
from qwop_native.sb3._kernel import Indices
from qwop_native.sb3._large_batch import LargeBatchKernel

Batch = tuple[Indices, Indices]


class Overlap:
    """A thread of its own for updates, of which one block is under way at most."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._block: Future[list[float]] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies of a model have a thread of their own.
        return Overlap, ()

    def start(
        self, kernel: LargeBatchKernel, options: _core.LargeBatchOptions, batches: list[Batch]
    ) -> None:
        """Begins a block of updates; the one before must be over."""
        assert self._block is None
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "updates")
        self._block = self._executor.submit(
            lambda: [kernel.update_with(options, *batch) for batch in batches]
        )

    def join(self) -> list[float]:
        """Waits for the block under way; returns its losses, none where there is none.

        Raises:
            Exception: What the updates raised.
        """
        block, self._block = self._block, None
        return block.result() if block else []


def draw_beside(kernel: LargeBatchKernel, buffer: Any, count: int) -> Batch:
    """Draws transitions, none at the position that the games are about to write.

    Returns:
        Positions and games, int64 (count,).
    """
    if not buffer.full:
        return kernel.draw(buffer, count)
    positions, games = kernel.draw(buffer, count, buffer.buffer_size - 1)
    positions += buffer.pos + 1
    positions %= buffer.buffer_size
    return positions, games
