"""What a run of the suite measures, and how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from qwop_native import _core
from qwop_native.benchmarking.play import PLAYS
from qwop_native.benchmarking.players import Scene
from qwop_native.facts import DEFAULT_SINCOS, FLAVORS

PARTS = {
    "headline": "the engine beside Box2D on the same ragdoll, and two threads beside one",
    "throughput": "Game, single, vector and SB3 environments over games, threads, instruction sets",
    "footprint": "memory a game, and the time to make 10,000 games",
    "context": "other environments, where they are installed or named",
}

FRAMES = 4
"""Frames a step, as qwop-gym trains."""


@dataclass(frozen=True)
class Settings:
    """What is measured, and for how long.

    Attributes:
        parts: Of `PARTS`.
        games: Numbers of games.
        threads: Numbers of threads.
        instruction_sets: Of `qwop_native._core.instruction_sets()`.
        plays: Of `qwop_native.benchmarking.play.PLAYS`.
        repeats: Turns that each player has.
        seconds: Of each turn.
        seed: Of random actions.
        sincos: Flavor of the engine's sine and cosine.

    Raises:
        ValueError: One of them is not acceptable.
    """

    parts: tuple[str, ...]
    games: tuple[int, ...]
    threads: tuple[int, ...]
    instruction_sets: tuple[str, ...]
    plays: tuple[str, ...]
    repeats: int
    seconds: float
    seed: int = 0
    sincos: str = DEFAULT_SINCOS

    def __post_init__(self) -> None:
        _check_known("part", self.parts, PARTS)
        _check_known("instruction set", self.instruction_sets, _core.instruction_sets())
        _check_known("play", self.plays, PLAYS)
        _check_known("sincos", (self.sincos,), FLAVORS)
        for name, least in (("games", 1), ("threads", 1)):
            for value in getattr(self, name):
                if value < least:
                    raise ValueError(f"{name} must be at least {least}, got {value}")
        if self.repeats < 1 or not 0 < self.seconds < 3600:
            raise ValueError(
                "there must be at least one repeat, and a turn takes more than 0 and less than "
                f"3600 s; got {self.repeats} and {self.seconds}"
            )

    def scene(self, play: str = "random") -> Scene:
        """What is played."""
        return Scene(play, FRAMES, self.seed, self.sincos)


def _check_known(kind: str, given: Iterable[str], known: Iterable[str]) -> None:
    known = list(known)
    for name in given:
        if name not in known:
            raise ValueError(f"{kind} must be one of {', '.join(known)}, got {name!r}")


def full() -> Settings:
    """The preset for numbers that are quoted: minutes."""
    return Settings(
        parts=tuple(PARTS),
        games=(1, 8, 64, 512, 4096),
        threads=_threads(),
        instruction_sets=tuple(_core.instruction_sets()),
        plays=PLAYS,
        repeats=9,
        seconds=0.3,
    )


def quick() -> Settings:
    """The preset for a first look: seconds."""
    return Settings(
        parts=tuple(PARTS),
        games=(1, 64, 512),
        threads=_threads()[:2],
        instruction_sets=(_core.instruction_sets()[-1],),
        plays=PLAYS,
        repeats=3,
        seconds=0.05,
    )


def _threads() -> tuple[int, ...]:
    """1, 2, 4 … up to the cores that this process may use, and those."""
    cores = _core.usable_cores()
    powers = [1 << i for i in range(cores.bit_length()) if 1 << i < cores]
    return (*powers, cores)
