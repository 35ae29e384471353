"""What the folder around a trained model tells about the games it was trained on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwop_native.wrappers.rich_columns import columns_of

METADATA = "metadata.yml"

_SETTINGS = ("frames_per_step", "action_set", "reduced_action_set", "t_for_terminate", "sincos")


@dataclass(frozen=True)
class ModelSettings:
    """What decides what a model sees and does.

    Attributes:
        env: Arguments of `QwopEnv` that are told, no others.
        columns: Groups of columns that it sees after the 60 numbers, as in `RichObservation`.
    """

    env: dict[str, Any] = field(default_factory=dict)
    columns: tuple[str, ...] = ()

    @property
    def action_set(self) -> str | None:
        """Name of the model's actions, None where nothing tells it."""
        if self.env.get("action_set"):
            return str(self.env["action_set"])
        reduced = self.env.get("reduced_action_set")
        return None if reduced is None else "reduced" if reduced else "full"


def settings_beside(model: Path) -> ModelSettings:
    """Reads a run's metadata.yml, of ours or of qwop-gym's, beside a model or a folder above it.

    Raises:
        ImportError: There is such a file, and PyYAML is missing.
        ValueError: It is damaged.
    """
    for folder in (model.parent, model.parent.parent):
        if (folder / METADATA).is_file():
            return _read(folder / METADATA)
    return ModelSettings()


def _read(path: Path) -> ModelSettings:
    try:
        import yaml
    except ImportError as error:
        raise ImportError(f"{path} needs PyYAML: pip install 'qwop-native[train]'") from error
    try:
        about = yaml.safe_load(path.read_text(encoding="utf-8"))
        env = about["env"] or {}
        wrappers = (about.get("config") or {}).get("env_wrappers") or ()
        told = {name: env[name] for name in _SETTINGS if name in env}
        return ModelSettings(told, columns_of(wrappers))
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        raise ValueError(f"{path} is not the metadata of a run") from None
