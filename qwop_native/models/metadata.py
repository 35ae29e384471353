"""Where a model's settings are kept: in its zip, or in the metadata.yml beside it."""

from __future__ import annotations

import io
import json
import zipfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from qwop_native.models.run_files import METADATA
from qwop_native.models.settings import ModelSettings
from qwop_native.wrappers.rich_columns import GROUPS

ENTRY = "qwop_native.json"
"""Name of our entry in SB3's zip, which SB3 does not look at."""

_FORMAT = 1


def embed(content: io.BytesIO, settings: ModelSettings) -> None:
    """Adds the settings to a model's zip in memory.

    Raises:
        ValueError: Something in the settings is not of JSON's kinds.
    """
    about = {
        "format": _FORMAT,
        "program": f"qwop-native {version('qwop-native')}",
        "env": settings.env,
        "columns": list(settings.columns),
        "wrappers": [_plain(dict(each)) for each in settings.wrappers],
    }
    with zipfile.ZipFile(content, "a") as archive:
        if ENTRY not in archive.namelist():
            # A fixed date: the same model makes the same bytes.
            entry = zipfile.ZipInfo(ENTRY, (1980, 1, 1, 0, 0, 0))
            archive.writestr(entry, json.dumps(about, indent=1) + "\n")


def _plain(value: Any) -> Any:
    """The same with what JSON does not know as text."""
    return json.loads(json.dumps(value, default=str))


def read_settings(path: Path) -> ModelSettings:
    """What is told of a model: by its zip, or else by a metadata.yml beside it or a folder above.

    Raises:
        ImportError: Only a metadata.yml tells, and PyYAML is missing.
        ValueError: What tells is damaged.
    """
    return _of_zip(path) or settings_beside(path)


def _of_zip(path: Path) -> ModelSettings | None:
    try:
        with zipfile.ZipFile(path) as archive:
            if ENTRY not in archive.namelist():
                return None
            text = archive.read(ENTRY)
    except (zipfile.BadZipFile, OSError):
        return None  # whoever reads the model says so
    try:
        about = json.loads(text)
        if about["format"] != _FORMAT:
            raise ValueError(
                f"{path} is of another version: its {ENTRY} has format {about['format']}, "
                f"this version reads {_FORMAT}"
            )
        columns = tuple(str(name) for name in about["columns"])
        if not set(columns) <= set(GROUPS):
            raise ValueError(f"{path} sees columns that this version does not know: {columns}")
        told = ModelSettings.of(about["env"])
        return ModelSettings(told.env, columns, tuple(about["wrappers"]))
    except (json.JSONDecodeError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        raise ValueError(f"the {ENTRY} in {path} is damaged") from None


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
        wrappers = (about.get("config") or {}).get("env_wrappers") or ()
        return ModelSettings.of(about["env"] or {}, wrappers)
    except (yaml.YAMLError, UnicodeDecodeError, AttributeError, KeyError, TypeError):
        raise ValueError(f"{path} is not the metadata of a run") from None
