"""``qwop-native replay``: play recordings again, in our game or in the real one."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from itertools import groupby

from qwop_native import _core
from qwop_native.cli import common, in_browser
from qwop_native.cli.runs import load_runs, named, stem_of
from qwop_native.qwop_gym.rec import rec_of
from qwop_native.recording import SUFFIX, DivergedError, Recording
from qwop_native.recording.model import result_of


def main(argv: Sequence[str]) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv, _run)


def _parser() -> argparse.ArgumentParser:
    from qwop_native.cli.screen import add_show_options

    parser = common.command_parser(
        "replay",
        "Play recordings again and check that each is the run it says.",
        "run.qwop --browser --game-dir ~/qwop --headed",
    )
    parser.add_argument("runs", nargs="+", help=".qwop or .rec files, or patterns of them")
    parser.add_argument("--check", action="store_true", help="only check, show nothing")
    in_browser.add_speed_option(parser)
    common.add_grid_options(parser)
    parser.add_argument(
        "--resets",
        type=common.positive,
        metavar="N",
        help="restarts before the first episode of a .rec file (default: tries 2, then 1)",
    )
    keep = parser.add_argument_group("keeping the runs, in either format")
    keep.add_argument("--out", metavar="DIR", help="folder for a .qwop file of each")
    keep.add_argument("--rec", metavar="FILE", help="one .rec file of all, as qwop-gym reads them")
    in_browser.add_browser_options(parser)
    add_show_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    from qwop_native.cli.screen import require_screen

    shown = not options.check and not in_browser.is_asked_for(options)
    if shown:
        require_screen(options)
    runs = load_runs(
        options.runs,
        frames_per_step=options.frames_per_step,
        action_set=options.action_set,
        sincos=options.sincos,
        resets=options.resets,
    )
    _keep(options, runs)
    if in_browser.is_asked_for(options):
        return _in_browser(options, runs)
    if not options.check:
        return _show(options, runs)
    return max(_check(name, run) for name, run in runs)


def _keep(options: argparse.Namespace, runs: Sequence[tuple[str, Recording]]) -> None:
    """Writes the runs in the formats that were asked for."""
    if options.rec:
        rec_of([run for _, run in runs]).save(options.rec)
    if not options.out:
        return
    folder = common.output_folder(options.out)
    for name, run in runs:
        path = folder / f"{stem_of(name).replace(', episode ', '-')}{SUFFIX}"
        if path.exists():
            raise FileExistsError(f"{path} is there already")
        run.save(path)


def _show(options: argparse.Namespace, runs: Sequence[tuple[str, Recording]]) -> int:
    """Shows the runs one after the other, and checks each before."""
    from qwop_native.cli.screen import Screen
    from qwop_native.cli.session import show_run

    ghosts = load_runs(options.ghost)
    screen, status = Screen(options, "qwop-native replay"), common.OK
    with screen.opened():
        for name, run in runs:
            status = max(status, _check(name, run))
            if not show_run(screen, named([(name, run), *ghosts]), options.frames):
                break
    return status


def played(name: str, run: Recording) -> _core.Game | None:
    """The game at the end of a run; None, and a line that says so, if it comes out otherwise."""
    try:
        return run.play()
    except DivergedError as error:
        print(f"{name}: {error}")
        return None


def _check(name: str, run: Recording) -> int:
    game = played(name, run)
    if game is None:
        return common.NO
    print(f"{name}: {common.summary(result_of(game))}; {len(run.hashes)} hashes agree")
    return common.OK


def _in_browser(options: argparse.Namespace, runs: Sequence[tuple[str, Recording]]) -> int:
    status = common.OK
    for sincos, group in groupby(runs, key=lambda named: named[1].sincos):
        with in_browser.browser_stage(options, sincos) as stage:
            for name, run in group:
                status = max(status, in_browser.finish(options, stage, name, run, stage.play(run)))
    return status
