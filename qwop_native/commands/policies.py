"""Trained models as players: what they see of the game, and what they hold down."""

from __future__ import annotations

import importlib
import json
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.recording import Grid
from qwop_native.recording.stage import Policy
from qwop_native.spaces import TERMINATE, action_keys, observations

# Class of a policy as saved, and the algorithm that loads it. PPO and A2C share theirs, and differ
# in what else is saved.
_ALGORITHMS = (
    ("sb3_contrib.qrdqn", "sb3_contrib", "QRDQN"),
    ("sb3_contrib.common.recurrent", "sb3_contrib", "RecurrentPPO"),
    ("stable_baselines3.dqn", "stable_baselines3", "DQN"),
)


class ModelPolicy:
    """A model of Stable-Baselines3's kind on the environment's observations.

    Args:
        model: What has ``predict(observation, state=…, episode_start=…, deterministic=…)``.
        grid: Frames per step and action set it was trained with.
        deterministic: Whether the likeliest action is taken.

    Attributes:
        grid: The same.
    """

    def __init__(self, model: Any, grid: Grid, deterministic: bool = True) -> None:
        self.grid: Grid | None = grid
        self._model, self._deterministic = model, deterministic
        self._table = action_keys(grid.action_set, True)
        self._frames = grid.frames_per_step
        self._state: Any = None
        self._first = True

    def reset(self) -> None:
        """Forgets the last run."""
        self._state, self._first = None, True

    def keys(self, row: np.void) -> Sequence[int]:
        """The masks of the next step."""
        observation = observations(row["bodies"][None])[0]
        action, self._state = self._model.predict(
            observation,
            state=self._state,
            episode_start=np.array([self._first]),
            deterministic=self._deterministic,
        )
        self._first = False
        mask = self._table[int(action)]
        return [0 if mask == TERMINATE else mask] * self._frames

    def values(self, row: np.void) -> tuple[str, list[float]]:
        """What the model thinks of each action: name of the quantity, and a number each."""
        import torch

        observation = observations(row["bodies"][None])[0]
        policy = self._model.policy
        with torch.no_grad():
            tensor = policy.obs_to_tensor(observation)[0]
            if hasattr(policy, "quantile_net"):
                return "Q", policy.quantile_net(tensor)[0].mean(dim=0).tolist()
            if hasattr(policy, "q_net"):
                return "Q", policy.q_net(tensor)[0].tolist()
            if hasattr(policy, "get_distribution") and self._state is None:
                return "p", policy.get_distribution(tensor).distribution.probs[0].tolist()
        return "", []

    @property
    def labels(self) -> list[str]:
        """The keys of each action, as a person writes them."""
        masks = [mask for mask in self._table if mask != TERMINATE]
        return ["".join(k for i, k in enumerate("QWOP") if mask >> i & 1) or "-" for mask in masks]


def load_policy(
    name: str,
    frames_per_step: int = 4,
    action_set: str | None = None,
    module: str | None = None,
    algorithm: str | None = None,
    deterministic: bool = True,
) -> Policy:
    """Loads who is to play.

    Args:
        name: A model's zip file, or ``package.module:factory`` for anything else, where
            ``factory()`` gives a `qwop_native.recording.stage.Policy`.
        frames_per_step: For a model.
        action_set: For a model; None is "essential" or "reduced" by what the run's folder says
            (``config.yml`` beside it), else "reduced" for nine actions and "full" for sixteen.
        module: Package of the model's class, as in qwop-gym's configuration; None finds it out.
        algorithm: The model's class; None finds it out.
        deterministic: Whether a model takes the likeliest action.

    Raises:
        FileNotFoundError: There is no such model.
        ImportError: Stable-Baselines3 is missing.
        ValueError: It is not a model, or not of this game.
    """
    if ":" in name and not Path(name).exists():
        module_name, _, factory = name.partition(":")
        made: Policy = getattr(importlib.import_module(module_name), factory)()
        return made
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model {name}")
    model = load_model(path, module, algorithm)
    count = int(getattr(model.action_space, "n", 0))
    chosen = action_set or ("reduced" if count in (9, 10) else "full")
    if count - len(action_keys(chosen, False)) not in (0, 1):
        raise ValueError(f"{path.name} has {count} actions, not those of the {chosen} set")
    return ModelPolicy(model, Grid(frames_per_step, chosen), deterministic)


def load_model(path: Path, module: str | None = None, algorithm: str | None = None) -> Any:
    """Loads a model of Stable-Baselines3 or sb3-contrib that acts on the 60 numbers.

    Args:
        path: The model's zip file.
        module: Package of the model's class; None finds it out.
        algorithm: The model's class; None finds it out.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: Stable-Baselines3 is missing.
        ValueError: It is not a model, or not of this game.
    """
    if not path.is_file():
        raise FileNotFoundError(f"there is no model {path}")
    if not (module and algorithm):
        module, algorithm = _algorithm_of(path)
    try:
        loader = getattr(importlib.import_module(module), algorithm)
    except ModuleNotFoundError as error:
        raise ImportError(
            f"loading {path.name} needs {error.name}: pip install 'qwop-native[train]'"
        ) from error
    # The learner's own objects are not needed and may be of other versions.
    unused = {"lr_schedule": lambda _: 0.0, "exploration_schedule": lambda _: 0.0}
    model = loader.load(os.fspath(path), device="cpu", custom_objects=unused)
    if getattr(model.observation_space, "shape", None) != (60,):
        raise ValueError(f"{path.name} does not see the 60 numbers of this game")
    return model


def _algorithm_of(path: Path) -> tuple[str, str]:
    """Module and class that load a model's file."""
    try:
        with zipfile.ZipFile(path) as archive:
            saved = json.loads(archive.read("data"))
        policy = str(saved["policy_class"]["__module__"])
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError):
        raise ValueError(f"{path} is not a model of Stable-Baselines3") from None
    for prefix, module, algorithm in _ALGORITHMS:
        if policy.startswith(prefix):
            return module, algorithm
    return "stable_baselines3", "PPO" if "clip_range" in saved else "A2C"
