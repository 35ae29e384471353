"""QWOP as a native engine: the game, and gymnasium environments on it."""

from __future__ import annotations

from importlib.metadata import version as _version
from pathlib import Path as _Path
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

try:
    from qwop_native._core import Game, NotResetError
except ModuleNotFoundError as error:
    if error.name != "qwop_native._core":
        raise
    raise ImportError(
        f"the compiled part of qwop_native is not in {_Path(__file__).parent}. In a source "
        "checkout install with 'pip install -e .', or run from another folder after "
        "'pip install .'."
    ) from error

from qwop_native.envs.env import QwopEnv
from qwop_native.envs.registration import register
from qwop_native.envs.vector_env import QwopVectorEnv
from qwop_native.keys import Keys
from qwop_native.recording import load_recording

if _TYPE_CHECKING:
    from qwop_native.models.load import load_policy

__version__ = _version("qwop-native")

__all__ = [
    "Game",
    "Keys",
    "NotResetError",
    "QwopEnv",
    "QwopVectorEnv",
    "__version__",
    "load_policy",
    "load_recording",
    "register",
]


def __getattr__(name: str) -> _Any:
    """Imports what models need only when it is asked for."""
    if name != "load_policy":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from qwop_native.models.load import load_policy

    return load_policy


register()
