"""Who is where in a race: places, gaps, and which part of the track is worth seeing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from qwop_native import _core
from qwop_native.facts import FRAMES_PER_SECOND, UNITS_PER_METER
from qwop_native.render.view import GROUND, WORLD_HEIGHT, View

COLORS = (0x1FA6A0, 0x5B5FC7, 0xB0457B, 0xC07A1E, 0x2E8B57, 0xC8372D, 0x4B89C8, 0x7A4A2E)
"""Of the first runner, whose shirt has it, and of the others, who are pale shades of theirs."""

_ZOOM = (1.45, 1.8)  # how much more of the track is seen than elsewhere: alone, and with a field
_ALONE, _FIELD = 0.5, 0.78  # where the leader is across the picture: alone, and before a field
_STAYS, _FADES = 1.0, 1.5  # seconds for which one who has ended is worth seeing, and fades


@dataclass(frozen=True)
class Standing:
    """How one runner stands.

    Attributes:
        index: Of the runner.
        name: Of the runner.
        color: 0xRRGGBB.
        meters: Of the torso, or the game's score once it has ended.
        apart: Meters to the runner that the picture is about.
        seconds: Between the two at the place of the one behind; None where there is nothing to say.
        ended: "", "finished" or "fell".
        time: Seconds of the game's clock.
    """

    index: int
    name: str
    color: int
    meters: float
    apart: float
    seconds: float | None
    ended: str
    time: float

    @property
    def gap(self) -> str:
        """How far and how long from the runner that the picture is about, for a person."""
        text = f"{self.apart:.1f} m"
        return text if self.seconds is None else f"{text}  {self.seconds:.1f} s"

    @property
    def result(self) -> str:
        """How far it is, or how it ended, for a person."""
        if self.ended == "finished":
            return f"{self.time:.2f} s"
        return f"{self.ended} {round(self.meters, 1) + 0.0:.1f} m".strip()  # no "-0.0"


class Race:
    """Runners side by side, from the same moment on.

    Args:
        names: Of the runners.
        follow: Whether the first one is followed, wherever it is, and the others are its ghosts.
    """

    def __init__(self, names: Sequence[str], follow: bool = False) -> None:
        self.names, self.follow = list(names), follow
        # How far each has been at most after each frame, in world units.
        self._farthest: list[list[float]] = [[] for _ in names]

    def note(self, games: Sequence[_core.Game]) -> None:
        """Takes where the runners are at the start, and then after each frame."""
        for farthest, game in zip(self._farthest, games, strict=True):
            x = _x(game)
            farthest.append(max(x, farthest[-1]) if farthest else x)

    def rewind(self, frames: int) -> None:
        """Forgets what was after so many frames."""
        for farthest in self._farthest:
            del farthest[frames + 1 :]

    def standings(self, games: Sequence[_core.Game], about: int = 0) -> list[Standing]:
        """All runners: those who have finished by their time, then the others by their way.

        Args:
            games: The runners, where they are now.
            about: Index of the runner to whom the gaps are told.
        """
        order = sorted(range(len(games)), key=lambda index: _rank(games[index]))
        return [self._standing(games, index, about) for index in order]

    def _standing(self, games: Sequence[_core.Game], index: int, about: int) -> Standing:
        game = games[index]
        ended = ""
        if game.game_ended:
            ended = "finished" if game.jump_landed else "fell"
        return Standing(
            index,
            self.names[index],
            COLORS[index % len(COLORS)],
            float(game.score) if game.game_ended else _x(game) / UNITS_PER_METER,
            abs(_x(games[about]) - _x(game)) / UNITS_PER_METER,
            None if ended or index == about else self._seconds(games, index, about),
            ended,
            game.frames / FRAMES_PER_SECOND,
        )

    def _seconds(self, games: Sequence[_core.Game], one: int, other: int) -> float | None:
        """How long ago the one in front was where the one behind is now; None if it never was."""
        behind, front = sorted((one, other), key=lambda index: _x(games[index]))
        passed = bisect_left(self._farthest[front], _x(games[behind]))
        now = len(self._farthest[front]) - 1
        return (now - passed) / FRAMES_PER_SECOND if passed <= now else None


def _x(game: _core.Game) -> float:
    return float(game.bodies[0, 0])


def _rank(game: _core.Game) -> tuple[bool, float]:
    return (False, float(game.frames)) if game.jump_landed else (True, -_x(game))


def view_of_race(
    games: Sequence[_core.Game], width: int, height: int, follow: bool = False
) -> tuple[View, int]:
    """The view that keeps the leader in the picture, and as much of the field as there is room for.

    It moves without a jump: who has ended drops out little by little.

    Args:
        games: The runners.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        follow: Whether it keeps the first one in the picture instead.

    Returns:
        The view, and the index of the runner that it is about.
    """
    shown = width * WORLD_HEIGHT / height  # world units across in a picture of one runner
    if follow:
        return _view(_x(games[0]), _ALONE, _ZOOM[0], width, height), 0
    places = [_x(game) for game in games]
    spread = max(places) - min(places) + 1.0
    now = max(game.frames for game in games)
    gone = [1.0 - _worth(game, now) for game in games]
    fronts = [x - lost * spread for x, lost in zip(places, gone, strict=True)]
    leader = max(fronts)
    last = min(x + lost * spread for x, lost in zip(places, gone, strict=True))
    field = max(0.0, leader - last)
    zoom = min(max(field / (0.62 * shown), _ZOOM[0]), _ZOOM[1])
    share = _ALONE + (_FIELD - _ALONE) * min(1.0, field / (0.7 * shown))
    return _view(leader, share, zoom, width, height), fronts.index(leader)


def _view(x: float, share: float, zoom: float, width: int, height: int) -> View:
    """The view that has a world x at a share of its width."""
    scale = height / WORLD_HEIGHT / zoom
    return View(x - share * width / scale, scale, height * GROUND, width, height)


def _worth(game: _core.Game, now: int) -> float:
    """1 for a runner under way, 0 for one that has ended a while ago."""
    if not game.game_ended:
        return 1.0
    seconds = (now - game.frames) / FRAMES_PER_SECOND
    return min(max(1.0 - (seconds - _STAYS) / _FADES, 0.0), 1.0)
