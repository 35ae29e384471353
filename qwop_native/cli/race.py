"""``qwop-native race``: models and recordings against each other, from the same start."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from qwop_native.cli import common, in_browser
from qwop_native.cli.runs import load_runs, named
from qwop_native.models.load import frames_of
from qwop_native.qwop_gym.rec import SUFFIX as REC_SUFFIX
from qwop_native.recording import SUFFIX, Recording
from qwop_native.recording.stage import NativeStage, run_policy


def main(argv: Sequence[str]) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv, _run)


def _parser() -> argparse.ArgumentParser:
    from qwop_native.cli.screen import add_show_options

    parser = common.command_parser(
        "race",
        "Let models and recordings run side by side; a table says who was first.",
        "model.zip record.qwop --video race.mp4",
    )
    parser.add_argument("runners", nargs="+", help=f"recordings, and {common.MODEL_HELP}")
    parser.add_argument("--start", default="env:1", help="of the models, as for spectate")
    parser.add_argument("--max-frames", type=common.positive, default=4000, metavar="N")
    parser.add_argument("--table", action="store_true", help="only the table, no picture")
    in_browser.add_speed_option(parser)
    common.add_model_options(parser)
    add_show_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    from qwop_native.cli.screen import Screen, require_screen

    if not options.table:
        require_screen(options)
    found = [run for name in options.runners for run in _runs(options, name)]
    everybody = named([*found, *load_runs(options.ghost)])
    runs, ghosts = everybody[: len(found)], everybody[len(found) :]
    runs.sort(key=lambda run: _rank(run[1]))
    for place, (name, run) in enumerate(runs, start=1):
        print(f"{place}. {name}: {common.summary(run.metadata['result'])}")
    if options.table:
        return common.OK
    from qwop_native.cli.session import show_race

    screen = Screen(options, "qwop-native race")
    with screen.opened():
        show_race(screen, [*runs, *ghosts], options.frames)
    return common.OK


def _runs(options: argparse.Namespace, name: str) -> list[tuple[str, Recording]]:
    if Path(name).suffix in (SUFFIX, REC_SUFFIX):
        return load_runs([name])
    try:
        policy = common.player(options, name)
    except ValueError as error:  # which of several models called best_model.zip it is
        raise ValueError(str(error) if name in str(error) else f"{name}: {error}") from None
    frames_per_step = options.frames_per_step or frames_of(policy)
    (_, page), *more = common.starts(options.start, frames_per_step)
    if more:
        raise ValueError("a race has one start")
    stage = NativeStage(common.flavor(options, policy))
    run, _ = run_policy(stage, page, policy, options.max_frames, policy=name)
    return [(name, run)]


def _rank(run: Recording) -> tuple[bool, float]:
    """Those who landed by their time, then the others by how far they got."""
    result = run.metadata.get("result", {})
    if result.get("landed"):
        return (False, float(result["frames"]))
    return (True, -float(result.get("distance", 0)))
