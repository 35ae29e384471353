"""Memory a game, and the time to make many."""

from __future__ import annotations

import multiprocessing
import resource
import sys
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from qwop_native import Game, QwopVectorEnv
from qwop_native.benchmarking.play import REDUCED_KEYS, RandomSource
from qwop_native.benchmarking.players import Scene, Size, VectorPlayer
from qwop_native.benchmarking.report import Labels, Measurement
from qwop_native.benchmarking.settings import Settings

MADE = 10_000
"""Games that are made for the time that it takes."""

_KEPT = 1000  # games whose memory is measured
_BEFORE = 50  # made before, so that what all share does not count
_STEPS = 40  # random actions that each game has played by then

_LABELS: Labels = {"part": "footprint"}


def measure(settings: Settings, say: Callable[[str], None]) -> list[Measurement]:
    """Measures memory in processes of their own, and the time to make games in this one.

    Args:
        settings: Of the run.
        say: Is told what had to be left out, and why.

    Returns:
        Bytes a game, and seconds.
    """
    measured = []
    for name in _KEEPERS:
        try:
            memory = bytes_a_game(name, settings.scene())
        except ImportError as error:
            say(f"memory of {name} is not measured: {error}")
            continue
        measured.append(Measurement(f"memory of {name}", "B/game", (memory,), _LABELS))
    for name, make in _MAKERS.items():
        times = []
        for _ in range(settings.repeats):
            begin = perf_counter()
            made = make(settings.scene())
            times.append(perf_counter() - begin)
            del made
        measured.append(Measurement(f"{MADE:,} games: {name}", "s", tuple(times), _LABELS))
    return measured


def _keep_vector(scene: Scene, count: int) -> Any:
    player = VectorPlayer(scene, Size(count))
    player.play(1e-9)  # one step of all
    return player


def _keep_games(scene: Scene, count: int) -> Any:
    games = [Game(scene.sincos) for _ in range(count)]
    source = RandomSource(_STEPS, scene.seed)
    for game in games:
        game.start()
        game.reset()
        for action in source.next():
            game.step(REDUCED_KEYS[action], scene.frames, after_end=True)
    return games


def _keep_box2d(scene: Scene, count: int) -> Any:
    from qwop_native.benchmarking.box2d_ragdoll import DT, SWEEPS, Box2dRagdoll

    ragdolls = [Box2dRagdoll() for _ in range(count)]
    source = RandomSource(_STEPS, scene.seed)
    for ragdoll in ragdolls:
        for action in source.next():
            ragdoll.prepare(REDUCED_KEYS[action])
            ragdoll.world.Step(DT, SWEEPS, SWEEPS)
    return ragdolls


_KEEPERS: dict[str, Callable[[Scene, int], Any]] = {
    "a game of QwopVectorEnv": _keep_vector,
    "a Game": _keep_games,
    "a Box2D ragdoll and its binding": _keep_box2d,
}


def _make_vector(scene: Scene) -> Any:
    env = QwopVectorEnv(MADE, 1, **scene.env_arguments)
    env.reset(seed=scene.seed)
    return env


def _make_games(scene: Scene) -> Any:
    return [Game(scene.sincos) for _ in range(MADE)]


_MAKERS: dict[str, Callable[[Scene], Any]] = {
    "QwopVectorEnv with its first reset, 1 thread": _make_vector,
    "Game, one after the other": _make_games,
}


def bytes_a_game(name: str, scene: Scene) -> float:
    """Memory that one of many takes after some play, measured in a new process.

    Here, memory that earlier work has freed would be used again and not be seen.
    """
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_growth, (name, scene))


def _growth(name: str, scene: Scene) -> float:
    keep = _KEEPERS[name]
    kept = [keep(scene, _BEFORE)]
    before = _resident_bytes()
    kept.append(keep(scene, _KEPT))
    return (_resident_bytes() - before) / _KEPT


def _resident_bytes() -> int:
    """Memory of this process that is in use; where the system does not say, the most it was."""
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
