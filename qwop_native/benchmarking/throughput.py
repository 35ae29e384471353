"""Frames and env steps a second over games, threads, instruction sets and kinds of play."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from qwop_native import _core
from qwop_native.benchmarking.players import (
    EnvPlayer,
    GamePlayer,
    Player,
    Sb3Player,
    Scene,
    Size,
    VectorPlayer,
)
from qwop_native.benchmarking.report import Labels, Measurement
from qwop_native.benchmarking.settings import FRAMES, Settings
from qwop_native.benchmarking.turns import rates, take_turns

VECTOR, SB3 = "QwopVectorEnv", "sb3.QwopVecEnv"


def measure(settings: Settings, say: Callable[[str], None]) -> list[Measurement]:
    """Measures every combination; those with the same number of games take turns.

    Args:
        settings: Of the run.
        say: Is told what had to be left out, and why.

    Returns:
        Frames and env steps a second of each.
    """
    kinds: dict[str, Callable[[Scene, Size], Player]] = {VECTOR: VectorPlayer}
    try:
        import stable_baselines3  # noqa: F401
    except ImportError:
        say(f"{SB3} is not measured: pip install 'qwop-native[train]'")
    else:
        kinds[SB3] = Sb3Player
    measured = _singles(settings)
    for games in settings.games:
        measured += _vectors(settings, games, kinds)
    return measured


def _singles(settings: Settings) -> list[Measurement]:
    players: dict[str, Player] = {}
    labels: dict[str, Labels] = {}
    makers: dict[str, Callable[[Scene], Player]]
    makers = {"Game.step": partial(GamePlayer, frames_a_call=FRAMES), "QwopEnv": EnvPlayer}
    for play in settings.plays:
        for env, make in makers.items():
            name = f"{env}, {play}"
            players[name] = make(settings.scene(play))
            labels[name] = _labels(env, play, Size(1, 1, "scalar"))
    return _measure(settings, players, labels)


def _vectors(
    settings: Settings, games: int, kinds: dict[str, Callable[[Scene, Size], Player]]
) -> list[Measurement]:
    players: dict[str, Player] = {}
    labels: dict[str, Labels] = {}
    for env, make in kinds.items():
        for play in settings.plays:
            for size in _sizes(settings, games, every_set=env == VECTOR):
                threads = f"{size.threads} thread{'s' * (size.threads > 1)}"
                of_games = f"{games} game{'s' * (games > 1)}"
                name = f"{env}, {of_games}, {threads}, {size.instruction_set}, {play}"
                players[name] = make(settings.scene(play), size)
                labels[name] = _labels(env, play, size)
    return _measure(settings, players, labels)


def _sizes(settings: Settings, games: int, every_set: bool) -> list[Size]:
    """Threads and instruction sets; more threads than games would only wait."""
    # In the order of the engine, whose last is its fastest.
    chosen = [name for name in _core.instruction_sets() if name in settings.instruction_sets]
    return [
        Size(games, threads, instruction_set)
        for instruction_set in (chosen if every_set else chosen[-1:])
        for threads in settings.threads
        if threads <= games
    ]


def _measure(
    settings: Settings, players: dict[str, Player], labels: dict[str, Labels]
) -> list[Measurement]:
    turns = take_turns(players, settings.repeats, settings.seconds)
    return [m for name, played in turns.items() for m in rates(name, played, labels[name])]


def _labels(env: str, play: str, size: Size) -> Labels:
    return {
        "part": "throughput",
        "env": env,
        "games": size.games,
        "threads": size.threads,
        "instruction_set": size.instruction_set or "",
        "play": play,
        "frames_per_step": FRAMES,
    }
