"""What the commands do when they are to stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""Exit status after a stop by signal, as shells have it for Ctrl-C."""


@contextmanager
def sigterm_as_ctrl_c() -> Iterator[None]:
    """Raises KeyboardInterrupt at SIGTERM, too, so that files are left whole and a word is said.

    Signals reach the main thread only; in another one nothing is changed.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
