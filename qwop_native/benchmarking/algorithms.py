"""A short training of each algorithm: how far its policy gets before and after.

    python -m benchmarks.algorithms --folder runs/algorithms --demonstrations demos.npz

Each algorithm has its own file of settings in train/configs with the few changes below, which let
it learn within minutes. Before and after, its greedy policy plays the same ten starts.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from qwop_native.atomic import whole_file
from qwop_native.models.run_files import EVALUATION
from qwop_native.training.algorithms import CONFIGS, REGISTRY

EPISODES = 10

# At qwop-gym's cost of a fall a beginner learns to stand still first.
COMMON = {
    "max_episode_steps": 300,
    "evaluation_episodes": EPISODES,
    "env": {"frames_per_step": 4, "action_set": "essential", "failure_cost": 1},
    "n_checkpoints": 0,
    "n_evaluations": 0,
    "n_reports": 0,
    "log_tensorboard": False,
    "progress_bar": False,
    "learner.gamma": 0.98,
}

_VALUE = {
    "n_envs": 16,
    "learner.learning_rate": 1e-3,
    "learner.learning_starts": 2000,
    "learner.exploration_initial_eps": 0.5,
    "learner.exploration_final_eps": 0.0,
    "learner.exploration_fraction": 0.7,
}
_FROM_DEMONSTRATIONS = {**_VALUE, "total_timesteps": 50_000, "learner.margin_weight": 1.0}
_ADVERSARIAL = {"total_timesteps": 200_000, "learner.horizon": 300, "learner.n_steps": 128}

CHANGES: dict[str, dict[str, Any]] = {
    "qrdqn": {**_VALUE, "total_timesteps": 150_000},
    "dqn": {**_VALUE, "total_timesteps": 150_000},
    "ppo": {"total_timesteps": 500_000, "learner.n_steps": 256},
    "recurrent_ppo": {
        "total_timesteps": 150_000,
        "learner.n_steps": 128,
        "learner.batch_size": 512,
        "learner.n_epochs": 5,
        "learner.learning_rate": 1e-3,
    },
    "a2c": {"total_timesteps": 300_000},
    "filtered_ppo": {"total_timesteps": 200_000, "learner.n_steps": 256},
    "bc": {"total_timesteps": 1000, "learner.n_epochs": 30},
    "gail": _ADVERSARIAL,
    "airl": {
        **_ADVERSARIAL,
        "total_timesteps": 600_000,
        "learner.learning_rate": "lin_decay_0.001_0.0001_1.0",
    },
    "dqn_demo": _FROM_DEMONSTRATIONS,
    "qrdqn_demo": {**_FROM_DEMONSTRATIONS, "learner.n_quantiles": 25},
}
"""What is changed in an algorithm's file of settings."""

_DEMONSTRATIONS = {
    "learner.demonstrations": ("bc", "gail", "airl"),
    "learner.demo_file": ("dqn_demo", "qrdqn_demo"),
}


class Result(NamedTuple):
    """One run; distances are means over the episodes, in meters."""

    algorithm: str
    seed: int
    transitions: int
    seconds: float
    untrained: float
    trained: float


def settings_of(name: str, demonstrations: Path | None) -> dict[str, Any] | None:
    """The changes for an algorithm, None where it needs demonstrations and there are none."""
    changes = {**COMMON, **CHANGES[name]}
    for key, names in _DEMONSTRATIONS.items():
        if name in names:
            if demonstrations is None:
                return None
            path = str(demonstrations.resolve())
            changes[key] = [path] if key.endswith("s") else path
    return changes


def train(name: str, seed: int, changes: dict[str, Any], folder: Path) -> Result:
    """Makes one run.

    Raises:
        FileExistsError: Its folder holds something.
        FileNotFoundError, ValueError: The demonstrations cannot be read.
    """
    from qwop_native.training import config
    from qwop_native.training.algorithms import get_algorithm
    from qwop_native.training.runner import Run

    changes = {**changes, "seed": seed, "out_dir": str(folder / f"{name}-{seed}")}
    overrides = [f"{key}={json.dumps(value)}" for key, value in changes.items()]
    algorithm = get_algorithm(name)
    started = time.perf_counter()
    with contextlib.redirect_stdout(io.StringIO()):
        run = Run(algorithm, config.load(CONFIGS / f"{name}.yml", overrides, algorithm))
        if run.execute() != 0:
            raise KeyboardInterrupt
    results = json.loads((run.folder / EVALUATION).read_text(encoding="utf-8"))
    means = [results[kind]["summary"]["mean_distance"] for kind in ("untrained", "trained")]
    seconds = time.perf_counter() - started
    return Result(name, seed, run.model.num_timesteps, round(seconds, 1), *means)


def table(results: Iterable[Result]) -> str:
    """The results in Markdown, a line for each run."""
    lines = ["| algorithm | seed | transitions | untrained | trained |", "|---|---|---|---|---|"]
    lines += [
        f"| {each.algorithm} | {each.seed} | {each.transitions:,} | {each.untrained:.2f} m "
        f"| {each.trained:.2f} m |"
        for each in results
    ]
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; exit status 0, 1 if a policy did not improve, 2 for a mistake."""
    given = _parser().parse_args(argv)
    results: list[Result] = []
    try:
        for name in given.algorithms:
            changes = settings_of(name, given.demonstrations)
            if changes is None:
                print(f"{name}: left out, it needs --demonstrations", file=sys.stderr)
                continue
            for seed in given.seeds:
                results.append(train(name, seed, changes, given.folder))
                print(f"{results[-1].seconds:7.1f} s  {table(results).splitlines()[-1]}")
                with whole_file(given.folder / "results.json") as file:
                    file.write(json.dumps([r._asdict() for r in results], indent=1).encode())
    except (ImportError, OSError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    print(table(results))
    return 0 if all(each.trained > each.untrained for each in results) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.algorithms",
        description="Train each algorithm for a few minutes and compare its greedy policy with the "
        f"untrained one, in {EPISODES} episodes from the same starts.",
    )
    parser.add_argument("algorithms", nargs="*", default=list(REGISTRY), metavar="ALGORITHM")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1], metavar="N")
    parser.add_argument("--folder", type=Path, required=True, help="for a run's folder each")
    parser.add_argument("--demonstrations", type=Path, help="file of qwop-native collect")
    return parser
