"""Workers on this machine: processes of their own, replaced when they die."""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
import sys
from collections.abc import Hashable, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

import cloudpickle  # type: ignore[import-untyped]

from qwop_native.search.islands.crew import Lost
from qwop_native.search.islands.leg import Leg, Outcome, Plan, play_leg

_PATIENCE = 1.0  # seconds that an answer is waited for before looking after the others again


class Processes:
    """Workers on this machine.

    Args:
        count: Processes.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        # A fork would inherit the threads' locks of the engine and of PyTorch.
        self._context = multiprocessing.get_context("spawn")
        self._plan = b""
        self._workers: dict[int, tuple[Any, Connection]] = {}
        self._busy: set[int] = set()
        self._started = 0

    def begin(self, plan: Plan) -> None:
        """Keeps the plan for workers to be started."""
        self.close()
        self._plan = cloudpickle.dumps(plan)

    def idle(self, wanted: int) -> Sequence[Hashable]:
        """Numbers of the workers that do nothing."""
        while len(self._workers) < min(self._count, wanted):
            ours, theirs = self._context.Pipe()
            process = self._context.Process(target=_work, args=(theirs, self._plan), daemon=True)
            process.start()
            theirs.close()
            self._workers[self._started] = process, ours
            self._started += 1
        return [number for number in self._workers if number not in self._busy]

    def give(self, worker: Hashable, leg: Leg) -> None:
        """Sends the leg; that its worker is dead shows in the answers."""
        assert isinstance(worker, int)
        self._busy.add(worker)
        with contextlib.suppress(OSError):
            self._workers[worker][1].send(leg)

    def answers(self) -> Sequence[tuple[Hashable, Outcome | Lost]]:
        """Outcomes, and the workers that have died."""
        numbers = {self._workers[number][1]: number for number in self._busy}
        found: list[tuple[Hashable, Outcome | Lost]] = []
        for pipe in wait(list(numbers), _PATIENCE):
            number = numbers[pipe]  # type: ignore[index]
            self._busy.discard(number)
            try:
                answer = self._workers[number][1].recv()
            except (EOFError, OSError):
                found.append((number, Lost(self._buried(number))))
                continue
            if isinstance(answer, Exception):
                raise answer
            found.append((number, answer))
        return found

    def close(self) -> None:
        """Ends all processes, whatever they are doing."""
        for process, pipe in self._workers.values():
            pipe.close()
            process.terminate()
        for process, _ in self._workers.values():
            process.join()
        self._workers.clear()
        self._busy.clear()

    def _buried(self, number: int) -> str:
        process, pipe = self._workers.pop(number)
        pipe.close()
        process.join()
        code = process.exitcode
        return f"process {process.pid}, " + (f"signal {-code}" if code < 0 else f"exit {code}")


def _work(pipe: Connection, plan: bytes) -> None:
    """What a worker does: legs, until nobody is there who wants more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the one who gives the legs
    known: Plan = cloudpickle.loads(plan)
    if "torch" in sys.modules:  # as much as the plan needs of it; the others have cores to fill
        sys.modules["torch"].set_num_threads(1)
    with contextlib.suppress(EOFError, OSError):
        while True:
            leg = pipe.recv()
            try:
                pipe.send(play_leg(known, leg))
            except OSError:
                raise
            except Exception as error:
                pipe.send(error)
