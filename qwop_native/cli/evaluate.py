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

import gymnasium as gym

from qwop_native.atomic import whole_file
from qwop_native.cli import common
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import DEFAULT_SINCOS, FRAMES_PER_SECOND
from qwop_native.models import evaluation
from qwop_native.models.settings import ModelSettings, settings_beside
from qwop_native.recording import SUFFIX, make_recording
from qwop_native.recording.starts import env_start
from qwop_native.training import fields


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the command."""
    return common.run_command(_parser(), argv or (), _run)


def _parser() -> argparse.ArgumentParser:
    parser = common.command_parser(
        "evaluate",
        "Play a model from many starts and tell how it runs. Settings are taken from the run's "
        "folder where there is one around the model. Loading a model can run code that is in it: "
        "use --weights-only for one of unknown origin.",
        "runs/qrdqn-x7k2m9aa/best_model.zip --starts idle --episodes 31 --out evaluation",
    )
    parser.add_argument("model", type=Path, help="zip of Stable-Baselines3, of any program")
    parser.add_argument("--episodes", type=common.positive, default=31, metavar="N")
    parser.add_argument(
        "--starts",
        choices=evaluation.START_KINDS,
        default="idle",
        help="fixed: always the same; idle: 0 to 30 frames without keys first; random: 1 to 30 "
        "frames of random keys first (default: idle)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of random starts (default: 0)")
    parser.add_argument("--max-steps", type=common.positive, default=1000, metavar="N")
    parser.add_argument("--stochastic", action="store_true", help="draw the model's actions")
    parser.add_argument("--weights-only", action="store_true", help="run nothing in the zip")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for all files")
    parser.add_argument("--top", type=int, default=3, metavar="K", help="recordings to keep")
    common.add_grid_options(parser)
    return parser


def _run(options: argparse.Namespace) -> int:
    from qwop_native.models.weights import read_weights

    weights = read_weights(options.model)
    outputs = len(weights.get("action_net.weight", list(weights.values())[-1]))
    told = settings_beside(options.model)
    env = settings_of(told, options, outputs)
    policy = load(options.model, env, told.columns, options.weights_only)
    starts = evaluation.start_tapes(options.starts, options.episodes, options.seed)
    played = evaluation.evaluate(
        policy, env, starts, options.max_steps, not options.stochastic, told.columns
    )
    report = {
        "model": str(options.model),
        "env": env,
        "columns": list(told.columns),
        "starts": options.starts,
        "seed": options.seed,
        "deterministic": not options.stochastic,
        **figures(played),
    }
    print(text(report))
    if options.out:
        save(common.output_folder(str(options.out)), report, played, env, options.top)
        print(f"files: {options.out}")
    return common.OK


def settings_of(told: ModelSettings, options: argparse.Namespace, outputs: int) -> dict[str, Any]:
    """Arguments of `QwopEnv` for a model: options first, then its run's folder, then a guess.

    Args:
        told: What the run's folder says.
        options: With frames_per_step, action_set and sincos, None where not given.
        outputs: Outputs of the network, a multiple of the number of actions.
    """
    found = {name: fields.number(value) for name, value in told.env.items()}
    if options.action_set:
        found = {key: value for key, value in found.items() if "action_set" not in key}
        found["action_set"] = options.action_set
    for name in ("frames_per_step", "sincos"):
        if getattr(options, name) is not None:
            found[name] = getattr(options, name)
    found.setdefault("frames_per_step", 4)
    if not found.get("action_set") and "reduced_action_set" not in found:
        found["action_set"] = "reduced" if outputs % 9 == 0 else "full"
        print(
            f"note: nothing tells the model's actions; taking the {found['action_set']} set "
            f"(--action-set {'|'.join(ACTION_SETS)})"
        )
    return found


def load(
    model: Path, env: dict[str, Any], columns: Sequence[str], weights_only: bool
) -> evaluation.Policy:
    """Loads a model, or its weights alone.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no model, or sees or does other than this environment.
    """
    from qwop_native import QwopEnv
    from qwop_native.models.weights import algorithm_of, check_model, load_weights_only
    from qwop_native.training.algorithms import get_algorithm
    from qwop_native.wrappers import RichObservation

    kind = algorithm_of(model)
    template: gym.Env[Any, Any] = QwopEnv(**env)
    keys = len(template.get_wrapper_attr("action_keys"))
    if columns:
        template = RichObservation(template, columns)
    check_model(model, kind, template.observation_space, template.action_space)
    if weights_only:
        return load_weights_only(model, (keys,))
    # The learner's own objects are not needed and may be of other versions.
    unused = {name: lambda _: 0.0 for name in ("lr_schedule", "exploration_schedule")}
    loaded = get_algorithm(kind).model_class().load(model, device="cpu", custom_objects=unused)
    if getattr(loaded.action_space, "n", None) != keys:
        raise ValueError(f"{model} has {loaded.action_space}, not {keys} keys")
    return loaded


def figures(played: Sequence[evaluation.Episode]) -> dict[str, Any]:
    """What the episodes come to, for JSON."""
    falls = sorted(episode.distance for episode in played if episode.ended == "fall")
    by_distance: dict[str, int] = {}
    for distance in falls:
        start = max(int(distance // 10) * 10, 0)
        name = f"{start}-{start + 10} m"
        by_distance[name] = by_distance.get(name, 0) + 1
    frames = [episode.frames for episode in played if episode.success]
    return {
        **dataclasses.asdict(evaluation.summarize(played)),
        "median_frames_interval_95": evaluation.median_interval(frames),
        "cut_off": sum(episode.ended == "limit" for episode in played),
        "falls_by_distance": by_distance,
    }


def text(report: dict[str, Any]) -> str:
    """The report for a person."""
    lines = [
        f"{report['episodes']} episodes, {report['starts']} starts: "
        f"{100 * report['success_rate']:.0f} % reach 100 m, "
        f"{report['mean_distance']:.1f} m on average"
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
    folder: Path,
    report: dict[str, Any],
    played: Sequence[evaluation.Episode],
    env: dict[str, Any],
    top: int,
) -> None:
    """Writes evaluation.json, episodes.csv, evaluation.png and recordings of the best runs."""
    from qwop_native.training.evaluation_picture import draw

    numbers = [episode.numbers() for episode in played]
    _write(folder / "evaluation.json", json.dumps({**report, "runs": numbers}, indent=1) + "\n")
    rows = io.StringIO()
    writer = csv.DictWriter(rows, list(numbers[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(numbers)
    _write(folder / "episodes.csv", rows.getvalue())
    ranked = sorted(
        played, key=lambda run: (not run.success, run.frames if run.success else 0, -run.distance)
    )
    for number, run in enumerate(ranked[:top], 1):
        recording = make_recording(
            run.keys,
            env.get("sincos", DEFAULT_SINCOS),
            env_start(env["frames_per_step"]),
            model=report["model"],
        )
        recording.save(folder / f"best-{number}{SUFFIX}")
    try:
        draw(folder / "evaluation.png", played, report)
    except ImportError as error:
        print(f"note: {error}")


def _write(path: Path, content: str) -> None:
    with whole_file(path) as file:
        file.write(content.encode())
