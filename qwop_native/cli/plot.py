"""``qwop-native plot``: one kind of picture a subcommand."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.cli import plot_groups
from qwop_native.cli.common import require_extra, sentence
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.plots.style import checked_format, save, styled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from qwop_native.plots.run_data import RunData
    from qwop_native.recording import Recording

PROG = "qwop-native plot"
_RUN_HELP = "recording: .qwop, or qwop-gym's .rec; or a folder of them"

Draw = Callable[[argparse.Namespace], "Figure"]


def main(argv: Sequence[str]) -> int:
    """Draws one picture.

    Args:
        argv: Kind, input and options.

    Returns:
        0, or 2 for a mistake or a missing part.
    """
    given = _parser().parse_args(argv)
    try:
        require_extra("plots", "matplotlib")
        checked_format(given.output)
        with styled():
            figure = given.draw(given)
        save(figure, given.output)
    except (ImportError, OSError, ValueError) as error:
        print(f"{PROG} {given.kind}: {sentence(error)}", file=sys.stderr)
        return 2
    print(f"wrote {given.output}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=PROG,
        description="Draws runs, trainings, speed and parity.",
        epilog=f"example:\n  {PROG} speed run.qwop -o speed.png",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = parser.add_subparsers(dest="kind", required=True, metavar="KIND")
    _run_kinds(kinds)
    _training_kinds(kinds)
    _report_kinds(kinds)
    return parser


def _kind(kinds: Any, name: str, text: str, draw: Draw, example: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = kinds.add_parser(
        name,
        help=text,
        description=f"Draws {text}.",
        epilog=f"example:\n  {PROG} {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(draw=draw)
    parser.add_argument(
        "-o", "--output", type=Path, default=Path(f"{name}.png"), help="PNG or SVG, %(default)s"
    )
    return parser


# ---- runs ------------------------------------------------------------------------------------


def _run_kinds(kinds: Any) -> None:
    speed = _kind(
        kinds, "speed", "speed over distance with 10 m splits", _speed, "a.qwop b.qwop -o speed.svg"
    )
    speed.add_argument("runs", nargs="+", metavar="RUN", help=_RUN_HELP)
    _add_rec_options(speed)
    keys = _kind(
        kinds, "keys", "keys and foot contacts over time", _keys, "run.qwop --first 10 --last 14"
    )
    _one_run(keys)
    keys.add_argument("--first", type=float, default=0.0, help="second to begin at, %(default)s")
    keys.add_argument("--last", type=float, help="second to end at, the end of the run")
    gait = _kind(
        kinds, "gait", "a strip of poses over the keys", _gait, "run.qwop --first 40 --last 52"
    )
    _one_run(gait)
    gait.add_argument("--first", type=float, default=0.0, help="meter to begin at, %(default)s")
    gait.add_argument("--last", type=float, help="meter to end at, 12 further")
    gait.add_argument("--every", type=_count, default=28, help="frames between poses, %(default)s")
    phase = _kind(kinds, "phase", "phase portraits of hips and knees", _phase, "run.qwop")
    _one_run(phase)
    phase.add_argument("--skip", type=float, default=5.0, help="meters drawn pale, %(default)s")


def _one_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help=_RUN_HELP)
    _add_rec_options(parser)


def _add_rec_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("qwop-gym's .rec files, which do not say it")
    group.add_argument("--frames-per-step", type=_count, metavar="N", help="default: 1")
    group.add_argument("--action-set", choices=sorted(ACTION_SETS), help="default: full")
    group.add_argument("--resets", type=_count, metavar="N", help="default: tries 2, then 1")


def _count(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value


def _recordings(given: argparse.Namespace, paths: Sequence[str]) -> list[tuple[str, Recording]]:
    """Short names and recordings, the episodes of ``.rec`` files one by one."""
    from qwop_native.cli.runs import load_runs, named

    runs = load_runs(
        plot_groups.recordings(paths),
        frames_per_step=given.frames_per_step,
        action_set=given.action_set,
        resets=given.resets,
    )
    return named(runs)


def _recording(given: argparse.Namespace) -> tuple[str, Recording]:
    runs = _recordings(given, [plot_groups.one_recording(given.run)])
    if len(runs) != 1:
        raise ValueError(
            f"{given.run} holds {len(runs)} runs; keep each with qwop-native replay --check --out"
        )
    return runs[0]


def _load(given: argparse.Namespace) -> RunData:
    from qwop_native.plots.run_data import replay

    name, run = _recording(given)
    return replay(run, name)


def _speed(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.run_data import replay
    from qwop_native.plots.runs import speed

    return speed([replay(run, name) for name, run in _recordings(given, given.runs)])


def _keys(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.runs import keys

    return keys(_load(given), given.first, given.last)


def _gait(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.gait import gait

    last = given.first + 12 if given.last is None else given.last
    if last - given.first < 2:
        raise ValueError("a strip must be 2 m long at least")
    return gait(_load(given), given.first, last, given.every)


def _phase(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.runs import phase

    return phase(_load(given), given.skip)


# ---- trainings -------------------------------------------------------------------------------


def _training_kinds(kinds: Any) -> None:
    grouped = "name=PATH puts several under one name"
    apart = "those without a name are kept apart by algorithm"
    training = _kind(
        kinds,
        "training",
        "training curves over seeds",
        _training,
        "runs/qrdqn-1 runs/qrdqn-2 runs/dqn-1 -t user/distance",
    )
    training.add_argument(
        "folders",
        nargs="+",
        metavar="RUN",
        help=f"run folders, folders of them, or event files; {grouped}; {apart}",
    )
    training.add_argument("-t", "--tag", default="user/distance", help="curve, %(default)s")
    finish = _kind(
        kinds,
        "finish",
        "the distribution of finish times, with the record",
        _finish,
        "policy=runs/qrdqn-1 search=best/",
    )
    finish.add_argument(
        "inputs",
        nargs="+",
        metavar="PATH",
        help="recordings, folders of them, run folders, JSON of evaluate and of spectate; "
        + grouped,
    )
    _add_rec_options(finish)


def _training(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.training import curves, load_curve

    groups = plot_groups.trainings(given.folders)
    loaded = {
        name: [load_curve(path, given.tag) for path in paths] for name, paths in groups.items()
    }
    return curves(loaded, given.tag)


def _finish(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.finish import Finish, finish_of, finishes, load_finishes

    def ended(path: Path) -> list[Finish]:
        if path.suffix != ".rec":
            return load_finishes(path)
        return [finish_of(run, name) for name, run in _recordings(given, [str(path)])]

    groups = plot_groups.ended(given.inputs)
    return finishes(
        {
            name: [finish for path in paths for finish in ended(path)]
            for name, paths in groups.items()
        }
    )


# ---- reports ---------------------------------------------------------------------------------


def _report_kinds(kinds: Any) -> None:
    throughput = _kind(
        kinds,
        "throughput",
        "frames per second of a benchmark",
        _throughput,
        "runs/benchmark/results.json",
    )
    throughput.add_argument("results", type=Path, help="results.json of a benchmark")
    parity = _kind(
        kinds, "parity", "the rows of a parity report", _parity, "parity-report/report.json"
    )
    parity.add_argument("report", type=Path, help="report.json of a parity report")
    divergence = _kind(
        kinds,
        "divergence",
        "how a run parts when its sine and cosine are another browser's",
        _divergence,
        "run.qwop --sincos fdlibm",
    )
    _one_run(divergence)
    divergence.add_argument("--sincos", default="fdlibm", help="the other flavor, %(default)s")
    divergence.add_argument("--frames", type=_count, default=400, help="frames, %(default)s")


def _throughput(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.reports import throughput

    return throughput(plot_groups.report(given.results, "results.json"))


def _parity(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.reports import parity

    return parity(plot_groups.report(given.report, "report.json"))


def _divergence(given: argparse.Namespace) -> Figure:
    from qwop_native.plots.reports import body_distances, divergence
    from qwop_native.recording.grid import key_events
    from qwop_native.recording.player import NativePlayer

    name, recording = _recording(given)
    events = [*recording.page.after_click, *key_events(recording.keys[: given.frames])]
    rows = []
    for sincos in (recording.sincos, given.sincos):
        player = NativePlayer(sincos, recording.page.idle_frames)
        player.game.start(recording.page.idle_frames)
        rows.append(player.play(events))
    title = f"{name} in {recording.sincos} and in {given.sincos}"
    return divergence(body_distances(*rows), title)
