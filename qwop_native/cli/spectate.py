"""``qwop-native spectate``: watch a model play, in our game or in the real one."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.cli import common, in_browser
from qwop_native.cli.runs import load_runs, named
from qwop_native.models.load import frames_of
from qwop_native.models.policy import ModelPolicy
from qwop_native.recording import SUFFIX, Recording
from qwop_native.recording.player import row_of
from qwop_native.recording.stage import NativeStage, Policy, run_policy
from qwop_native.recording.tape import Tape

if TYPE_CHECKING:
    from qwop_native.render.panel import Choice


def main(argv: Sequence[str]) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv, _run)


def _parser() -> argparse.ArgumentParser:
    from qwop_native.cli.screen import add_show_options

    parser = common.command_parser(
        "spectate",
        "Let a model play, from one or more starts.",
        "model.zip --browser --starts env:1-10 --out runs",
    )
    parser.add_argument("model", help=common.MODEL_HELP)
    parser.add_argument(
        "--starts",
        default="env:1",
        metavar="LIST",
        help="click:N (the click after N idle frames), reset:N (that and a restart), env:N (the "
        "N-th reset of the environment); ranges as click:0-49, several with commas",
    )
    parser.add_argument("--max-frames", type=common.positive, default=4000, metavar="N")
    parser.add_argument("--out", metavar="DIR", help="folder for a recording of each run")
    parser.add_argument("--results", metavar="FILE", help="JSON file for how each run ended")
    parser.add_argument("--quiet", action="store_true", help="show nothing, only the results")
    in_browser.add_speed_option(parser)
    common.add_model_options(parser)
    in_browser.add_browser_options(parser)
    add_show_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    from qwop_native.cli.screen import require_screen

    in_our_game = not in_browser.is_asked_for(options)
    if in_our_game and not options.quiet:
        require_screen(options)
    policy = common.player(options, options.model)
    starts = common.starts(options.starts, options.frames_per_step or frames_of(policy))
    results = Results(options)
    if not in_our_game:
        return _in_browser(options, policy, starts, results)
    stage = NativeStage(common.flavor(options, policy))
    runs = []
    for name, page in starts:
        run, _ = run_policy(stage, page, policy, options.max_frames, policy=options.model)
        print(f"{name}: {common.summary(run.metadata['result'])}")
        results.add(name, run)
        runs.append(run)
    results.save()
    if not options.quiet:
        _show(options, policy, runs)
    return common.OK


def _show(options: argparse.Namespace, policy: Policy, runs: Sequence[Recording]) -> None:
    """Shows the runs one after the other, and in the panel what a model thinks."""
    from qwop_native.cli.screen import Screen
    from qwop_native.cli.session import show_run

    ghosts = load_runs(options.ghost)
    screen = Screen(options, "qwop-native spectate")
    choice = _thoughts(policy) if options.panel else None
    with screen.opened():
        for run in runs:
            if not show_run(screen, named([(options.model, run), *ghosts]), options.frames, choice):
                break


def _thoughts(policy: Policy) -> Callable[[_core.Game, int], Choice | None] | None:
    """What a model thinks of its actions in each step; None for other players."""
    from qwop_native.render.panel import Choice

    if not isinstance(policy, ModelPolicy) or policy.grid is None:
        return None
    frames_per_step = policy.grid.frames_per_step
    last: list[Choice | None] = [None]

    def choice(game: _core.Game, frame: int) -> Choice | None:
        if frame % frames_per_step == 0:
            name, values = policy.values(row_of(game)[0], int(game.keys), frame == 0)
            best = max(range(len(values)), key=values.__getitem__, default=0)
            last[0] = Choice(name, policy.labels, values, best) if values else None
        return last[0]

    return choice


def _in_browser(
    options: argparse.Namespace,
    policy: Policy,
    starts: Sequence[tuple[str, Tape]],
    results: Results,
) -> int:
    """Lets the policy play in the real game, from nothing but what that game shows."""
    status = common.OK
    with in_browser.browser_stage(options, common.flavor(options, policy)) as stage:
        for name, page in starts:
            run, rows = run_policy(stage, page, policy, options.max_frames, policy=options.model)
            status = max(status, in_browser.finish(options, stage, name, run, rows))
            results.add(name, run, in_browser=True)
    results.save()
    return status


class Results:
    """How the runs ended, and their recordings, as the options ask for them."""

    def __init__(self, options: argparse.Namespace) -> None:
        self._folder = common.output_folder(options.out) if options.out else None
        self._file = options.results
        self._entries: list[dict[str, object]] = []

    def add(self, start: str, run: Recording, in_browser: bool = False) -> None:
        """Takes one run."""
        result = run.metadata["result"]
        self._entries.append(
            {"start": start, "sincos": run.sincos, "browser": in_browser, **result}
        )
        if self._folder:
            run.save(self._folder / f"{start.replace(':', '-')}-{run.sincos}{SUFFIX}")

    def save(self) -> None:
        """Writes the list and prints a line about all of them."""
        frames = sorted(int(str(e["frames"])) for e in self._entries if e["landed"])
        if len(self._entries) > 1:
            line = f"{len(frames)} of {len(self._entries)} landed"
            if frames:
                line += f"; frames: best {frames[0]}, median {frames[len(frames) // 2]}"
            print(line)
        if self._file:
            with whole_file(self._file) as file:
                file.write(json.dumps(self._entries, indent=1).encode() + b"\n")
