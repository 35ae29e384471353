"""``qwop-native play``: a person plays, at the game's own speed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qwop_native import _core
from qwop_native.commands import common, in_browser
from qwop_native.commands.runs import load_runs
from qwop_native.recording import SUFFIX, Grid, click_start, make_recording, reset_start
from qwop_native.recording.rec import SUFFIX as REC_SUFFIX
from qwop_native.recording.rec import rec_of
from qwop_native.recording.tape import parse_events

if TYPE_CHECKING:
    from qwop_native.commands.session import Screen

_ENDED_FOR = 15  # frames after the end of the game that are still shown


def main(argv: Sequence[str]) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv, _run)


def _parser() -> argparse.ArgumentParser:
    from qwop_native.commands.session import add_show_options

    parser = common.command_parser(
        "play",
        "Play with Q, W, O and P. Space starts again, s saves the game, escape ends.",
        "--ghost record.qwop --out games",
    )
    parser.add_argument("--out", metavar="DIR", default=".", help="folder for games that are saved")
    parser.add_argument("--save-all", action="store_true", help="save every game, also as .rec")
    parser.add_argument("--start", choices=("click", "reset"), default="click")
    parser.add_argument("--sincos", choices=common.FLAVOURS, default="glibc")
    parser.add_argument("--keys", metavar="WORDS", help='keys instead of a person\'s: "QP*8 WO*8"')
    in_browser.add_speed_option(parser)
    add_show_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    from qwop_native.commands.session import Screen, Session

    if options.video and not options.keys:
        raise ValueError("a video without a window needs --keys: nobody could press any")
    ghosts = [run for _, run in load_runs(options.ghost)]
    screen = Screen(options, "QWOP")
    page = click_start() if options.start == "click" else reset_start()
    with screen.opened():
        if screen.window and options.start == "click":
            page = click_start(_idle_until_click(screen, options.sincos))
        while True:
            source = _source(options.keys, screen.window.mask if screen.window else lambda: 0)
            session = Session(screen, options.sincos, page, source, ghosts, options.frames)
            key = session.run()
            if key == "end":
                if options.save_all:
                    _save(options, session.masks, page)
                key = session.linger(1.0)
            if key == "s":
                _save(options, session.masks, page)
            if key in ("end", "escape"):
                break
            # After the first game the page goes on with the game's own restart.
            page = reset_start()
        if options.save_all and key == "escape":
            _save(options, session.masks, page)
    return common.OK


def _idle_until_click(screen: Screen, sincos: str) -> int:
    """Shows the intro until a click or the space bar; the frames it stood, which the game feels."""
    game = _core.Game(sincos)
    frames = 0
    while not {"click", "space"} & set(screen.pressed()):
        screen.show(game, message="click to run")
        frames += 1
    return frames


def _source(
    words: str | None, pressed: Callable[[], int]
) -> Callable[[_core.Game, int], int | None]:
    """Masks of the next frames: a person's, or those of the words."""
    scripted: list[int] | None = None
    if words is not None:
        events = list(parse_events(words))
        if any(event.kind != "keys" for event in events):
            raise ValueError("--keys may only name keys, as QP*8 or -*4")
        scripted = [event.keys for event in events for _ in range(event.count)]
    ended = [0]

    def source(game: _core.Game, frame: int) -> int | None:
        ended[0] += game.game_ended
        if ended[0] > _ENDED_FOR:
            return None
        if scripted is None:
            return pressed()
        return scripted[frame] if frame < len(scripted) else None

    return source


def _save(options: argparse.Namespace, masks: Sequence[int], page: object) -> None:
    folder = common.output_folder(options.out)
    stem = time.strftime("qwop-%Y%m%d-%H%M%S")
    recording = make_recording(masks, options.sincos, page, Grid(1, "full"))  # type: ignore[arg-type]
    path = folder / f"{stem}{SUFFIX}"
    recording.save(path)
    if options.save_all:
        rec_of([recording]).save(Path(path).with_suffix(REC_SUFFIX))
    print(f"{path}: {common.summary(recording.metadata['result'])}", file=sys.stderr)
