"""``qwop-native evaluate``: how far, how fast and how surely a model runs."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.atomic import whole_file
from qwop_native.cli import common
from qwop_native.facts import DEFAULT_SINCOS, FRAMES_PER_SECOND
from qwop_native.models import starts as kinds
from qwop_native.models.evaluate import FINISHES, Run, evaluate
from qwop_native.models.load import load_policy
from qwop_native.models.run_files import EVALUATION
from qwop_native.models.starts import Start, make_starts
from qwop_native.models.summary import finished_frames, median_interval, summarize
from qwop_native.recording import SUFFIX, make_recording

_MAX_FRAMES = 4000


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv or (), _run)


def _parser() -> argparse.ArgumentParser:
    parser = common.command_parser(
        "evaluate",
        "Play a model from many starts, all side by side, and tell how it runs. It plays with the "
        "settings it was trained with, from its zip or its run's folder. Loading a model can run "
        "code that is in it: use --weights-only for one of unknown origin.",
        "runs/qrdqn-x7k2m9aa --starts idle --episodes 31 --out evaluation",
    )
    parser.add_argument(
        "model", help="zip of Stable-Baselines3, the folder of a run, champion, or planner"
    )
    parser.add_argument(
        "--episodes", type=common.positive, metavar="N", help="default: 31; scrambled: 100"
    )
    parser.add_argument(
        "--starts",
        default="idle",
        metavar="KIND",
        help="fixed: always the same; idle: 0 to 30 frames without keys first; random: 1 to 30 "
        "frames of random keys first; varied: the 155 starts that the champion is proved on; "
        "scrambled: half a second of random keys first; or a list as for spectate, such as "
        "click:0-49,env:2 (default: idle)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of random starts (default: 0)")
    parser.add_argument(
        "--max-steps",
        type=common.positive,
        metavar="N",
        help=f"steps after which a run is cut off (default: those of {_MAX_FRAMES:,} frames)",
    )
    parser.add_argument(
        "--finish",
        choices=FINISHES,
        default="game",
        help="; ".join(f"{name}: {text}" for name, text in FINISHES.items()) + " (default: game)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="file for how each run ended")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for all files")
    parser.add_argument("--top", type=int, default=3, metavar="K", help="recordings to keep")
    common.add_model_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    common.require_models()
    if options.model == common.PLANNER:
        return _run_planner(options)
    policy = load_policy(
        options.model,
        frames_per_step=options.frames_per_step,
        action_set=options.action_set,
        sincos=options.sincos,
        module=options.model_mod,
        algorithm=options.model_cls,
        deterministic=not options.stochastic,
        weights_only=options.weights_only,
        say=common.note,
    )
    env = policy.settings.env
    starts = _starts(options, policy.frames_per_step)
    limit = _limit(options, policy.frames_per_step)
    runs = evaluate(policy.chooser(), env, starts, limit, options.finish)
    return _tell(options, env, policy.settings.columns, starts, runs)


def _limit(options: argparse.Namespace, frames_per_step: int) -> int:
    """Steps after which a run is cut off."""
    return int(options.max_steps or _MAX_FRAMES // frames_per_step)


def _run_planner(options: argparse.Namespace) -> int:
    from qwop_native.search.live import evaluate_planner
    from qwop_native.search.planner import ACTIONS

    if options.finish != "game":
        raise ValueError(f"the planner plays by the game's own rule, not by {options.finish}")
    planner = common.planner(options)
    sincos = options.sincos or DEFAULT_SINCOS
    starts = _starts(options, planner.frames_per_step)

    def say(number: int, run: Run) -> None:
        print(f"{number}/{len(starts)}  {run.start}: {run.ended}, {run.frames} frames", flush=True)

    limit = _limit(options, planner.frames_per_step)
    runs = evaluate_planner(planner, starts, sincos, limit, say)
    env = {
        "frames_per_step": planner.frames_per_step,
        "action_set": ACTIONS,
        "sincos": sincos,
    }
    return _tell(options, env, (), starts, runs)


def _tell(
    options: argparse.Namespace,
    env: dict[str, Any],
    columns: Sequence[str],
    starts: Sequence[Start],
    runs: Sequence[Run],
) -> int:
    report = {
        "model": options.model,
        "env": env,
        "columns": list(columns),
        "starts": options.starts,
        "seed": options.seed,
        "deterministic": not options.stochastic,
        "finish": options.finish,
        **figures(runs),
    }
    print(text(report))
    if options.json:
        _write(options.json, json.dumps(outcomes(runs, options.finish), indent=1) + "\n")
    if options.out:
        save(common.output_folder(str(options.out)), report, runs, starts, options.top)
        print(f"files: {options.out}")
    return common.OK


def _starts(options: argparse.Namespace, frames_per_step: int) -> list[Start]:
    """A kind of starts, or a list as for spectate.

    Raises:
        ValueError: It is neither.
    """
    if options.starts in kinds.COUNTS:
        return make_starts(options.starts, options.episodes, frames_per_step, options.seed)
    try:
        pages = common.starts(options.starts, frames_per_step)
    except ValueError as error:
        raise ValueError(f"{error}; and the kinds {', '.join(kinds.COUNTS)}") from None
    if options.episodes is not None:
        raise ValueError("--episodes says nothing beside a list of starts; leave it out")
    return [Start(name, page, np.zeros(0, np.uint8)) for name, page in pages]


def outcomes(runs: Sequence[Run], finish: str) -> dict[str, Any]:
    """How each run ended, and by which rule, for JSON."""
    names = ("start", "frames", "finished", "distance")
    return {
        "finish": finish,
        "runs": [{name: getattr(run, name) for name in names} for run in runs],
    }


def figures(runs: Sequence[Run]) -> dict[str, Any]:
    """What the runs come to, for JSON."""
    falls = sorted(run.distance for run in runs if run.ended == "fall")
    by_distance: dict[str, int] = {}
    for distance in falls:
        start = max(int(distance // 10) * 10, 0)
        name = f"{start}-{start + 10} m"
        by_distance[name] = by_distance.get(name, 0) + 1
    return {
        **dataclasses.asdict(summarize(runs)),
        "median_frames_interval_95": median_interval(finished_frames(runs)),
        "cut_off": sum(run.ended == "limit" for run in runs),
        "falls_by_distance": by_distance,
    }


def text(report: dict[str, Any]) -> str:
    """The report for a person."""
    lines = [
        f"{report['episodes']} episodes, {report['starts']} starts: "
        f"{100 * report['success_rate']:.0f} % reach 100 m, "
        f"{report['mean_distance']:.1f} m on average",
        f"finish: {FINISHES[report['finish']]}",
    ]
    if report["best_frames"] is not None:
        low, high = report["median_frames_interval_95"]
        seconds = report["best_frames"] / FRAMES_PER_SECOND
        lines.append(
            f"frames: best {report['best_frames']} ({seconds:.2f} s), median "
            f"{report['median_frames']:.0f} (95 % interval {low:.0f} to {high:.0f})"
        )
    falls = ", ".join(f"{name}: {count}" for name, count in report["falls_by_distance"].items())
    lines.append(f"falls: {falls or 'none'}; cut off: {report['cut_off']}")
    return "\n".join(lines)


def save(
    folder: Path, report: dict[str, Any], runs: Sequence[Run], starts: Sequence[Start], top: int
) -> None:
    """Writes evaluation.json, episodes.csv, evaluation.png and recordings of the best runs."""
    from qwop_native.training.evaluation_picture import draw

    numbers = [run.numbers() for run in runs]
    _write(folder / EVALUATION, json.dumps({**report, "runs": numbers}, indent=1) + "\n")
    rows = io.StringIO()
    writer = csv.DictWriter(rows, list(numbers[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(numbers)
    _write(folder / "episodes.csv", rows.getvalue())
    ranked = sorted(
        zip(runs, starts, strict=True),
        key=lambda pair: (
            not pair[0].finished,
            pair[0].frames if pair[0].finished else 0,
            -pair[0].distance,
        ),
    )
    for number, (run, start) in enumerate(ranked[:top], 1):
        sincos = report["env"]["sincos"]
        recording = make_recording(run.keys, sincos, start.page, model=report["model"])
        recording.save(folder / f"best-{number}{SUFFIX}")
    try:
        draw(folder / "evaluation.png", runs, report)
    except ImportError as error:
        print(f"note: {error}")


def _write(path: Path, content: str) -> None:
    with whole_file(path) as file:
        file.write(content.encode())
