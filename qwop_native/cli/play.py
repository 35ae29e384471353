"""``qwop-native play``: a person plays, at the game's own speed."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from qwop_native import _core
from qwop_native.cli import common, in_browser
from qwop_native.cli.names import short_names
from qwop_native.cli.runs import load_runs
from qwop_native.facts import DEFAULT_SINCOS, FLAVORS
from qwop_native.qwop_gym.rec import SUFFIX as REC_SUFFIX
from qwop_native.qwop_gym.rec import rec_of
from qwop_native.recording import SUFFIX, Grid, click_start, make_recording, reset_start
from qwop_native.recording.tape import Tape, parse_events

if TYPE_CHECKING:
    from qwop_native.cli.screen import Screen

_ENDED_FOR = 15  # frames after the end of the game that are still shown


def main(argv: Sequence[str]) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv, _run)


def _parser() -> argparse.ArgumentParser:
    from qwop_native.cli.screen import add_show_options

    parser = common.command_parser(
        "play",
        "Play with Q, W, O and P. A click starts, space starts again, s saves, escape ends.",
        "--ghost record.qwop --out games",
    )
    parser.add_argument(
        "--out", metavar="DIR", default=".", help="folder for games that are saved (default: here)"
    )
    parser.add_argument("--save-all", action="store_true", help="save every game, also as .rec")
    parser.add_argument(
        "--start",
        choices=("click", "reset"),
        default="click",
        help="of the first game: a click on a new page, or the game's restart (default: click)",
    )
    parser.add_argument("--sincos", choices=FLAVORS, default=DEFAULT_SINCOS)
    parser.add_argument("--keys", metavar="WORDS", help='keys instead of a person\'s: "QP*8 WO*8"')
    in_browser.add_speed_option(parser)
    add_show_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    from qwop_native.cli.screen import Screen, require_screen
    from qwop_native.cli.session import Session
    from qwop_native.render.race import Race

    if (options.video or options.screenshot) and not options.keys:
        raise ValueError("without a window --keys are needed: nobody could press any")
    require_screen(options)
    ghosts = load_runs(options.ghost)
    names = short_names(["you", *(name for name, _ in ghosts)])
    screen = Screen(options, "QWOP")
    page: Tape | None = click_start() if options.start == "click" else reset_start()
    with screen.opened():
        if screen.window and options.start == "click" and not options.keys:
            page = _intro(screen, options.sincos)
        while page:
            session = Session(
                screen,
                options.sincos,
                page,
                _source(options.keys, screen.window.mask if screen.window else lambda: 0),
                [run for _, run in ghosts],
                options.frames,
                race=Race(names, follow=True) if ghosts else None,
                save=partial(_save, options, page),
            )
            try:
                key = session.run()
                if key == "end":
                    key = session.linger(1.0)
            finally:  # also where the window was closed
                if options.save_all and session.masks:
                    _save(options, page, session.masks)
            # After the first game the page goes on with the game's own restart.
            page = reset_start() if key == "r" else None
    return common.OK


def _intro(screen: Screen, sincos: str) -> Tape | None:
    """Shows the intro until a click or the space bar.

    Returns:
        The start after as many frames as it stood, which the game feels; None for escape.
    """
    game = _core.Game(sincos)
    message = "click to run\nhold Q W O P   tab pause   space again   s save   esc end"
    for frames in count():
        for key in screen.pressed():
            if key == "escape":
                return None
            if key in ("click", "space"):
                return click_start(frames)
        screen.show(game, message=message, still=True)
    raise AssertionError("unreachable: frames do not end")


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
        # A game that was rewound has not ended any more.
        ended[0] = ended[0] + 1 if game.game_ended else 0
        if ended[0] > _ENDED_FOR:
            return None
        if scripted is None:
            return pressed()
        return scripted[frame] if frame < len(scripted) else None

    return source


def _save(options: argparse.Namespace, page: Tape, masks: Sequence[int]) -> str:
    """Keeps a game as a recording of a new name; what there is to say about it."""
    recording = make_recording(masks, options.sincos, page, Grid(1, "full"))
    path = _new_path(common.output_folder(options.out))
    recording.save(path)
    if options.save_all:
        rec_of([recording]).save(path.with_suffix(REC_SUFFIX))
    print(f"{path}: {common.summary(recording.metadata['result'])}", file=sys.stderr)
    return f"saved {path.name}"


def _new_path(folder: Path) -> Path:
    """A name for now that no recording has yet: a second may see several."""
    stem = time.strftime("qwop-%Y%m%d-%H%M%S")
    names = (f"{stem}{'' if n == 1 else f'-{n}'}{SUFFIX}" for n in count(1))
    return next(folder / name for name in names if not (folder / name).exists())
