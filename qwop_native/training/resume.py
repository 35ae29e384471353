"""What an interrupted run goes on from: its checkpoint, or its last model where it has none."""

from __future__ import annotations

from pathlib import Path

from qwop_native.models.run_files import MODEL

NAME = "resume.ckpt"
"""The checkpoint in a run's folder, a file of `qwop_native.sb3.checkpoint`."""


def latest_model(folder: Path) -> Path | None:
    """The last model that an interrupted run has saved on the way or at its end."""
    saved = [
        (int(path.stem.rpartition("_")[2]), path)
        for path in folder.glob("checkpoints/model_*.zip")
        if path.stem.rpartition("_")[2].isdigit()
    ]
    final = folder / MODEL
    if final.is_file():
        return final
    return max(saved)[1] if saved else None
