"""Replaying and spectating in the real game: options, pictures, and the comparison with ours."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from qwop_native.cli import parity_options as opt
from qwop_native.cli.common import NO, OK, require_extra, speed, summary
from qwop_native.recording import Recording
from qwop_native.recording.rows import Rows
from qwop_native.render.still import pixels_of, save_picture

if TYPE_CHECKING:
    from qwop_native.parity.browser import GamePage
    from qwop_native.parity.stage import BrowserStage


_END = 45  # frames for which a video shows the end, and a window at real speed


def add_browser_options(parser: argparse.ArgumentParser) -> None:
    """Adds what says that the real game is played, where it is and how it is shown."""
    opt.add_browser_options(parser, switch="play in the real game, in this Chromium or Chrome")
    opt.add_game_options(parser)


def add_speed_option(parser: argparse.ArgumentParser) -> None:
    """Adds the pace."""
    parser.add_argument(
        "--speed",
        type=speed,
        metavar="X",
        help="multiple of real time, 0 as fast as possible (default: 1 in a window, else 0)",
    )


def is_asked_for(options: argparse.Namespace) -> bool:
    """Whether ``--browser`` was given.

    Raises:
        ValueError: And with it an option that is for pictures of our own.
    """
    if options.browser is None:
        return False
    for name in ("frames", "panel", "ghost"):
        if getattr(options, name, None):
            raise ValueError(f"--{name} is for pictures of our own, not for the real game's")
    require_extra("parity", "playwright.sync_api")
    if getattr(options, "video", None) or getattr(options, "screenshot", None):
        require_extra("render", "PIL")
    return True


@contextlib.contextmanager
def browser_stage(options: argparse.Namespace, sincos: str) -> Iterator[BrowserStage]:
    """The real game as a stage, its video written if one was asked for."""
    from qwop_native.parity.stage import BrowserStage, browser_of_flavor

    with contextlib.ExitStack() as stack:
        source = opt.game_source(options)
        browser = stack.enter_context(browser_of_flavor(opt.browser_options(options), sincos))
        on_frame = None
        if options.video:
            from qwop_native.render.video import VideoWriter

            video = stack.enter_context(VideoWriter(options.video))

            print("drawing every frame for the video, some minutes for a long run", flush=True)

            def on_frame(page: GamePage, frames: int) -> None:
                picture = pixels_of(page.picture().png)
                for _ in range(frames):
                    video.add(picture)

        pace = options.speed if options.speed is not None else float(options.headed)
        stage = BrowserStage(
            browser, source, sincos, show=options.headed, speed=pace, on_frame=on_frame
        )
        stack.callback(stage.close)
        print(f"{browser.name} {browser.version} with the sine and cosine of {sincos}")
        yield stage


def finish(
    options: argparse.Namespace, stage: BrowserStage, name: str, recording: Recording, rows: Rows
) -> int:
    """Reports a run that was played in the real game, and keeps its last picture.

    Returns:
        0 if every bit of every frame is the native game's.
    """
    from qwop_native.parity.stage import compare_with_native

    stage.linger(_END)
    if options.screenshot:
        save_picture(options.screenshot, pixels_of(stage.page.picture().png))
    difference = compare_with_native(recording, rows)
    print(f"{name}: {summary(recording.metadata['result'])}")
    if difference:
        print(f"  the real game DIFFERS: {difference}")
        return NO
    print(f"  the real game is equal in every bit of {len(rows)} states")
    return OK
