"""Writes models: SB3's own zip, with the settings of its games and in plain data."""

from __future__ import annotations

import base64
import io
import json
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.base_class import BaseAlgorithm

from qwop_native.atomic import whole_file
from qwop_native.models.games import settings_of
from qwop_native.models.metadata import embed
from qwop_native.models.settings import ModelSettings


def save_model(model: BaseAlgorithm, path: Path, settings: ModelSettings | None = None) -> None:
    """Writes SB3's zip of a model, whole or not at all; its folder must exist.

    Args:
        model: The model.
        path: The zip.
        settings: Of its games; None asks the games that the model has, if it has any.
    """
    # Made in memory: of a disk that is full torch says only that something is wrong.
    content = io.BytesIO()
    model.save(content)
    content = portable(content)
    env = model.get_env()
    if settings is None and env is not None:
        settings = settings_of(env)
    if settings is not None:
        embed(content, settings)
    with whole_file(path) as file:
        file.write(content.getbuffer())


class _Made:
    """Pickles as a call: what is read back is made anew by whichever version reads it."""

    def __init__(self, make: Any, *arguments: Any) -> None:
        self._call = (make, arguments)

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return self._call


def portable(content: io.BytesIO) -> io.BytesIO:
    """The same zip with plain data for what SB3 pickles with the names of one version's modules.

    The spaces (arrays and a generator of NumPy) become calls of their constructors; schedules that
    are constant (classes of SB3 2.6) become numbers. Whatever else there is stays as it is.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(made, "w") as new:
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            data = old.read(name)
            new.writestr(entry, _plain_data(data) if name == "data" else data)
    return made


def _plain_data(text: bytes) -> bytes:
    data = json.loads(text)
    for name in ("observation_space", "action_space"):
        plain = _plain_space(_unpickled(data.get(name)))
        if plain is not None:
            pickled = base64.b64encode(pickle.dumps(plain, 4)).decode()
            data[name] = {":type:": data[name][":type:"], ":serialized:": pickled}
    for name in ("clip_range", "clip_range_vf"):
        value = _constant(_unpickled(data.get(name)))
        if value is not None:
            data[name] = value
    if _constant(_unpickled(data.get("lr_schedule"))) is not None:
        del data["lr_schedule"]  # made anew of the learning rate
    return json.dumps(data, indent=4).encode()


def _unpickled(entry: Any) -> Any:
    """What SB3 has just pickled in this process; None for plain data."""
    if not isinstance(entry, dict) or ":serialized:" not in entry:
        return None
    return pickle.loads(base64.b64decode(entry[":serialized:"]))


def _plain_space(space: Any) -> _Made | None:
    if isinstance(space, spaces.Discrete) and space.start == 0:
        return _Made(spaces.Discrete, int(space.n))
    if isinstance(space, spaces.Box) and space.dtype == np.float32:
        low, high = np.unique(space.low), np.unique(space.high)
        if len(low) == len(high) == 1:
            return _Made(spaces.Box, float(low[0]), float(high[0]), space.shape)
    return None


def _constant(schedule: Any) -> float | None:
    """The value of a schedule of SB3's that never changes."""
    inner = getattr(schedule, "value_schedule", schedule)
    value = getattr(inner, "val", None)
    return float(value) if isinstance(value, (int, float)) else None
