"""Takes measurements in turns, so that whatever slows the machine down meets everything alike."""

from __future__ import annotations

from collections.abc import Mapping

from qwop_native.benchmarking.players import Played, Player
from qwop_native.benchmarking.report import Labels, Measurement

FRAMES, STEPS = "frames/s", "env steps/s"


def take_turns(
    players: Mapping[str, Player], repeats: int, seconds: float
) -> dict[str, list[Played]]:
    """Lets all play in turn, every other round in reverse, after one round that does not count.

    Args:
        players: Those compared with each other, by name.
        repeats: Rounds that count.
        seconds: Of each turn.

    Returns:
        What each has done, one for each round, so that rounds can be compared with each other.
    """
    turns: dict[str, list[Played]] = {name: [] for name in players}
    for round_number in range(repeats + 1):
        names = list(players) if round_number % 2 else list(players)[::-1]
        for name in names:
            played = players[name].play(seconds)
            if round_number:
                turns[name].append(played)
    return turns


def rates(name: str, turns: list[Played], labels: Labels) -> list[Measurement]:
    """What was done a second: frames, and env steps where there are any."""
    counts = {FRAMES: [p.frames for p in turns], STEPS: [p.steps for p in turns]}
    return [
        Measurement(
            name,
            unit,
            tuple(count / p.seconds for count, p in zip(done, turns, strict=True)),
            labels,
        )
        for unit, done in counts.items()
        if any(done)
    ]
