"""A run on the screen or in a video: frame by frame, with pause, step, speed and rewind."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterator, Sequence

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.commands import common
from qwop_native.recording import Recording
from qwop_native.recording.player import play_events
from qwop_native.recording.tape import Tape
from qwop_native.render.picture import Choice, Renderer
from qwop_native.render.video import VideoWriter
from qwop_native.render.window import Window, WindowClosedError

_REWIND = 30  # frames: a second of the game
KEYS_HELP = (
    "in the window: tab pause, right one frame, left back a second, up and down speed, r again, "
    "escape end"
)


def add_show_options(parser: argparse.ArgumentParser) -> None:
    """Adds where a run is shown."""
    group = parser.add_argument_group("picture", KEYS_HELP)
    group.add_argument("--video", metavar="FILE", help="video: .mp4, .gif or .webp; no window")
    group.add_argument("--screenshot", metavar="FILE", help="last picture, as PNG")
    group.add_argument("--size", type=common.size, default=(960, 600), metavar="WxH")
    group.add_argument("--panel", action="store_true", help="numbers of bodies and player beside")
    group.add_argument("--frames", type=common.positive, metavar="N", help="stop after N frames")
    group.add_argument(
        "--ghost", nargs="+", default=[], metavar="RUN", help="recordings that run beside"
    )


class Screen:
    """Where pictures go: a video if one was asked for, else a window."""

    def __init__(self, options: argparse.Namespace, title: str) -> None:
        self._renderer = Renderer(options.size[0], options.size[1], options.panel)
        self._video = VideoWriter(options.video) if options.video else None
        self._screenshot = options.screenshot
        self.window = None if options.video else Window(options.size, title, for_a_person=True)
        self._speed = options.speed if options.speed is not None else 1.0

    def show(self, *arguments: object, **further: object) -> None:
        """Draws a picture (see `Renderer.draw`) and waits until its frame is over."""
        picture = self._renderer.draw(*arguments, **further)  # type: ignore[arg-type]
        self._last = picture
        if self._video:
            self._video.add(picture)
        if self.window:
            self.window.show(picture)
            if self._speed > 0:
                self.window.pace(30 * self._speed)

    def pressed(self) -> list[str]:
        """Names of keys pressed since the last call; those for the speed are dealt with."""
        pressed = self.window.pressed() if self.window else []
        for key in pressed:
            self._speed *= {"up": 2.0, "down": 0.5}.get(key, 1.0)
        return pressed

    @contextlib.contextmanager
    def opened(self) -> Iterator[Screen]:
        """Keeps video and last picture at the end; a window that is closed is no mistake."""
        try:
            with self._video or contextlib.nullcontext(), contextlib.suppress(WindowClosedError):
                yield self
            if self._screenshot:
                from PIL import Image

                with whole_file(self._screenshot) as file:
                    Image.fromarray(self._last).save(file, "PNG")
        finally:
            if self.window:
                self.window.close()


class Session:
    """A run that is shown, and can be rewound.

    Args:
        screen: Where.
        sincos: Flavour of sine and cosine.
        page: The start.
        source: Gives the mask of the next frame from the game and the number of frames made, or
            None when it has no more.
        ghosts: Recordings that run beside.
        max_frames: Most frames.
        choice: What the player thinks in a state after so many frames, for the panel.

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
    ) -> None:
        self._screen, self._source, self._choice = screen, source, choice
        self._max_frames = max_frames
        self.game = _core.Game(sincos)
        play_events(self.game, page.events)
        self.masks: list[int] = []
        self._others = [(ghost, _core.Game(ghost.sincos)) for ghost in ghosts]
        for ghost, game in self._others:
            ghost.prepare(game)
        self._kept = [self._snapshots()]
        self._paused = False

    def run(self) -> str:
        """Plays until the source has no more, or the user wants something.

        Returns:
            "end", or the key that was pressed: "r", "s", "space" or "escape".
        """
        self._draw()
        while True:
            step = not self._paused
            for key in self._screen.pressed():
                if key in ("r", "s", "space", "escape"):
                    return key
                if key == "tab":
                    self._paused = not self._paused
                elif key == "left":
                    self.rewind(_REWIND)
                step = step or key == "right"
            if step and not self._advance():
                return "end"
            self._draw()

    def linger(self, seconds: float) -> str:
        """Shows the end until a key of `run` is pressed or, in a video, for some seconds."""
        for _ in range(round(30 * seconds)) if not self._screen.window else iter(int, 1):
            self._draw()
            for key in self._screen.pressed():
                if key in ("r", "s", "space", "escape"):
                    return key
                if key == "left":
                    self.rewind(_REWIND)
                    return self.run()
        return "end"

    def rewind(self, frames: int) -> None:
        """Goes back some frames, or to the start."""
        left = max(0, len(self.masks) - frames)
        del self.masks[left:], self._kept[left + 1 :]
        for game, snapshot in zip(self._games(), self._kept[-1], strict=True):
            game.restore(snapshot)

    def _advance(self) -> bool:
        frame = len(self.masks)
        if self._max_frames is not None and frame >= self._max_frames:
            return False
        mask = self._source(self.game, frame)
        if mask is None:
            return False
        self.game.step(mask, after_end=True)
        self.masks.append(mask)
        for ghost, game in self._others:
            if frame < len(ghost.keys):
                game.step(int(ghost.keys[frame]), after_end=True)
        self._kept.append(self._snapshots())
        return True

    def _games(self) -> list[_core.Game]:
        return [self.game, *(game for _, game in self._others)]

    def _snapshots(self) -> list[bytes]:
        return [game.snapshot() for game in self._games()]

    def _draw(self) -> None:
        ghosts = [game for _, game in self._others]
        choice = self._choice(self.game, len(self.masks)) if self._choice else None
        message = "paused" if self._paused else ""
        self._screen.show(self.game, ghosts, choice=choice, message=message)


def source_of(run: Recording) -> Callable[[_core.Game, int], int | None]:
    """The keys of a recording as a session takes them."""
    keys = run.keys.tolist()
    return lambda game, frame: keys[frame] if frame < len(keys) else None
