"""The figures that are quoted: the engine beside stock Box2D, and two threads beside one.

All take turns on the same random reduced actions, 4 frames each. Ratios are formed turn by turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qwop_native import _core
from qwop_native.benchmarking.players import EnvPlayer, GamePlayer, Player, Size, VectorPlayer
from qwop_native.benchmarking.report import Measurement, ratio
from qwop_native.benchmarking.settings import FRAMES, Settings
from qwop_native.benchmarking.turns import FRAMES as FRAMES_A_SECOND
from qwop_native.benchmarking.turns import rates, take_turns

GAMES = 512

BOX2D = "Box2D world.Step (float32)"
ONE_THREAD = f"QwopVectorEnv, {GAMES} games, 1 thread"
TWO_THREADS = f"QwopVectorEnv, {GAMES} games, 2 threads"

HEADLINE = "QwopVectorEnv / Box2D"
THREADS = "two threads / one"
_GAME = f"Game.step, {FRAMES} frames a call"
_RATIOS = {
    HEADLINE: (ONE_THREAD, BOX2D),
    THREADS: (TWO_THREADS, ONE_THREAD),
    "QwopVectorEnv / Game.step": (ONE_THREAD, _GAME),
    "Game.step / Box2D": (_GAME, BOX2D),
}


def measure(settings: Settings, say: Callable[[str], None]) -> list[Measurement]:
    """Measures what is quoted.

    Args:
        settings: Of the run.
        say: Is told what had to be left out, and why.

    Returns:
        Frames and env steps a second, and the ratios.
    """
    turns = take_turns(_players(settings, say), settings.repeats, settings.seconds)
    measured: list[Measurement] = []
    for name, played in turns.items():
        measured += rates(name, played, {"part": "headline", "frames_per_step": FRAMES})
    frames = {m.name: m for m in measured if m.unit == FRAMES_A_SECOND}
    ratios = [
        ratio(name, frames[above], frames[below], {"part": "headline"})
        for name, (above, below) in _RATIOS.items()
        if above in frames and below in frames
    ]
    return [*measured, *ratios]


def _players(settings: Settings, say: Callable[[str], None]) -> dict[str, Player]:
    scene = settings.scene()
    players: dict[str, Player] = {}
    try:
        from qwop_native.benchmarking.box2d_player import Box2dPlayer
    except ImportError as error:
        say(f"beside Box2D nothing is measured: {error}")
    else:
        players[BOX2D] = Box2dPlayer(scene)
    players["Game.step, 1 frame a call"] = GamePlayer(scene, 1)
    players[_GAME] = GamePlayer(scene, FRAMES)
    players["QwopEnv"] = EnvPlayer(scene)
    players[ONE_THREAD] = VectorPlayer(scene, Size(GAMES, 1))
    if _core.usable_cores() > 1:
        players[TWO_THREADS] = VectorPlayer(scene, Size(GAMES, 2))
    else:
        say("two threads are not measured: there is one usable core")
    return players


def summary(measurements: Sequence[Measurement]) -> str:
    """What was found, in sentences to quote; empty if this part was not measured."""
    found = {m.name: m for m in measurements if m.labels.get("part") == "headline"}
    lines = []
    if HEADLINE in found:
        lines += [
            f"{_times(found[HEADLINE])} Box2D's world.Step, game frames a second:",
            f"    QwopVectorEnv, {GAMES} games, 1 thread, {FRAMES} frames a step, random reduced "
            "actions, autoreset",
        ]
    if THREADS in found:
        lines.append(f"{_times(found[THREADS])} one thread: the same with two")
    return "\n".join(lines)


def _times(m: Measurement) -> str:
    return f"{m.median:.2f} times ({m.low:.2f} to {m.high:.2f})"
