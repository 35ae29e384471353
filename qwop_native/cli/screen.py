"""Where a run is shown: a window with its keys, a video, or one picture of its end."""

from __future__ import annotations

import argparse
import contextlib
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from qwop_native import _core
from qwop_native.cli import common
from qwop_native.facts import FRAMES_PER_SECOND, RECORD_SECONDS
from qwop_native.render.panel import Choice
from qwop_native.render.picture import Renderer
from qwop_native.render.race import Race, Standing
from qwop_native.render.still import save_picture
from qwop_native.render.video import Picture, VideoWriter
from qwop_native.render.window import Window, WindowClosedError

_FLAT_OUT = 8  # frames of the game from picture to picture where nothing else sets the pace
_SLOWEST, _FASTEST = 1 / 16, 64.0
_NOTICE = 45  # pictures for which something is said
KEYS_HELP = (
    "in the window: tab pause, right one frame, left back a second, up and down speed, r again, "
    "escape end"
)


def add_show_options(parser: argparse.ArgumentParser) -> None:
    """Adds where a run is shown."""
    group = parser.add_argument_group("picture", KEYS_HELP)
    group.add_argument(
        "--video", metavar="FILE", help="video of all runs: .mp4, .gif or .webp; no window"
    )
    group.add_argument(
        "--screenshot",
        type=common.picture,
        metavar="FILE",
        help="last picture: .png, .jpg or .webp; no window",
    )
    group.add_argument(
        "--size", type=common.size, default=(960, 600), metavar="WxH", help="default: 960x600"
    )
    group.add_argument(
        "--fps", type=common.positive, default=30, metavar="N", help="pictures a second, at most"
    )
    group.add_argument(
        "--pace",
        type=float,
        default=RECORD_SECONDS,
        metavar="S",
        help="seconds for the 100 m of the dashed line (default: the human record)",
    )
    group.add_argument("--panel", action="store_true", help="numbers of bodies and player beside")
    group.add_argument("--frames", type=common.positive, metavar="N", help="stop after N frames")
    group.add_argument(
        "--ghost", nargs="+", default=[], metavar="RUN", help="recordings that run beside"
    )


def require_screen(options: argparse.Namespace) -> None:
    """Refuses to begin what cannot be shown, as the options ask for, with what is installed.

    Raises:
        ImportError: A package is missing.
    """
    if options.video:
        common.require_extra("render", "imageio_ffmpeg")
    if options.screenshot:
        common.require_extra("render", "PIL")
    if not options.video and not options.screenshot:
        common.require_extra("render", "pygame")


class Screen:
    """Where pictures go: a video or a file if one was asked for, else a window.

    Args:
        options: Those of `add_show_options`, and the speed.
        title: Of the window.

    Attributes:
        window: The window, or None.
        fps: Most pictures a second.
    """

    def __init__(self, options: argparse.Namespace, title: str) -> None:
        width, height = options.size
        self._renderer = Renderer(width, height, options.panel, options.pace)
        self._speed = 1.0 if options.speed is None else float(options.speed)
        self.fps: int = options.fps
        self._video = None
        if options.video:
            self._speed = self._speed or 1.0
            self._video = VideoWriter(options.video, FRAMES_PER_SECOND * self._speed / self.stride)
        self._screenshot = options.screenshot
        headless = options.video or options.screenshot
        self.window = None if headless else Window(options.size, title, for_a_person=True)
        self._last: Callable[[], Picture] | None = None
        self._waiting: deque[str] = deque()
        self._said, self._said_for = "", 0

    @property
    def stride(self) -> int:
        """Frames of the game from picture to picture: faster runs skip pictures, not frames."""
        wanted = FRAMES_PER_SECOND * self._speed / self.fps
        return math.ceil(wanted) if self._speed else _FLAT_OUT

    def show(
        self,
        game: _core.Game,
        ghosts: Sequence[_core.Game] = (),
        choice: Choice | None = None,
        message: str = "",
        still: bool = False,
        race: Race | None = None,
        podium: Sequence[Standing] = (),
    ) -> None:
        """Draws a picture (see `Renderer.draw`) and waits until its frames are over.

        Args:
            game: The game.
            ghosts: Others that run beside it.
            choice: What the player thinks.
            message: What is written at the bottom.
            still: Whether the game stands, whatever its speed.
            race: Names of the runners.
            podium: How the race has ended, if that is to be shown.
        """
        if self._said_for:
            self._said_for -= 1
            message = "\n".join((message.partition("\n")[0], self._said))
        self._last = partial(self._renderer.draw, game, ghosts, choice, message, race, podium)
        if self._video:
            self._video.add(self._last())
        if self.window:
            self.window.show(self._last())
            if still or self._speed:
                self.window.pace(30.0 if still else FRAMES_PER_SECOND * self._speed / self.stride)

    def say(self, text: str) -> None:
        """Writes something into the next pictures."""
        self._said, self._said_for = text, _NOTICE

    def pressed(self) -> Iterator[str]:
        """Names of the keys pressed and not yet taken; those for the speed are dealt with."""
        if self.window:
            self._waiting.extend(self.window.pressed())
        while self._waiting:
            key = self._waiting.popleft()
            if key in ("up", "down"):
                faster = (self._speed or _FASTEST) * (2.0 if key == "up" else 0.5)
                self._speed = min(max(faster, _SLOWEST), _FASTEST)
                self.say(f"speed {self._speed:g}")
            else:
                yield key

    @contextlib.contextmanager
    def opened(self) -> Iterator[Screen]:
        """Keeps video and last picture at the end; a window that is closed is no mistake."""
        try:
            with self._video or contextlib.nullcontext(), contextlib.suppress(WindowClosedError):
                yield self
            if self._screenshot and self._last:
                save_picture(self._screenshot, self._last())
        finally:
            if self.window:
                self.window.close()
