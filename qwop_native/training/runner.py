"""A training run from settings to the final evaluation, whatever the algorithm."""

from __future__ import annotations

import dataclasses
import json
import math
import shlex
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.logger import KVWriter, Logger, TensorBoardOutputFormat
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.models.evaluate import Run as Played
from qwop_native.models.load import find_model
from qwop_native.models.run_files import BEST_MODEL, CONFIG, EVALUATION
from qwop_native.models.summary import Summary, summarize
from qwop_native.models.weights import check_model
from qwop_native.sb3 import checkpoint, versions
from qwop_native.settings.sentences import word
from qwop_native.training import callbacks, config, curves, history, resume
from qwop_native.training.algorithms import Algorithm, learn
from qwop_native.training.display import Display
from qwop_native.training.environments import make_vec_env
from qwop_native.training.evaluation import AGAINST, Evaluation, told
from qwop_native.training.run_folder import RunFolder, complete
from qwop_native.training.wandb_run import WandbRun, import_wandb

INTERRUPTED = 130
"""Exit status after a stop by signal, as shells have it for Ctrl-C."""


class Run:
    """One training and the folder it leaves.

    Args:
        algorithm: What is trained.
        settings: How.

    Attributes:
        model: The model, untrained at first.
        after_save: Called after each checkpoint for an exact resume.

    Raises:
        FileExistsError: The run's folder holds something.
        FileNotFoundError: There is no model to begin with.
        ImportError: Something that the settings ask for is not installed.
        TypeError, ValueError: The environment or the learner refuses a setting.
    """

    def __init__(self, algorithm: Algorithm, settings: config.RunConfig) -> None:
        settings, run_id = complete(settings)
        if settings.wandb.project is not None:
            import_wandb()  # what is missing is better said before a folder is made
        self._prepare(algorithm, settings)
        self.model = _model(algorithm, settings, self._venv)
        self._total = settings.total_timesteps + self.model.num_timesteps
        self._folder = RunFolder.new(settings, run_id)

    def _prepare(self, algorithm: Algorithm, settings: config.RunConfig) -> None:
        self.after_save: Callable[[], None] = lambda: None
        self._settings, self._algorithm = settings, algorithm
        torch.set_num_threads(settings.torch_threads)
        self._venv = make_vec_env(settings)
        self._evaluation = Evaluation(settings)
        self._statistics, self._rates = callbacks.EpisodeStatistics(), callbacks.Throughput()
        self._stop = callbacks.StopOnRequest()
        self._best: Summary | None = None
        self._last: Summary | None = None
        self._untrained: dict[str, Any] | None = None
        algorithm.prepare(settings)

    @classmethod
    def resume(cls, path: Path) -> Run:
        """Takes up an interrupted or killed run.

        From a checkpoint the run goes on exactly as if it had not been stopped. Without one, where
        there can be none, it goes on from its last model: weights, optimizer and number of
        transitions, with an empty replay buffer, other random numbers and new episodes. A run that
        had saved nothing begins anew.

        Args:
            path: The run's folder.

        Raises:
            FileNotFoundError: It is no run's folder.
            ValueError: The run is finished, or its checkpoint is damaged or of another version.
        """
        folder, algorithm = RunFolder.existing(path)
        run = cls.__new__(cls)
        run._folder = folder
        run._prepare(algorithm, folder.settings)
        run._take_up(path)
        return run

    def _take_up(self, path: Path) -> None:
        saved = path / resume.NAME
        if saved.is_file():
            self.model, state = _from_checkpoint(saved, self._venv)
            self._check_learner(path, state.get("learner", {}))
            self._total, self._best, self._untrained = (
                state[name] for name in ("total", "best", "untrained")
            )
            self._last = state.get("last")
            self._statistics.restore(state["statistics"])
            print(f"going on exactly after {self.model.num_timesteps:,} steps")
        else:
            self._take_up_last_model(resume.latest_model(path))
        history.forget_after(path, self.model.num_timesteps)
        checkpoint.resume_tensorboard(path, self.model.num_timesteps)

    def _check_learner(self, path: Path, before: dict[str, Any]) -> None:
        """Raises ValueError where config.yml has been given another learner since."""
        now = self._settings.learner.plain()
        for name in before.keys() & now.keys():
            if now[name] != before[name]:
                raise ValueError(
                    f"the run in {path} was begun with learner.{name} {word(before[name])}, its "
                    f"{CONFIG} now says {word(now[name])}: put it back, or begin a new run"
                )

    def _take_up_last_model(self, path: Path | None) -> None:
        settings = self._settings
        if path is None:  # killed before there was anything to save
            self.model = _model(self._algorithm, settings, self._venv)
            self._total = settings.total_timesteps + self.model.num_timesteps
            print("beginning anew: the run had saved neither a checkpoint nor a model")
            return
        self.model = _loaded(self._algorithm, path, settings, self._venv)
        self._total = settings.total_timesteps
        print(
            f"going on after {self.model.num_timesteps:,} steps from {path.name}: weights, "
            "optimizer and steps; replay buffer, random numbers and episodes are new"
        )

    @property
    def best(self) -> Summary | None:
        """The best evaluation on the way, None before the first."""
        return self._best

    @property
    def folder(self) -> Path:
        """Where the run's files are."""
        return self._folder.path

    def execute(self) -> int:
        """Trains, evaluates, and returns the exit status."""
        self._describe("running")
        print(f"run folder: {self.folder}")
        try:
            return self._execute()
        except KeyboardInterrupt:  # while it is evaluated: learning itself stops in good order
            self._describe("interrupted")
            raise

    def _execute(self) -> int:
        settings, model = self._settings, self.model
        if self._untrained is None:
            self._untrained = _results(self._evaluate())
        by_game = self._evaluation.finish == "game"
        display = Display(
            self._total,
            self._statistics,
            self._rates,
            settings.progress_bar,
            title=f"{self._algorithm.name}: {self.folder}",
            last=lambda: self._last,
            by_game=by_game,
        )
        if by_game:
            display.say(f"distance: of episodes in training; {AGAINST}")
        watched = WandbRun(settings, self._folder)
        model.set_logger(self._logger())
        watching = CallbackList(self._watching(display))
        with self._stop.listening():
            try:
                self._algorithm.learn(model, settings, self._total, watching)
            finally:
                display.close()
        model.logger.dump(model.num_timesteps)
        self._save()
        print(_throughput_line(self._rates.measure()))
        stopped = self._stop.requested and model.num_timesteps < self._total
        status = self._interrupted() if stopped else self._finish()
        model.logger.close()
        watched.finish(status)
        self._venv.close()
        return status

    def _watching(self, display: Display) -> list[BaseCallback]:
        settings, total = self._settings, self._total
        watching: list[BaseCallback] = [
            self._statistics,
            self._rates,
            display,
            callbacks.Every(settings.n_evaluations, total, self._keep_best),
            callbacks.Every(settings.n_reports, total, display.report),
            callbacks.Every(settings.n_checkpoints, total, self._checkpoint),
        ]
        if self._why_not_exact() is not None:
            return [*watching, self._stop]
        every = math.ceil(total / max(settings.n_checkpoints, 1))
        path = self.folder / resume.NAME
        return [
            *watching,
            checkpoint.Checkpoints(
                path, every, self._state, lambda: self._stop.requested, self.after_save
            ),
        ]

    def _why_not_exact(self) -> str | None:
        if self._algorithm.learn is not learn:
            return f"{self._algorithm.name} has a training loop of its own"
        return checkpoint.why_not_exact(self.model)

    def _state(self) -> dict[str, Any]:
        """What a checkpoint holds besides the model."""
        return {
            "total": self._total,
            "best": self._best,
            "last": self._last,
            "learner": self._settings.learner.plain(),
            "untrained": self._untrained,
            "statistics": self._statistics.state(),
        }

    def _describe(self, state: str, **more: Any) -> None:
        why = self._why_not_exact()
        more["resume"] = "exact" if why is None else f"from the last model, because {why}"
        self._folder.describe(state, self.model.num_timesteps, **more)

    def _interrupted(self) -> int:
        self._describe("interrupted", throughput=self._rates.measure())
        self._draw()
        print(self._to_watch())
        print(
            f"interrupted after {self.model.num_timesteps:,} steps; model.zip is saved; go on with "
            f"qwop-native train --resume {shlex.quote(str(self.folder))}"
        )
        return INTERRUPTED

    def _to_watch(self) -> str:
        """The command that shows what was learned."""
        return f"watch it: qwop-native spectate {shlex.quote(str(self.folder))}"

    def _finish(self) -> int:
        trained = self._evaluate()
        results = {
            "finish": self._evaluation.finish,
            "untrained": self._untrained,
            "trained": _results(trained),
        }
        self._folder.write(EVALUATION, json.dumps(results, indent=1) + "\n")
        self._describe("finished", throughput=self._rates.measure())
        self._draw()
        (self.folder / resume.NAME).unlink(missing_ok=True)
        before = self._untrained or {}
        print(told(trained))
        print(f"mean distance over {len(trained)} episodes:")
        print(f"  untrained policy {before['summary']['mean_distance']:7.2f} m")
        print(f"  trained policy   {summarize(trained).mean_distance:7.2f} m")
        print(self._to_watch())
        return 0

    def _draw(self) -> None:
        try:
            curves.draw(self._folder.path)
        except ImportError as error:
            print(f"note: {error}")

    def _logger(self) -> Logger:
        folder = self._folder.path
        formats: list[KVWriter] = [history.History(folder)]
        if self._settings.log_tensorboard:
            formats.append(TensorBoardOutputFormat(str(folder)))
        return Logger(str(folder), formats)

    def _evaluate(self) -> list[Played]:
        with _as_judged(self.model):
            return self._evaluation.play(self.model)

    def _save(self, *name: str) -> None:
        with _as_judged(self.model):
            self._folder.save(self.model, *name)

    def _keep_best(self, done: int) -> None:
        summary = self._last = summarize(self._evaluate())
        for name, value in dataclasses.asdict(summary).items():
            if value is not None and name != "episodes":
                self.model.logger.record(f"eval/{name}", value)
        if self._best is None or summary.rank() > self._best.rank():
            self._best = summary
            self._save(BEST_MODEL)
            about = {
                "steps": done,
                "finish": self._evaluation.finish,
                **dataclasses.asdict(summary),
            }
            self._folder.write("best.json", json.dumps(about, indent=1) + "\n")

    def _checkpoint(self, done: int) -> None:
        self._save(f"checkpoints/model_{done}.zip")


def _as_judged(model: Any) -> AbstractContextManager[None]:
    """While it lasts, a model that averages its weights has the average instead of them."""
    return model.averaged() if hasattr(model, "averaged") else nullcontext()


def _model(algorithm: Algorithm, settings: config.RunConfig, venv: VecEnv) -> BaseAlgorithm:
    """The untrained model, or the one that the run begins with."""
    seed = settings.seed or 0
    if settings.model_load_file is None:
        try:
            return algorithm.build(settings, venv, seed)
        except AssertionError as error:  # SB3's way of refusing an argument
            raise ValueError(f"{algorithm.name}: {' '.join(str(error).split())}") from None
    model = _loaded(algorithm, Path(settings.model_load_file), settings, venv)
    model.set_random_seed(seed)
    return model


def _loaded(
    algorithm: Algorithm, path: Path, settings: config.RunConfig, venv: VecEnv
) -> BaseAlgorithm:
    """A saved model on these games.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no model of this algorithm, or acts or sees otherwise than these games.
    """
    path = find_model(path)
    kind = algorithm.saved_as or algorithm.name
    check_model(path, kind, venv.observation_space, venv.action_space)
    with versions.readable(path, versions.of_zip(path), "train a new model"):
        return algorithm.model_class().load(path, env=venv, device=settings.device)


def _from_checkpoint(path: Path, venv: VecEnv) -> tuple[BaseAlgorithm, dict[str, Any]]:
    """The model of a checkpoint, and what `Run._state` had put down with it.

    Raises:
        ValueError: It is damaged, of other versions or of other games.
    """
    try:
        return checkpoint.load_checkpoint(path, venv), checkpoint.read_extra(path)
    except ValueError as error:
        raise ValueError(
            f"{error} (without {path.name} in its folder the run goes on from its last model)"
        ) from error


def _results(episodes: list[Played]) -> dict[str, Any]:
    return {
        "summary": dataclasses.asdict(summarize(episodes)),
        "episodes": [episode.numbers() for episode in episodes],
    }


def _throughput_line(rates: dict[str, Any]) -> str:
    return (
        f"{rates['env_steps_per_s']:,.0f} env steps/s, {rates['updates_per_s']:,.1f} updates/s, "
        f"{rates['transitions_per_update']:.1f} transitions per update"
    )
