"""A run that is shown: frame by frame, with pause, step, speed and rewind."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from qwop_native import _core
from qwop_native.cli.screen import Screen
from qwop_native.recording import Recording
from qwop_native.recording.pages import play_page
from qwop_native.recording.tape import Tape
from qwop_native.render.panel import Choice
from qwop_native.render.race import Race, Standing

_REWIND = 30  # frames: a second of the game
_WAITS = 450  # frames after the first one's end for which a race goes on
_STANDS = -1  # instead of a mask: the game is left as it is
_ROLLS = 45  # frames after the end of all, in which the last one comes to rest


class Session:
    """A run that is shown, and can be rewound.

    Args:
        screen: Where.
        sincos: Flavor of sine and cosine.
        page: The start.
        source: Gives the mask of the next frame from the game and the number of frames made, or
            None when it has no more.
        ghosts: Recordings that run beside.
        max_frames: Most frames.
        choice: What the player thinks in a state after so many frames, for the panel.
        save: Keeps the masks of the frames made and says so. With it a person plays: the space bar
            starts again, as in the game; without it, it pauses.
        race: Names of the runner and the ghosts; where nobody is followed, there is a podium.

    Attributes:
        game: The game.
        masks: Of the frames made.
    """

    def __init__(
        self,
        screen: Screen,
        sincos: str,
        page: Tape,
        source: Callable[[_core.Game, int], int | None],
        ghosts: Sequence[Recording] = (),
        max_frames: int | None = None,
        choice: Callable[[_core.Game, int], Choice | None] | None = None,
        save: Callable[[Sequence[int]], str] | None = None,
        race: Race | None = None,
    ) -> None:
        self._screen, self._source, self._choice = screen, source, choice
        self._max_frames, self._save = max_frames, save
        self.game = _core.Game(sincos)
        play_page(self.game, page.events)
        self.masks: list[int] = []
        self._others = [(ghost, _core.Game(ghost.sincos)) for ghost in ghosts]
        for ghost, game in self._others:
            ghost.prepare(game)
        self._kept = [self._snapshots()]
        self._race = race
        if race:
            race.note(self._games())
        self._paused = False

    def run(self) -> str:
        """Plays until the source has no more, or the user wants something.

        Returns:
            "end", or the key that was pressed: "r" for again or "escape".
        """
        self._draw()
        while True:
            steps = 0 if self._paused else self._screen.stride
            for key in self._screen.pressed():
                if key in ("r", "escape") or (key == "space" and self._save):
                    return "r" if key == "space" else key
                if key in ("tab", "space"):
                    self._paused = not self._paused
                    steps = 0
                elif key == "left":
                    self.rewind(_REWIND)
                elif key == "right":
                    steps = max(steps, 1)
                elif key == "s":
                    self._keep()
            if not all(self._advance() for _ in range(steps)):
                return "end"
            self._draw()

    def linger(self, seconds: float) -> str:
        """Shows the end: in a window until the user wants something, in a video for some seconds.

        Returns:
            "r" for again, "next", "escape", or "end" in a video.
        """
        key = self._stand(seconds)
        while key == "left":
            self.rewind(_REWIND)
            self._paused = False
            key = self.run()
            if key == "end":
                key = self._stand(seconds)
        return key

    def rewind(self, frames: int) -> None:
        """Goes back some frames, or to the start."""
        left = max(0, len(self.masks) - frames)
        del self.masks[left:], self._kept[left + 1 :]
        for game, snapshot in zip(self._games(), self._kept[-1], strict=True):
            game.restore(snapshot)
        if self._race:
            self._race.rewind(left)

    def _stand(self, seconds: float) -> str:
        """As `linger`, or "left" to go back."""
        on = {"r": "r", "escape": "escape", "left": "left"}
        on |= dict.fromkeys(("space", "click"), "r" if self._save else "next")
        hints = "space again   s save" if self._save else "space on   r again"
        message = f"\n{hints}   left back   esc end" if self._screen.window else ""
        podium = self._podium()
        for _ in (
            itertools.count() if self._screen.window else range(round(self._screen.fps * seconds))
        ):
            self._draw(message, podium)
            for key in self._screen.pressed():
                if key in on:
                    return on[key]
                if key == "s":
                    self._keep()
        return "end"

    def _podium(self) -> Sequence[Standing]:
        """How a race ends, for those too who are not waited for; nothing of one that is cut off."""
        cut_off = self._max_frames is not None and len(self.masks) >= self._max_frames
        if not self._race or self._race.follow or cut_off:
            return ()
        ends = [self.game]
        for ghost, game in self._others:
            ends.append(game.copy())
            for mask in ghost.keys[len(self.masks) :].tolist():
                ends[-1].step(mask, after_end=True)
        return self._race.standings(ends)

    def _keep(self) -> None:
        if self._save:
            self._screen.say(self._save(self.masks))

    def _advance(self) -> bool:
        frame = len(self.masks)
        if self._max_frames is not None and frame >= self._max_frames:
            return False
        mask = self._source(self.game, frame)
        if mask is None:
            return False
        if mask != _STANDS:
            self.game.step(mask, after_end=True)
        self.masks.append(mask)
        for ghost, game in self._others:
            if frame < len(ghost.keys):
                game.step(int(ghost.keys[frame]), after_end=True)
            elif game.game_ended:  # it goes on falling, or slides through the sand
                game.step(0, after_end=True)
        self._kept.append(self._snapshots())
        if self._race:
            self._race.note(self._games())
        return True

    def _games(self) -> list[_core.Game]:
        return [self.game, *(game for _, game in self._others)]

    def _snapshots(self) -> list[bytes]:
        return [game.snapshot() for game in self._games()]

    def _draw(self, message: str = "", podium: Sequence[Standing] = ()) -> None:
        ghosts = [game for _, game in self._others]
        choice = self._choice(self.game, len(self.masks)) if self._choice else None
        still = bool(message) or self._paused
        message = message or ("paused" if self._paused else "")
        self._screen.show(
            self.game, ghosts, choice, message, still=still, race=self._race, podium=podium
        )


Named = Sequence[tuple[str, Recording]]
"""Recordings with the names of their runners."""


def show_run(
    screen: Screen,
    runs: Named,
    max_frames: int | None,
    choice: Callable[[_core.Game, int], Choice | None] | None = None,
) -> bool:
    """Shows a recording, again and again if the user wants it.

    Args:
        screen: Where.
        runs: The recording, and ghosts that run beside it.
        max_frames: Most frames.
        choice: What the player thinks, for the panel.

    Returns:
        Whether the user wants to see what comes next.
    """
    (_, run), *others = runs
    keys = run.keys.tolist()

    def source(game: _core.Game, frame: int) -> int | None:
        return keys[frame] if frame < len(keys) else None

    def make() -> Session:
        ghosts = [ghost for _, ghost in others]
        race = Race([name for name, _ in runs], follow=True) if others else None
        return Session(screen, run.sincos, run.page, source, ghosts, max_frames, choice, race=race)

    return _shown(make, 1.5)


def show_race(screen: Screen, runs: Named, max_frames: int | None) -> None:
    """Shows a race until all have ended, and the podium; again and again if the user wants it.

    Args:
        screen: Where.
        runs: The runners; the first is drawn in color.
        max_frames: Most frames.
    """
    (_, first), *others = runs
    # Nobody waits for long until the last one has ended.
    longest = max(len(run.keys) for _, run in runs)
    last = min(longest, len(first.keys) + _WAITS)

    def source(game: _core.Game, frame: int) -> int | None:
        if frame >= last + _ROLLS:
            return None
        if frame < len(first.keys):
            return int(first.keys[frame])
        return 0 if game.game_ended else _STANDS  # of a recording that ends before its run

    def make() -> Session:
        ghosts = [run for _, run in others]
        race = Race([name for name, _ in runs])
        return Session(screen, first.sincos, first.page, source, ghosts, max_frames, race=race)

    _shown(make, 4.0)


def _shown(make: Callable[[], Session], lingers: float) -> bool:
    """Shows a session until the user wants something else; whether what comes next is wanted."""
    key = "r"
    while key == "r":
        session = make()
        key = session.run()
        if key == "end":
            key = session.linger(lingers)
    return key != "escape"
