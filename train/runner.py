"""A training run from settings to the final evaluation, whatever the algorithm."""

from __future__ import annotations

import argparse
import dataclasses
import json
import platform
import secrets
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch
import yaml
from gymnasium.wrappers import TimeLimit
from stable_baselines3.common import logger as sb3_logger
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import CallbackList
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import DummyVecEnv, VecEnv

from qwop_native import QwopEnv
from qwop_native.atomic import whole_file
from train import callbacks, config, evaluation

_PACKAGES = ("qwop-native", "torch", "stable-baselines3", "sb3-contrib", "gymnasium", "numpy")

INTERRUPTED = 130
"""Exit status after a stop by signal, as shells have it for Ctrl-C."""


@dataclass(frozen=True)
class Algorithm:
    """What distinguishes one algorithm from another.

    Attributes:
        name: As in `python -m train.NAME` and in configs/NAME.yml.
        settings: Dataclass of the `learner` section.
        build: Makes the model from its settings, the environments and a seed.
    """

    name: str
    settings: type[Any]
    build: Callable[[Any, VecEnv, int], BaseAlgorithm]

    @property
    def default_config(self) -> Path:
        """The settings used when none are named."""
        return Path(__file__).parent / "configs" / f"{self.name}.yml"


def main(algorithm: Algorithm, arguments: Sequence[str] | None = None) -> int:
    """Runs the command line of one algorithm and returns the exit status."""
    parser = argparse.ArgumentParser(
        prog=f"python -m train.{algorithm.name}",
        description=f"Train {algorithm.name.upper()} on the native QWOP environment.",
    )
    parser.add_argument(
        "-c", "--config", type=Path, default=algorithm.default_config, help="YAML file of settings"
    )
    parser.add_argument(
        "-s",
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="override one setting, as in -s seed=1 -s learner.learning_rate=5e-4",
    )
    given = parser.parse_args(arguments)
    try:
        settings = config.load(given.config, given.set, algorithm.settings)
        run = Run(algorithm, settings)
    except (OSError, TypeError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    try:
        return run.execute()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


class Run:
    """One training and the folder it leaves.

    The folder holds config.yml (settings that repeat the run), run.yml (command, versions, how it
    ended), checkpoints/, tensorboard's event file, model.zip and evaluation.json.

    Args:
        algorithm: What is trained.
        settings: How.

    Raises:
        TypeError, ValueError: The environment or the learner refuses a setting.
        FileExistsError: The run's folder holds something.
    """

    def __init__(self, algorithm: Algorithm, settings: config.RunConfig) -> None:
        if settings.seed is None:
            settings = dataclasses.replace(settings, seed=secrets.randbelow(2**31))
        self._settings = settings
        self._seed = settings.seed or 0
        self._algorithm = algorithm
        torch.set_num_threads(settings.torch_threads)
        self._venv = make_vec_env(settings)
        self._model = algorithm.build(settings.learner, self._venv, self._seed)
        self._folder = _new_folder(settings, algorithm.name)
        self._started = time.time()

    def execute(self) -> int:
        """Trains, evaluates, and returns the exit status."""
        settings, model = self._settings, self._model
        _write_text(self._folder / "config.yml", config.dump(settings))
        self._describe("running")
        print(f"run folder: {self._folder}")
        untrained = self._evaluate()
        statistics, rates = callbacks.EpisodeStatistics(), callbacks.Throughput()
        stop = callbacks.StopOnRequest()
        model.set_logger(sb3_logger.configure(str(self._folder), ["tensorboard"]))

        def report(done: int) -> None:
            total = settings.total_timesteps
            print(callbacks.progress_line(done, total, statistics, rates.measure()), flush=True)

        with stop.listening():
            model.learn(
                settings.total_timesteps,
                callback=CallbackList(
                    [
                        statistics,
                        rates,
                        callbacks.Every(settings.n_reports, report),
                        callbacks.Every(settings.n_checkpoints, self._checkpoint),
                        stop,
                    ]
                ),
                log_interval=settings.log_interval,
                progress_bar=settings.progress_bar,
            )
            throughput = rates.measure()
        callbacks.save_model(model, self._folder / "model.zip")
        print(_throughput_line(throughput))
        if stop.requested:
            self._describe("interrupted", throughput=throughput)
            print(f"interrupted after {model.num_timesteps:,} steps; model.zip is saved")
            return INTERRUPTED
        self._finish(untrained, throughput)
        return 0

    def _finish(self, untrained: list[evaluation.Episode], throughput: dict[str, float]) -> None:
        trained = self._evaluate()
        before, after = evaluation.mean_distance(untrained), evaluation.mean_distance(trained)
        results = {
            "untrained": [dataclasses.asdict(episode) for episode in untrained],
            "trained": [dataclasses.asdict(episode) for episode in trained],
        }
        _write_text(self._folder / "evaluation.json", json.dumps(results, indent=1) + "\n")
        self._describe("finished", throughput=throughput)
        print(evaluation.table(trained))
        print(f"mean distance over {len(trained)} episodes:")
        print(f"  untrained policy {before:7.2f} m")
        print(f"  trained policy   {after:7.2f} m")

    def _evaluate(self) -> list[evaluation.Episode]:
        settings = self._settings
        return evaluation.evaluate(
            self._model, settings.env, settings.evaluation_episodes, settings.max_episode_steps
        )

    def _checkpoint(self, done: int) -> None:
        folder = self._folder / "checkpoints"
        folder.mkdir(exist_ok=True)
        callbacks.save_model(self._model, folder / f"model_{done}.zip")

    def _describe(self, state: str, **more: Any) -> None:
        """Writes run.yml."""
        description = {
            "state": state,
            "algorithm": self._algorithm.name,
            "command": shlex.join([Path(sys.executable).name, *sys.orig_argv[1:]]),
            "seed": self._seed,
            "steps": int(self._model.num_timesteps),
            "seconds": round(time.time() - self._started, 1),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started)),
            "python": platform.python_version(),
            "versions": {name: version(name) for name in _PACKAGES},
            **more,
        }
        _write_text(self._folder / "run.yml", yaml.safe_dump(description, sort_keys=False))


def make_vec_env(settings: config.RunConfig) -> VecEnv:
    """The games of a run, one after the other in this process.

    Raises:
        TypeError, ValueError: The environment refuses an argument.
    """

    def make() -> Monitor[Any, Any]:
        limited = TimeLimit(QwopEnv(**settings.env), settings.max_episode_steps)
        return Monitor(limited, info_keywords=callbacks.INFO_KEYWORDS)

    return DummyVecEnv([make] * settings.n_envs)


def _new_folder(settings: config.RunConfig, algorithm: str) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = settings.run_name or f"{algorithm}-{stamp}-{settings.seed}"
    folder = Path(settings.out_dir) / name
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(f"the run folder {folder} is not empty; choose another run_name")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_text(path: Path, text: str) -> None:
    with whole_file(path) as file:
        file.write(text.encode())


def _throughput_line(rates: dict[str, float]) -> str:
    return (
        f"{rates['env_steps_per_s']:,.0f} env steps/s, {rates['updates_per_s']:,.1f} updates/s, "
        f"{rates['transitions_per_update']:.1f} transitions per update"
    )
