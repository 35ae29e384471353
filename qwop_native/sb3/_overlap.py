"""Updates beside the games: the next block of updates is made while the games go on.

Actions come from the parameters exactly one block of updates old, so that a run does not depend on
which thread is faster: it is reproducible, and goes on bit for bit from a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from qwop_native import _core
from qwop_native.sb3._drawn import Drawn
from qwop_native.sb3._large_batch import LargeBatchKernel
from qwop_native.sb3.compact_replay import CompactReplayBuffer
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer


class Overlap:
    """A thread of its own for updates, of which one block is under way at most."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._block: Future[list[float]] | None = None
        self._afterwards: Callable[[], None] = lambda: None

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies of a model have a thread of their own.
        return Overlap, ()

    def start(
        self, kernel: LargeBatchKernel, options: _core.LargeBatchOptions, batches: list[Drawn]
    ) -> None:
        """Begins a block of updates; the one before must be over."""
        assert self._block is None
        if self._executor is None:
            self._executor = ThreadPoolExecutor(1, "updates")
        self._block = self._executor.submit(
            lambda: [kernel.update_with(options, batch) for batch in batches]
        )
        # Here, not on the other thread, which may be in the middle of a step of the games.
        self._afterwards = lambda: kernel.update_priorities(batches)

    def join(self) -> list[float]:
        """Waits for the block under way; returns its losses, none where there is none.

        Raises:
            Exception: What the updates raised.
        """
        block, self._block = self._block, None
        if block is None:
            return []
        losses = block.result()
        self._afterwards()
        return losses


def draw_block(kernel: LargeBatchKernel, buffer: Any, count: int, updates: int) -> list[Drawn]:
    """Draws the batches of a block, nothing at the position that the games are about to write."""
    if isinstance(buffer, PrioritizedReplayBuffer):
        buffer.retire(buffer.pos)
        return [buffer.draw(count) for _ in range(updates)]
    if not buffer.full:
        return [kernel.draw(buffer, count) for _ in range(updates)]
    # Where observations are stored once, the next position's is written with this one's.
    written = 2 if isinstance(buffer, CompactReplayBuffer) else 1
    return [kernel.draw_but(buffer, count, written) for _ in range(updates)]
