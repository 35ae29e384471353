"""Runs that Weights & Biases watches; needs the extra `wandb`."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from qwop_native.models.run_files import METADATA, MODEL
from qwop_native.training.run_folder import RunFolder
from qwop_native.training.settings.run import RunConfig


class WandbRun:
    """Sends a run's curves, settings, model and metadata; does nothing where none is wanted.

    The curves are those of tensorboard.

    Args:
        settings: Of the run.
        folder: Of the run.

    Raises:
        ImportError: wandb is not installed.
        ValueError: The run writes nothing for tensorboard.
    """

    def __init__(self, settings: RunConfig, folder: RunFolder) -> None:
        self._folder = folder
        self._run: Any = None
        wanted = settings.wandb
        if wanted.project is None:
            return
        if not settings.log_tensorboard:
            raise ValueError("wandb.project needs log_tensorboard: true, whose curves it sends")
        self._run = import_wandb().init(
            project=wanted.project,
            entity=wanted.entity,
            group=wanted.group,
            mode=wanted.mode,
            id=folder.run_id,
            resume="allow",
            dir=str(folder.path),
            config=settings.plain(),
            sync_tensorboard=True,
        )

    def finish(self, status: int) -> None:
        """Sends the files and ends the run at Weights & Biases."""
        if self._run is None:
            return
        for name in (MODEL, METADATA):
            self._run.save(self._folder.path / name, base_path=self._folder.path, policy="now")
        self._run.finish(exit_code=status)


def import_wandb() -> ModuleType:
    """The package, or ImportError with what to install."""
    try:
        import wandb
    except ImportError as error:
        raise ImportError(
            "Weights & Biases needs the extra wandb: pip install 'qwop-native[wandb]'"
        ) from error
    module: ModuleType = wandb
    return module
