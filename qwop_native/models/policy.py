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
import numpy.typing as npt

from qwop_native.envs.spaces import OBSERVATION_SIZE, action_keys, observations
from qwop_native.models.settings import settings_beside
from qwop_native.recording import Grid
from qwop_native.recording.stage import Policy
from qwop_native.wrappers.rich_columns import RichColumns, key_masks

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
        columns: Groups of columns that it sees besides, as in `RichObservation`.

    Attributes:
        grid: The same.
    """

    def __init__(
        self, model: Any, grid: Grid, deterministic: bool = True, columns: Sequence[str] = ()
    ) -> None:
        self.grid: Grid | None = grid
        self._model, self._deterministic = model, deterministic
        self._masks = key_masks(action_keys(grid.action_set, True))
        self._frames = grid.frames_per_step
        self._columns = RichColumns(columns, grid.frames_per_step)
        self.reset()

    def reset(self) -> None:
        """Forgets the last run."""
        self._state: Any = None
        self._playing, self._thinking = _View(self._columns), _View(self._columns)
        self._mask = 0

    def keys(self, row: np.void) -> Sequence[int]:
        """The masks of the next step."""
        first = self._playing.is_new
        action, self._state = self._model.predict(
            self._playing.look(row, self._mask),
            state=self._state,
            episode_start=np.array([first]),
            deterministic=self._deterministic,
        )
        self._mask = int(self._masks[int(action)])
        return [self._mask] * self._frames

    def values(self, row: np.void, keys: int, first: bool) -> tuple[str, list[float]]:
        """What the model thinks of each action; to be asked for each step of a run in turn.

        Args:
            row: The state, as for `keys`.
            keys: Mask of the keys held in the step that led to it.
            first: Whether it is the first of a run.

        Returns:
            Name of the quantity, and a number for each action.
        """
        import torch

        if first:
            self._thinking = _View(self._columns)
        observation = self._thinking.look(row, keys)
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
        masks = self._masks[:-1].tolist()
        return ["".join(k for i, k in enumerate("QWOP") if mask >> i & 1) or "-" for mask in masks]


class _View:
    """What a model sees of one run, step by step."""

    def __init__(self, columns: RichColumns) -> None:
        self._columns = columns
        self._before: npt.NDArray[np.float32] | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing has been looked at."""
        return self._before is None

    def look(self, row: np.void, keys: int) -> npt.NDArray[np.float32]:
        """The observation of a state, float32 (60 + columns,)."""
        now = observations(row["bodies"][None])
        before = now if self._before is None else self._before
        self._before = now
        shown = self._columns.append(now, np.array([keys], np.uint8), before)
        first: npt.NDArray[np.float32] = shown[0]
        return first


def load_policy(
    name: str,
    frames_per_step: int | None = None,
    action_set: str | None = None,
    module: str | None = None,
    algorithm: str | None = None,
    deterministic: bool = True,
) -> Policy:
    """Loads who is to play.

    Args:
        name: A model's zip file, or ``package.module:factory`` for anything else, where
            ``factory()`` gives a `qwop_native.recording.stage.Policy`.
        frames_per_step: For a model; None is what its run's folder says (``metadata.yml`` beside
            it or a folder above), else 4.
        action_set: For a model; None is what that says, else "reduced" for nine actions and "full"
            for sixteen.
        module: Package of the model's class, as in qwop-gym's configuration; None finds it out.
        algorithm: The model's class; None finds it out.
        deterministic: Whether a model takes the likeliest action.

    Raises:
        FileNotFoundError: There is no such model.
        ImportError: Stable-Baselines3 is missing.
        ValueError: It is not a model, or not of this game.
    """
    if ":" in name and not Path(name).exists():
        return _made(name)
    path = Path(name)
    if not path.is_file():
        raise FileNotFoundError(f"there is no model {name}")
    told = settings_beside(path)
    model = load_model(path, module, algorithm, told.columns)
    count = int(getattr(model.action_space, "n", 0))
    chosen = action_set or told.action_set or ("reduced" if count in (9, 10) else "full")
    if count - len(action_keys(chosen, False)) not in (0, 1):
        raise ValueError(f"{path.name} has {count} actions, not those of the {chosen} set")
    grid = Grid(frames_per_step or int(told.env.get("frames_per_step", 4)), chosen)
    return ModelPolicy(model, grid, deterministic, told.columns)


def _made(name: str) -> Policy:
    """What ``package.module:factory`` makes."""
    module, _, factory = name.partition(":")
    make = getattr(importlib.import_module(module), factory, None)
    if not callable(make):
        raise ValueError(f"{module} has no factory {factory!r}")
    made: Policy = make()
    lacking = [part for part in ("grid", "reset", "keys") if not hasattr(made, part)]
    if lacking:
        raise ValueError(f"what {name} makes cannot play: it has no {' and no '.join(lacking)}")
    return made


def frames_of(policy: Policy) -> int:
    """Frames of a policy's steps, 4 for one that has none."""
    return 4 if policy.grid is None else policy.grid.frames_per_step


def load_model(
    path: Path,
    module: str | None = None,
    algorithm: str | None = None,
    columns: Sequence[str] = (),
) -> Any:
    """Loads a model of Stable-Baselines3 or sb3-contrib that acts on the environment's numbers.

    Args:
        path: The model's zip file.
        module: Package of the model's class; None finds it out.
        algorithm: The model's class; None finds it out.
        columns: Groups of columns that it sees after the 60 numbers, as in `RichObservation`.

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
    size = OBSERVATION_SIZE + RichColumns(columns, 1).size
    if getattr(model.observation_space, "shape", None) != (size,):
        raise ValueError(
            f"{path.name} does not see the {size} numbers of this game; where it sees columns of "
            "RichObservation, the metadata.yml of its run's folder says which"
        )
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
