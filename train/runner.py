"""A training run from settings to the final evaluation, whatever the algorithm."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from stable_baselines3.common.vec_env import VecEnv

from train import callbacks, config, evaluation, history
from train.algorithms import Algorithm
from train.display import Display
from train.environments import make_vec_env
from train.run_folder import BEST_MODEL, RunFolder, complete

INTERRUPTED = 130
"""Exit status after a stop by signal, as shells have it for Ctrl-C."""


class Run:
    """One training and the folder it leaves.

    Args:
        algorithm: What is trained.
        settings: How.

    Attributes:
        model: The model, untrained at first.

    Raises:
        FileExistsError: The run's folder holds something.
        FileNotFoundError: There is no model to begin with.
        ImportError: Something that the settings ask for is not installed.
        TypeError, ValueError: The environment or the learner refuses a setting.
    """

    def __init__(self, algorithm: Algorithm, settings: config.RunConfig) -> None:
        settings, run_id = complete(settings)
        self._settings, self._algorithm = settings, algorithm
        torch.set_num_threads(settings.torch_threads)
        self._venv = make_vec_env(settings)
        self.model = _model(algorithm, settings, self._venv)
        self._total = settings.total_timesteps + self.model.num_timesteps
        self._folder = RunFolder.new(settings, run_id)
        self._starts = evaluation.start_tapes("idle", settings.evaluation_episodes)
        self._best: evaluation.Summary | None = None

    @property
    def folder(self) -> Path:
        """Where the run's files are."""
        return self._folder.path

    def execute(self) -> int:
        """Trains, evaluates, and returns the exit status."""
        settings, model = self._settings, self.model
        self._folder.describe("running", model.num_timesteps)
        print(f"run folder: {self._folder.path}")
        untrained = self._evaluate()
        statistics, rates = callbacks.EpisodeStatistics(), callbacks.Throughput()
        stop = callbacks.StopOnRequest()
        self._display = Display(self._total, statistics, rates, settings.progress_bar)
        model.set_logger(self._logger())
        watching: list[BaseCallback] = [
            statistics,
            rates,
            self._display,
            callbacks.Every(settings.n_evaluations, self._total, self._keep_best),
            callbacks.Every(settings.n_reports, self._total, self._display.report),
            callbacks.Every(settings.n_checkpoints, self._total, self._checkpoint),
            stop,
        ]
        with stop.listening():
            try:
                self._algorithm.learn(model, settings, self._total, CallbackList(watching))
            finally:
                self._display.close()
            throughput = rates.measure()
        model.logger.dump(model.num_timesteps)
        self._folder.save(model)
        print(_throughput_line(throughput))
        status = self._finish(untrained, throughput, stop.requested)
        model.logger.close()
        self._venv.close()
        return status

    def _finish(
        self, untrained: list[evaluation.Episode], throughput: dict[str, float], stopped: bool
    ) -> int:
        steps = self.model.num_timesteps
        if stopped:
            self._folder.describe("interrupted", steps, throughput=throughput)
            self._draw()
            print(f"interrupted after {steps:,} steps; model.zip is saved")
            return INTERRUPTED
        trained = self._evaluate()
        results = {
            "untrained": [episode.numbers() for episode in untrained],
            "trained": [episode.numbers() for episode in trained],
        }
        self._folder.write("evaluation.json", json.dumps(results, indent=1) + "\n")
        self._folder.describe("finished", steps, throughput=throughput)
        self._draw()
        before, after = evaluation.summarize(untrained), evaluation.summarize(trained)
        print(evaluation.table(trained))
        print(f"mean distance over {len(trained)} episodes:")
        print(f"  untrained policy {before.mean_distance:7.2f} m")
        print(f"  trained policy   {after.mean_distance:7.2f} m")
        return 0

    def _draw(self) -> None:
        try:
            history.draw(self._folder.path)
        except ImportError as error:
            print(f"note: {error}")

    def _logger(self) -> Logger:
        folder = self._folder.path
        formats: list[KVWriter] = [history.History(folder)]
        if self._settings.log_tensorboard:
            formats.append(TensorBoardOutputFormat(str(folder)))
        return Logger(str(folder), formats)

    def _evaluate(self) -> list[evaluation.Episode]:
        settings = self._settings
        limit = settings.max_episode_steps or 5000
        return evaluation.evaluate(self.model, settings.env, self._starts, limit)

    def _keep_best(self, done: int) -> None:
        summary = evaluation.summarize(self._evaluate())
        for name, value in dataclasses.asdict(summary).items():
            if value is not None and name != "episodes":
                self.model.logger.record(f"eval/{name}", value)
        if self._best is None or summary.rank() > self._best.rank():
            self._best = summary
            self._folder.save(self.model, BEST_MODEL)
            about = {"steps": done, **dataclasses.asdict(summary)}
            self._folder.write("best.json", json.dumps(about, indent=1) + "\n")

    def _checkpoint(self, done: int) -> None:
        self._folder.save(self.model, f"checkpoints/model_{done}.zip")


def _model(algorithm: Algorithm, settings: config.RunConfig, venv: VecEnv) -> BaseAlgorithm:
    """The untrained model, or the one that the run begins with."""
    seed = settings.seed or 0
    if settings.model_load_file is None:
        try:
            return algorithm.build(settings, venv, seed)
        except AssertionError as error:  # SB3's way of refusing an argument
            raise ValueError(f"{algorithm.name}: {' '.join(str(error).split())}") from None
    path = Path(settings.model_load_file)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model {path}")
    model = algorithm.model_class().load(path, env=venv, device=settings.device)
    model.set_random_seed(seed)
    return model


def _throughput_line(rates: dict[str, Any]) -> str:
    return (
        f"{rates['env_steps_per_s']:,.0f} env steps/s, {rates['updates_per_s']:,.1f} updates/s, "
        f"{rates['transitions_per_update']:.1f} transitions per update"
    )
