"""The folder that a run leaves: settings, how it went, models, curves."""

from __future__ import annotations

import platform
import secrets
import shlex
import string
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml
from stable_baselines3.common.base_class import BaseAlgorithm

from qwop_native.atomic import whole_file
from qwop_native.models.run_files import CONFIG, METADATA, MODEL
from qwop_native.models.save import save_model
from qwop_native.models.settings import ModelSettings
from qwop_native.settings.model import plain
from qwop_native.text_files import read_text
from qwop_native.training import config
from qwop_native.training.algorithms import Algorithm, get_algorithm

_PACKAGES = ("qwop-native", "torch", "stable-baselines3", "sb3-contrib", "gymnasium", "numpy")


def complete(settings: config.RunConfig) -> tuple[config.RunConfig, str]:
    """Draws the seed and the run's id where none are given.

    Returns:
        The settings with a seed, and the id. The id is not put into the settings, so that they
        can be used again for another run.
    """
    if settings.seed is None:
        settings = settings.changed(seed=secrets.randbelow(2**31))
    letters = string.ascii_lowercase + string.digits
    drawn = "".join(secrets.choice(letters) for _ in range(8))
    return settings, settings.run_id or drawn


def is_finished(path: Path) -> bool:
    """Whether a run's folder says that the run has come to its end."""
    about = yaml.safe_load(read_text(path / METADATA))
    return isinstance(about, dict) and about.get("state") == "finished"


class RunFolder:
    """Writes the files of one run.

    Args:
        path: The folder.
        settings: Of the run, seed included.
        run_id: Id of the run.
    """

    def __init__(self, path: Path, settings: config.RunConfig, run_id: str) -> None:
        self.path = path
        self.run_id = run_id
        self.settings = settings
        self._started = time.time()

    @classmethod
    def new(cls, settings: config.RunConfig, run_id: str) -> RunFolder:
        """Makes the folder that the settings' template names.

        Raises:
            FileExistsError: It holds something already.
        """
        name = settings.out_dir.format(
            algorithm=settings.algorithm, seed=settings.seed, run_id=run_id
        )
        path = Path(name)
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise FileExistsError(
                f"the run folder {path} is not empty; choose another run_id or out_dir"
            )
        path.mkdir(parents=True, exist_ok=True)
        folder = cls(path, settings, run_id)
        folder.write(CONFIG, config.dump(settings))
        return folder

    @classmethod
    def existing(cls, path: Path) -> tuple[RunFolder, Algorithm]:
        """The folder of a run that did not come to its end, and what it trains.

        Raises:
            FileNotFoundError: It is no run's folder.
            ValueError: The run is finished, or the folder's files are of another version.
        """
        if not (path / CONFIG).is_file() or not (path / METADATA).is_file():
            raise FileNotFoundError(f"{path} is no run's folder: it needs {CONFIG} and {METADATA}")
        about = yaml.safe_load(read_text(path / METADATA))
        if not isinstance(about, dict) or not {"action", "run_id", "state"} <= set(about):
            raise ValueError(f"{path / METADATA} is of another version of this program")
        if about["state"] == "finished":
            raise ValueError(f"the run in {path} is finished; use model_load_file to go beyond it")
        algorithm = get_algorithm(about["action"])
        settings = config.load(path / CONFIG, [], algorithm)
        return cls(path, settings, about["run_id"]), algorithm

    def write(self, name: str, text: str) -> None:
        """Writes a file of text, whole or not at all."""
        with whole_file(self.path / name) as file:
            file.write(text.encode())

    def save(self, model: BaseAlgorithm, name: str = MODEL) -> None:
        """Writes SB3's zip of the model, whole or not at all."""
        target = self.path / name
        target.parent.mkdir(exist_ok=True)
        told = ModelSettings.of_games(self.settings.played, self.settings.env_wrappers)
        save_model(model, target, told)

    def describe(self, state: str, steps: int, **more: Any) -> None:
        """Writes metadata.yml: qwop-gym's keys, and what it takes to make the run again."""
        settings = self.settings
        description = {
            "action": f"train_{settings.algorithm}",
            "run_id": self.run_id,
            "state": state,
            "command": shlex.join([Path(sys.executable).name, *sys.orig_argv[1:]]),
            "commit": _commit(),
            "seed": settings.seed,
            "steps": steps,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(self._started)),
            "duration": round(time.time() - self._started, 1),
            "python": platform.python_version(),
            "versions": {name: _version(name) for name in _PACKAGES},
            "out_dir": str(self.path),
            **more,
            "env": plain(settings.played),
            "config": settings.plain(),
        }
        self.write(METADATA, yaml.safe_dump(description, sort_keys=False))


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Commit of the checkout that this program is run from, with a plus if it was changed."""
    here = Path(__file__).parent
    try:
        asked = ["git", "-C", str(here), "describe", "--always", "--abbrev=40", "--dirty=+"]
        found = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60)
        tracked = ["git", "-C", str(here), "ls-files", "--error-unmatch", Path(__file__).name]
        ours = subprocess.run(tracked, capture_output=True, check=False, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None if ours.returncode == 0 else None
