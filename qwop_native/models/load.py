"""Finds and loads models, and completes what is known about the games they play."""

from __future__ import annotations

import importlib
import os
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.models.metadata import read_settings
from qwop_native.models.outputs import action_count
from qwop_native.models.policy import ModelPolicy
from qwop_native.models.run_files import BEST_MODEL, MODEL
from qwop_native.models.settings import GUESSED_FRAMES_PER_STEP, Say
from qwop_native.recording.stage import Policy
from qwop_native.wrappers.rich_columns import RichColumns

CHAMPION = "champion"
"""Short name of the shipped policy."""

IN_A_FOLDER = (BEST_MODEL, "best.zip", "policy.zip", MODEL)
"""Names of models in the folders of runs; the first that is there is taken."""

_CLASSES = {
    "qrdqn": ("sb3_contrib", "QRDQN"),
    "recurrent_ppo": ("sb3_contrib", "RecurrentPPO"),
    "dqn": ("stable_baselines3", "DQN"),
    "ppo": ("stable_baselines3", "PPO"),
    "a2c": ("stable_baselines3", "A2C"),
}

# The learner's own objects are not needed and may be of other versions.
_UNUSED: dict[str, Any] = {
    "lr_schedule": lambda _: 0.0,
    "exploration_schedule": lambda _: 0.0,
    "clip_range": lambda _: 0.2,
    "clip_range_vf": None,
}


def find_model(name: str | os.PathLike[str]) -> Path:
    """The zip that a name means.

    Args:
        name: A zip, the folder of a run, or "champion" for the shipped policy.

    Raises:
        FileNotFoundError: There is no such file or folder.
        ValueError: The folder holds no model, or is none of a run.
    """
    path = Path(name)
    if path.is_file():
        return path
    if path.is_dir():
        for inside in IN_A_FOLDER:
            if (path / inside).is_file():
                return path / inside
        zips = sorted(each.name for each in path.glob("*.zip"))
        if str(name) != CHAMPION:
            there = f"it has {', '.join(zips)}" if zips else "it has no zip"
            raise ValueError(
                f"the folder {path} holds no model of a run ({', '.join(IN_A_FOLDER)}); {there}"
            )
    if str(name) == CHAMPION:
        from qwop_native.champion import POLICY

        return POLICY
    raise FileNotFoundError(f"there is no model {name}")


def load_policy(
    model: str | os.PathLike[str],
    *,
    frames_per_step: int | None = None,
    action_set: str | None = None,
    sincos: str | None = None,
    module: str | None = None,
    algorithm: str | None = None,
    deterministic: bool = True,
    weights_only: bool = False,
    say: Say | None = None,
) -> ModelPolicy:
    """Loads a model of PPO, A2C, RecurrentPPO, DQN or QRDQN as a player of games.

    It plays with the settings it was trained with: those in its zip, or in a ``metadata.yml``
    beside it or a folder above. What neither tells is guessed, with a warning. Loading a model can
    run code that is in it, as with every pickle; `weights_only` runs none.

    Args:
        model: A zip, the folder of a run, or "champion" for the shipped policy.
        frames_per_step: Instead of what the model's settings say.
        action_set: Instead of what they say: "full", "reduced" or "essential".
        sincos: Instead of what they say: "glibc", "glibc-fma" or "fdlibm".
        module: Package of the model's class; None finds it out.
        algorithm: The model's class, such as "PPO"; None finds it out.
        deterministic: Whether the likeliest action is taken, not one drawn.
        weights_only: Whether to read nothing but the weights.
        say: Called with a line about each guess instead of a warning.

    Returns:
        What has `frames_per_step` and `act(games)`, which gives uint8 key masks.

    Raises:
        FileNotFoundError: There is no such model.
        ImportError: PyTorch, Stable-Baselines3 or sb3-contrib is missing.
        ValueError: It is not a model, is damaged, of another game, or of other versions.
    """
    path = find_model(model)
    check_packages()
    from qwop_native.models.weights import (
        load_weights_only,
        observation_width,
        outputs_of,
        read_weights,
    )

    told = read_settings(path).changed(frames_per_step, action_set, sincos)
    weights = read_weights(path)
    _check_width(path, observation_width(path, weights), told.columns)
    outputs = outputs_of(weights)
    say = say or _warn
    if weights_only:
        settings = told.completed(path.name, None, outputs, say)
        loaded: Any = load_weights_only(path, (_actions(settings.env),))
    else:
        loaded = load_model(path, module, algorithm)
        settings = told.completed(path.name, action_count(loaded), outputs, say)
    return ModelPolicy(loaded, settings, deterministic)


def _actions(env: dict[str, Any]) -> int:
    from qwop_native.envs.spaces import action_keys

    return len(action_keys(env["action_set"], env["t_for_terminate"]))


def _warn(line: str) -> None:
    warnings.warn(line, stacklevel=3)


def _check_width(path: Path, width: int, columns: tuple[str, ...]) -> None:
    shown = OBSERVATION_SIZE + RichColumns(columns, 1).size
    if width != shown:
        raise ValueError(
            f"{path} sees {width} numbers, the environment shows {shown}: it is a model of another "
            "game, or it sees columns of RichObservation and no metadata.yml beside it says which"
        )


def check_packages() -> None:
    """Raises ImportError, with what to install, if a package is missing that models need."""
    for name in ("torch", "stable_baselines3", "sb3_contrib"):
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ImportError(
                f"models need the extra train: pip install 'qwop-native[train]' ({error})"
            ) from error


def load_player(name: str, **arguments: Any) -> Policy:
    """Loads who is to play.

    Args:
        name: A model as for `load_policy`, or ``package.module:factory`` for anything else, where
            ``factory()`` gives a `qwop_native.recording.stage.Policy`.
        **arguments: As for `load_policy`, for a model.

    Raises:
        FileNotFoundError, ImportError, ValueError: As `load_policy`; there is no such factory, or
            what it makes cannot play.
    """
    if ":" in name and not Path(name).exists():
        return _made(name)
    return load_policy(name, **arguments)


def _made(name: str) -> Policy:
    """What ``package.module:factory`` makes."""
    module, _, factory = name.partition(":")
    make: Callable[[], Policy] | None = getattr(importlib.import_module(module), factory, None)
    if not callable(make):
        raise ValueError(f"{module} has no factory {factory!r}")
    made = make()
    lacking = [part for part in ("grid", "reset", "keys") if not hasattr(made, part)]
    if lacking:
        raise ValueError(f"what {name} makes cannot play: it has no {' and no '.join(lacking)}")
    return made


def frames_of(policy: Policy) -> int:
    """Frames of a policy's steps, 4 for one that has none."""
    return GUESSED_FRAMES_PER_STEP if policy.grid is None else policy.grid.frames_per_step


def load_model(path: Path, module: str | None = None, algorithm: str | None = None) -> Any:
    """Loads a model with the class of SB3 or sb3-contrib that it was saved by.

    Args:
        path: The model's zip.
        module: Package of the model's class; None finds it out.
        algorithm: The model's class; None finds it out.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: The package is missing.
        ValueError: It is not a model, is damaged, or of other versions.
    """
    from qwop_native.models.weights import algorithm_of

    if not (module and algorithm):
        module, algorithm = _CLASSES[algorithm_of(path)]
    loader: Any = getattr(importlib.import_module(module), algorithm, None)
    if not hasattr(loader, "load"):
        raise ValueError(f"{module} has no algorithm {algorithm!r}")
    try:
        with warnings.catch_warnings():
            # SB3 warns of each thing that it cannot read; what matters makes it fail.
            warnings.filterwarnings("ignore", message="Could not deserialize object")
            warnings.filterwarnings("ignore", message="You are probably loading a")
            return loader.load(os.fspath(path), device="cpu", custom_objects=_UNUSED)
    except Exception as error:  # whatever a pickle of other versions may raise
        raise ValueError(
            f"{path} cannot be loaded by {_versions()} ({' '.join(str(error).split())}); it was "
            f"saved by {saved_by(path)}: use those versions, or --weights-only "
            "(in Python weights_only=True)"
        ) from error


def _versions() -> str:
    from importlib.metadata import version

    return f"Stable-Baselines3 {version('stable-baselines3')} and NumPy {version('numpy')}"


def saved_by(path: Path) -> str:
    """Versions of SB3 and NumPy that a zip says it was saved by."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("system_info.txt").decode()
    except (zipfile.BadZipFile, KeyError, UnicodeDecodeError):
        return "versions that it does not tell"
    lines = (line.lstrip("- ").partition(": ") for line in text.splitlines())
    told = {name: value.strip() for name, _, value in lines}
    names = ("Stable-Baselines3", "Numpy", "Python")
    return ", ".join(f"{name} {told[name]}" for name in names if name in told) or "unknown versions"
