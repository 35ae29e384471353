"""QWOP as a native engine: the game, and gymnasium environments on it."""

from __future__ import annotations

from importlib.metadata import version as _version
from pathlib import Path as _Path

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

__version__ = _version("qwop-native")

__all__ = [
    "Game",
    "Keys",
    "NotResetError",
    "QwopEnv",
    "QwopVectorEnv",
    "__version__",
    "load_recording",
    "register",
]

register()
