"""Workers on a Ray cluster: an actor on each of its CPUs, replaced when it is lost."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import cloudpickle  # type: ignore[import-untyped]

from qwop_native import __version__
from qwop_native.search.islands.crew import Lost
from qwop_native.search.islands.leg import Leg, Outcome, Plan, play_leg

_ACCEPTS_WITHIN = 5.0  # seconds in which a machine must accept a connection
_ANSWERS_WITHIN = 45.0  # seconds in which Ray must answer
_PATIENCE = 1.0  # seconds that an answer is waited for before looking after the others again
_MOST_PATIENCE = 300.0  # seconds without a single worker
_MOST_FAILED_STARTS = 3  # one after the other, while there is no worker
_PAUSE = 60.0  # seconds after a failed start, while there are other workers


class Actor:
    """What runs in an actor's process.

    Args:
        plan: What legs have in common, pickled.
    """

    def __init__(self, plan: bytes) -> None:
        self._plan: Plan = cloudpickle.loads(plan)

    def introduce(self) -> tuple[str, int, str]:
        """The machine, the process and the version of the package there."""
        return socket.gethostname(), os.getpid(), __version__

    def play(self, leg: Leg) -> Outcome:
        """Plays a leg."""
        return play_leg(self._plan, leg)


class RayWorkers:
    """Workers on a Ray cluster.

    Args:
        address: Of the cluster: HOST:PORT of its head, auto for the one this machine belongs to,
            local for one of this machine alone.
        say: Called with a line for each worker that comes up.

    Raises:
        ImportError: Ray is not installed.
        ConnectionError: Nothing answers at the address, or something that is not Ray.
    """

    def __init__(self, address: str, say: Callable[[str], None] = print) -> None:
        self._ray, self._say = connected(address), say
        self._starting: dict[Any, Any] = {}  # their first answer: the actor
        self._idle: dict[int, Any] = {}
        self._playing: dict[Any, tuple[int, Any]] = {}  # the answer to come: number and actor
        self._places: dict[int, str] = {}
        self._count = 0
        self._alone_since = time.monotonic()
        self._failed_starts, self._paused_until = 0, 0.0

    @property
    def cpus(self) -> int:
        """CPUs of the cluster at present."""
        return int(self._ray.cluster_resources().get("CPU", 0))

    def begin(self, plan: Plan) -> None:
        """Puts the plan where all actors find it."""
        self.close()
        self._plan = self._ray.put(cloudpickle.dumps(plan))

    def idle(self, wanted: int) -> Sequence[Hashable]:
        """Numbers of the workers that do nothing; there are as many workers as CPUs."""
        there = len(self._starting) + len(self._idle) + len(self._playing)
        paused = time.monotonic() < self._paused_until
        for _ in range(0 if paused else min(wanted, self.cpus) - there):
            remote = self._ray.remote(num_cpus=1, scheduling_strategy="SPREAD")(Actor)
            actor = remote.remote(self._plan)
            self._starting[actor.introduce.remote()] = actor
        return list(self._idle)

    def give(self, worker: Hashable, leg: Leg) -> None:
        """Sends the leg."""
        assert isinstance(worker, int)
        actor = self._idle.pop(worker)
        self._playing[actor.play.remote(leg)] = worker, actor

    def answers(self) -> Sequence[tuple[Hashable, Outcome | Lost]]:
        """Outcomes, and the workers that are lost.

        Raises:
            RuntimeError: There has been no worker for minutes, or one of another version.
        """
        refs = [*self._starting, *self._playing]
        ready = self._ray.wait(refs, timeout=_PATIENCE)[0] if refs else []
        found: list[tuple[Hashable, Outcome | Lost]] = []
        for ref in ready:
            answer = self._answer(ref)
            if ref in self._starting:
                self._met(self._starting.pop(ref), answer)
                continue
            number, actor = self._playing.pop(ref)
            if isinstance(answer, Lost):
                self._ray.kill(actor)  # one that is merely out of reach would keep its CPU
                answer = Lost(f"{self._places.pop(number)}, {answer.why}")
            else:
                self._idle[number] = actor
            found.append((number, answer))
        self._look_around(bool(refs))
        return found

    def close(self) -> None:
        """Ends all actors, whatever they are doing."""
        actors = [*self._starting.values(), *self._idle.values()]
        for actor in [*actors, *(actor for _, actor in self._playing.values())]:
            self._ray.kill(actor)
        for each in (self._starting, self._idle, self._playing):
            each.clear()

    def _answer(self, ref: Any) -> Any:
        """What an actor has answered, or how it was lost. What it raised is raised here."""
        errors = self._ray.exceptions
        try:
            return self._ray.get(ref)
        except errors.RayTaskError as error:
            raise (error.cause or error) from None
        except errors.RayError as error:
            return Lost((str(error).strip().splitlines() or [type(error).__name__])[-1].strip())

    def _met(self, actor: Any, answer: tuple[str, int, str] | Lost) -> None:
        if isinstance(answer, Lost):
            self._not_started(answer)
            return
        host, process, version = answer
        if version != __version__:
            raise RuntimeError(
                f"{host} has qwop-native {version}, this machine {__version__}; install the same "
                "on all machines"
            )
        self._failed_starts = 0
        self._count += 1
        self._idle[self._count] = actor
        self._places[self._count] = f"process {process} on {host}"
        self._say(f"worker {self._count}: {self._places[self._count]}")

    def _not_started(self, answer: Lost) -> None:
        """One machine that cannot play must not end what others do."""
        self._say(f"a worker has not come up ({answer.why})")
        self._failed_starts += 1
        if self._idle or self._playing:
            self._paused_until = time.monotonic() + _PAUSE
        elif self._failed_starts >= _MOST_FAILED_STARTS:
            raise RuntimeError(f"no worker comes up in the cluster: {answer.why}")

    def _look_around(self, waited: bool) -> None:
        now = time.monotonic()
        if self._idle or self._playing:
            self._alone_since = now
        elif now - self._alone_since > _MOST_PATIENCE:
            raise RuntimeError(
                f"the cluster has started no worker for {_MOST_PATIENCE:.0f} seconds: it has "
                f"{self.cpus} CPUs, of which none may be free"
            )
        if not waited:  # a cluster without a CPU, which may come back
            time.sleep(_PATIENCE)


def connected(address: str) -> Any:
    """The module ray, connected.

    Raises:
        ImportError: Ray is not installed.
        ConnectionError: Nothing answers at the address, or something that is not Ray.
    """
    try:
        import ray
    except ImportError as error:
        raise ImportError("many machines need Ray: pip install 'qwop-native[ray]'") from error
    if ray.is_initialized():
        return ray
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon:
        _knock(host, port, address)
    elif address not in ("auto", "local"):
        raise ValueError(f"--ray must be HOST:PORT, auto or local, got {address}")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="ERROR")
    except (ConnectionError, RuntimeError, TimeoutError, ValueError) as error:
        first = " ".join(str(error).split())
        raise ConnectionError(f"no Ray cluster answers at {address}: {first}") from error
    return ray


def _knock(host: str, port: str, address: str) -> None:
    """Ray itself tries for minutes where nobody answers, and then ends the program.

    Whether somebody is there shows at once. Whether that is Ray is tried in a process of its own,
    which can be ended.
    """
    try:
        socket.create_connection((host, int(port)), _ACCEPTS_WITHIN).close()
    except (OSError, ValueError, OverflowError) as error:
        raise ConnectionError(
            f"no Ray cluster answers at {address} ({error}); ray start --head --port=6379 starts "
            "one"
        ) from error
    attempt = f"import ray; ray.init(address={address!r}, log_to_driver=False)"
    try:
        done = subprocess.run(
            [sys.executable, "-c", attempt],
            capture_output=True,
            text=True,
            check=False,
            timeout=_ANSWERS_WITHIN,
        )
    except subprocess.TimeoutExpired as error:
        raise ConnectionError(
            f"{address} accepts connections but has not answered as a Ray cluster does within "
            f"{_ANSWERS_WITHIN:.0f} seconds"
        ) from error
    if done.returncode != 0:
        said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise ConnectionError(f"what answers at {address} is no Ray cluster to join: {said}")
