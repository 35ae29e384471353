"""The published recipe of QR-DQN: its settings, and a whole training with them that can be resumed.

    python -m benchmarks.recipe runs/recipe
    python -m benchmarks.recipe runs/recipe-essential --action-set essential

Called again with the same folder, it goes on from the last checkpoint there. The folder gets the
learning curve (`curve.json`: deterministic evaluations, wall-clock and processor time), the model
that evaluated best (`best.zip`), the last one (`model.zip`) and `training.checkpoint`.
`python docs/draw_learning_curve.py runs/recipe runs/recipe-essential` draws the curves.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import Logger

from qwop_native.atomic import whole_file
from qwop_native.benchmarking import machine
from qwop_native.facts import FRAMES_PER_SECOND
from qwop_native.models.evaluate import Run, evaluate
from qwop_native.models.policy import chooser
from qwop_native.models.save import save_model
from qwop_native.models.starts import Start
from qwop_native.recording.starts import env_start
from qwop_native.sb3 import QRDQN, QwopVecEnv
from qwop_native.sb3.checkpoint import Checkpoints, load_checkpoint, read_extra

GAMES = 8
STEPS = 32_000_000
STEPS_PER_UPDATE = 32
EPISODE_STEPS = 1000
FRAMES_PER_STEP = 4

SETTINGS: dict[str, Any] = {
    "learning_rate": 1e-3,
    "buffer_size": 100_000,
    "learning_starts": 100_000,
    "batch_size": 64,
    "gamma": 0.997,
    "train_freq": STEPS_PER_UPDATE // GAMES,
    "target_update_interval": 512,
    "exploration_initial_eps": 0.2,
    "exploration_final_eps": 0.0,
    "exploration_fraction": 0.3,
    "policy_kwargs": {"net_arch": [64, 64], "n_quantiles": 200},
    "device": "cpu",
}
"""The arguments of `QRDQN`; train/configs/qrdqn.yml holds the same and explains each."""


def environment(action_set: str, games: int = GAMES, threads: int = 1) -> QwopVecEnv:
    """The games of the recipe, with the reduced or the essential action set."""
    return QwopVecEnv(games, threads, max_episode_steps=EPISODE_STEPS, **_arguments(action_set))


def _arguments(action_set: str) -> dict[str, Any]:
    chosen = {"reduced_action_set": True} if action_set == "reduced" else {"action_set": action_set}
    return {"frames_per_step": FRAMES_PER_STEP, **chosen}


def play_greedily(model: BaseAlgorithm, action_set: str, games: int) -> list[Run]:
    """Greedy episodes by qwop-gym's rule, those of which the k-th begins with k steps without keys.

    Those steps count towards the limit of an episode.
    """
    page = env_start(FRAMES_PER_STEP)
    idle = [np.zeros(FRAMES_PER_STEP * steps, np.uint8) for steps in range(games)]
    starts = [Start(f"env:1+{len(keys)}", page, keys) for keys in idle]
    limits = [EPISODE_STEPS - steps for steps in range(games)]
    return evaluate(chooser(model), _arguments(action_set), starts, limits, finish="torso")


class Curve(BaseCallback):
    """Evaluates the greedy policy now and then, notes the result and keeps the best model.

    Args:
        folder: Where `best.zip` and `curve.json` go.
        every: Environment steps between two evaluations.
        evaluate: Plays with the model.
        state: What `state` returned when the checkpoint was saved; None at the start.
    """

    def __init__(
        self,
        folder: Path,
        every: int,
        evaluate: Callable[[BaseAlgorithm], list[Run]],
        state: dict[str, Any] | None,
    ) -> None:
        super().__init__()
        self.folder, self.every, self.evaluate = folder, every, evaluate
        self.points: list[dict[str, Any]] = state["points"] if state else []
        self._before = state["seconds"] if state else (0.0, 0.0)
        self._start = self._clocks()

    @staticmethod
    def _clocks() -> tuple[float, float]:
        return time.perf_counter(), time.process_time()

    def seconds(self) -> tuple[float, float]:
        """Wall-clock and processor seconds since the start, those of former programs included."""
        wall, processor = (
            before + now - start
            for before, now, start in zip(self._before, self._clocks(), self._start, strict=True)
        )
        return wall, processor

    def state(self) -> dict[str, Any]:
        """What a checkpoint has to keep."""
        return {"points": list(self.points), "seconds": self.seconds()}

    def note(self) -> None:
        """Evaluates and notes."""
        wall, processor = self.seconds()
        outcomes = self.evaluate(self.model)
        point = {
            "steps": self.model.num_timesteps,
            "wall": round(wall, 1),
            "processor": round(processor, 1),
            "distances": [round(o.distance, 2) for o in outcomes],
            "finishes": sorted(o.frames for o in outcomes if o.finished),
        }
        if all(merit(point) > merit(other) for other in self.points):
            save_model(self.model, self.folder / "best.zip")
        self.points.append(point)
        with whole_file(self.folder / "curve.json") as file:
            file.write(json.dumps(self.points, indent=0).encode())
        print(line_of(point), flush=True)

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.model.num_timesteps // self.every >= len(self.points):
            self.note()


def merit(point: dict[str, Any]) -> tuple[float, ...]:
    """How good an evaluation is: first by finished runs, then by their time, then by distance."""
    finishes = point["finishes"]
    frames = statistics.median(finishes) if finishes else 0.0
    return len(finishes), -frames, statistics.mean(point["distances"])


def line_of(point: dict[str, Any]) -> str:
    """An evaluation as a line for people."""
    finishes = point["finishes"]
    times = f", median {statistics.median(finishes) / FRAMES_PER_SECOND:.2f} s" if finishes else ""
    return (
        f"{point['steps']:>10,} steps  {point['wall']:7.0f} s (processor {point['processor']:.0f})"
        f"  mean {statistics.mean(point['distances']):6.1f} m  "
        f"{len(finishes)}/{len(point['distances'])} finish{times}"
    )


def train(folder: Path, action_set: str, steps: int, seed: int, evaluations: int) -> None:
    """Trains, from the last checkpoint in the folder on where there is one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "training.checkpoint"
    env = environment(action_set)
    state = None
    if path.exists():
        model, state = load_checkpoint(path, env), read_extra(path)
    else:
        model = QRDQN("MlpPolicy", env, seed=seed, **SETTINGS)
    model.set_logger(Logger(None, []))

    def evaluate(trained: BaseAlgorithm) -> list[Run]:
        return play_greedily(trained, action_set, evaluations)

    curve = Curve(folder, steps // 128, evaluate, state)
    # The curve comes first, so that a checkpoint knows of the evaluation at the same step.
    checkpoints = Checkpoints(path, max(steps // 64, 1), curve.state)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: checkpoints.stop())
    left = steps - model.num_timesteps
    model.learn(left, callback=CallbackList([curve, checkpoints]), reset_num_timesteps=False)
    if model.num_timesteps >= steps:
        curve.note()
    save_model(model, folder / "model.zip")


def main() -> None:
    """Runs the training from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.recipe",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, help="folder of the run")
    parser.add_argument("--action-set", default="reduced", choices=("reduced", "essential"))
    parser.add_argument("--steps", type=int, default=STEPS, help="environment steps in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--evaluations", type=int, default=16, help="episodes of an evaluation")
    given = parser.parse_args()
    torch.set_num_threads(1)
    for name, value in machine.describe("torch", "sb3-contrib").items():
        print(f"{name}: {value}")
    train(given.folder, given.action_set, given.steps, given.seed, given.evaluations)
