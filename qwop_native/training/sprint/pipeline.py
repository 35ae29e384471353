"""From nothing to a runner: QR-DQN learns to run, PPO in large batches makes it faster."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3.common.callbacks import BaseCallback

from qwop_native.atomic import whole_file
from qwop_native.models.run_files import MODEL
from qwop_native.models.save import save_model
from qwop_native.models.settings import ModelSettings
from qwop_native.models.starts import make_starts
from qwop_native.models.summary import line
from qwop_native.sb3 import QRDQN
from qwop_native.settings.files import read
from qwop_native.text_files import read_text
from qwop_native.training import config
from qwop_native.training.algorithms import CONFIGS, get_algorithm
from qwop_native.training.run_folder import is_finished
from qwop_native.training.runner import INTERRUPTED, Run
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.settings.run import RunConfig
from qwop_native.training.sprint.cloning import clone
from qwop_native.training.sprint.export import export, play_greedily
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.ppo import SprintPPO, load_model, make_model
from qwop_native.training.sprint.settings import Pace, SprintSettings

POLICY_NAME = "policy.zip"

_RECIPE = CONFIGS / "qrdqn_record.yml"
_QRDQN = "qrdqn"
_LAST_NAME = "last.zip"
_LOG_NAME = "log.jsonl"
_LEARNING = ("approx_kl", "entropy_loss", "explained_variance", "learning_rate", "value_loss")

Say = Callable[[str], None]


class Pipeline:
    """Makes a policy in a folder; what is there already is not made again.

    The folder gets `qrdqn/`, a run folder; `ppo/`, PPO's last state and a line for each of its
    evaluations; and `policy.zip`.

    Args:
        folder: Made if it is not there.
        settings: How.
        threads: Those that play and learn.
        say: Called with a line for each thing that happens.

    Raises:
        ValueError: A setting of QR-DQN's run is not accepted.
    """

    def __init__(self, folder: Path, settings: SprintSettings, threads: int, say: Say) -> None:
        self._folder, self._settings, self._threads, self._say = folder, settings, threads, say
        self._qrdqn = self._run_config()
        folder.mkdir(parents=True, exist_ok=True)

    def run(self) -> Path:
        """Makes what is missing and returns the path of the policy.

        Raises:
            KeyboardInterrupt: QR-DQN was told to stop; the next call goes on.
        """
        model = self._polished(self._trained())
        games = self._settings.paces()[-1].games
        path = self._folder / POLICY_NAME
        with model.averaged():
            made = export(model.policy, games.frames_per_step)
        save_model(made, path, ModelSettings(games.env | {"t_for_terminate": False}))
        return path

    def _run_config(self) -> RunConfig:
        own = {
            "seed": self._settings.seed,
            "out_dir": str(self._folder / _QRDQN),
            "torch_threads": self._threads,
        }
        settings = merged({**read(_RECIPE), **own}, self._settings.qrdqn)
        return config.parse(settings, get_algorithm("qrdqn"))

    def _trained(self) -> Path:
        """The last model of QR-DQN's run, which is begun, gone on with or already there."""
        folder = self._folder / _QRDQN
        begun = folder.is_dir() and any(folder.iterdir())
        if not (begun and is_finished(folder)):
            self._say(f"QR-DQN, {self._qrdqn.total_timesteps:,} steps")
            run = Run.resume(folder) if begun else Run(get_algorithm("qrdqn"), self._qrdqn)
            if run.execute() == INTERRUPTED:
                raise KeyboardInterrupt
        return folder / MODEL

    def _polished(self, teacher: Path) -> SprintPPO:
        """PPO's last state: at one pace after the other it goes on from where it was."""
        folder = self._folder / "ppo"
        folder.mkdir(exist_ok=True)
        last, steps = folder / _LAST_NAME, 0
        for number, pace in enumerate(self._settings.paces()):
            steps += pace.ppo.steps
            keeper = Keeper(folder, pace, self._say)
            games = self._games(pace.games, 2 * number, "relative")
            if last.is_file():
                model = load_model(last, games, pace.ppo)
            else:
                model = self._cloned(teacher, games)
                keeper.keep(model)
            model.whole_steps = self._settings.whole_steps
            if steps > model.num_timesteps:
                model.learn(steps - model.num_timesteps, keeper, reset_num_timesteps=False)
        return model

    def _cloned(self, teacher: Path, games: SprintGames) -> SprintPPO:
        settings, cloning = self._settings, self._settings.cloning
        model = make_model(games, settings.ppo, cloning.net_arch, settings.seed)
        shown = self._games(settings.games, 1, "standard")
        values = QRDQN.load(teacher, device="cpu")
        clone(model, values, shown, cloning, self._random(3), self._say)
        model.warm_up_rollouts = cloning.warm_up_rollouts
        return model

    def _games(self, settings: GamesSettings, part: int, observation: str) -> SprintGames:
        return SprintGames(settings, self._random(part), self._threads, observation)

    def _random(self, part: int) -> np.random.Generator:
        return np.random.default_rng([self._settings.seed, part])


class Keeper(BaseCallback):
    """Evaluates PPO's greedy policy now and then, notes it and keeps PPO's state.

    Args:
        folder: Gets last.zip and log.jsonl.
        pace: What is evaluated, and how often.
        say: Called with a line for each evaluation.
    """

    def __init__(self, folder: Path, pace: Pace, say: Say) -> None:
        super().__init__()
        self._folder, self._say = folder, say
        self._games, self._every = pace.games, pace.ppo.evaluate_every
        self._starts = make_starts("varied", frames_per_step=pace.games.frames_per_step)
        self._next, self._begun = 0, time.monotonic()

    def keep(self, model: Any) -> None:
        """Evaluates a model, notes it and saves the model."""
        steps, games = model.num_timesteps, self._games
        with model.averaged():
            runs = play_greedily(model, self._starts, games.sincos, games.frames_per_step)
        self._say(f"PPO, {steps:,} steps: {line(runs)}")
        save_model(model, self._folder / _LAST_NAME)
        values = model.logger.name_to_value if hasattr(model, "_logger") else {}
        entry = {
            "steps": steps,
            "seconds": round(time.monotonic() - self._begun, 1),
            "frames": [run.frames if run.finished else 0 for run in runs],
            **{
                f"train/{name}": float(values[f"train/{name}"])
                for name in _LEARNING
                if f"train/{name}" in values
            },
        }
        log = self._folder / _LOG_NAME
        before = read_text(log) if log.is_file() else ""
        with whole_file(log) as file:
            file.write((before + json.dumps(entry) + "\n").encode())

    def _on_training_start(self) -> None:
        self._next = self.num_timesteps + self._every

    def _on_step(self) -> bool:
        return True

    def _on_rollout_start(self) -> None:
        if self.num_timesteps >= self._next:
            self._next += self._every
            self.keep(self.model)

    def _on_training_end(self) -> None:
        self.keep(self.model)


def merged(settings: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with others put in their places; sections are merged, all else is replaced."""
    result = dict(settings)
    for name, value in changes.items():
        before = result.get(name)
        if isinstance(before, Mapping) and isinstance(value, Mapping):
            value = merged(before, value)
        result[name] = value
    return result
