"""Hands legs to workers, wherever they are, and hands those of lost workers to others."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from qwop_native.search.islands.leg import Leg, Outcome, Plan, play_leg

_MOST_LOSSES = 3  # workers that one leg may take down with it


@dataclass(frozen=True)
class Lost:
    """Instead of an outcome: the worker is no more.

    Attributes:
        why: What is known of it.
    """

    why: str


class Workers(Protocol):
    """Processes that play legs, one leg at a time each."""

    def begin(self, plan: Plan) -> None:
        """Gives all workers, later ones too, what legs have in common."""

    def idle(self, wanted: int) -> Sequence[Hashable]:
        """Names of workers that could play now; starts some if there are fewer than wanted."""

    def give(self, worker: Hashable, leg: Leg) -> None:
        """Gives a leg to an idle worker."""

    def answers(self) -> Sequence[tuple[Hashable, Outcome | Lost]]:
        """What workers have answered; waits a little for the first. A lost worker is forgotten."""

    def close(self) -> None:
        """Ends all workers at once."""


class Crew:
    """Plays the legs of a search on workers.

    Args:
        workers: Who plays.
        say: Called with a line for each worker that is lost.
    """

    def __init__(self, workers: Workers, say: Callable[[str], None] = print) -> None:
        self._workers, self._say = workers, say

    def begin(self, plan: Plan) -> None:
        """Gives all workers what legs have in common."""
        self._workers.begin(plan)

    def play(self, legs: Sequence[Leg]) -> list[Outcome]:
        """The outcome of each leg.

        Raises:
            RuntimeError: A leg has lost three workers, or no worker can be had.
        """
        begun = time.monotonic()
        outcomes: dict[int, Outcome] = {}
        queue = deque(range(len(legs)))
        playing: dict[Hashable, int] = {}
        losses = [0] * len(legs)
        while len(outcomes) < len(legs):
            for worker in self._workers.idle(len(queue) + len(playing)):
                if queue:
                    leg = legs[queue[0]]
                    playing[worker] = queue.popleft()
                    left = leg.seconds - (time.monotonic() - begun)
                    self._workers.give(worker, replace(leg, seconds=left))
            for worker, answer in self._workers.answers():
                number = playing.pop(worker)
                if isinstance(answer, Outcome):
                    outcomes[number] = answer
                    continue
                losses[number] += 1
                island = legs[number].island
                if losses[number] == _MOST_LOSSES:
                    raise RuntimeError(
                        f"{_MOST_LOSSES} workers were lost with the same leg of island {island}, "
                        f"the last one so: {answer.why}; the same command goes on before that leg"
                    )
                self._say(f"a worker was lost ({answer.why}); island {island} goes on with another")
                queue.appendleft(number)
        return [outcomes[number] for number in range(len(legs))]

    def close(self) -> None:
        """Ends all workers."""
        self._workers.close()


class Here:
    """A single worker: this process itself."""

    def __init__(self) -> None:
        self._answers: list[tuple[Hashable, Outcome | Lost]] = []

    def begin(self, plan: Plan) -> None:
        """Keeps the plan."""
        self._plan = plan

    def idle(self, wanted: int) -> Sequence[Hashable]:
        """This process."""
        return ["here"]

    def give(self, worker: Hashable, leg: Leg) -> None:
        """Plays the leg at once."""
        self._answers.append((worker, play_leg(self._plan, leg)))

    def answers(self) -> Sequence[tuple[Hashable, Outcome | Lost]]:
        """The outcome."""
        answers, self._answers = self._answers, []
        return answers

    def close(self) -> None:
        """There is nothing to end."""
