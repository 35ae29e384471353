"""Stable-Baselines3 on the engine; needs the extra `train`."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwop_native.sb3.compact_replay import CompactReplayBuffer
    from qwop_native.sb3.dqn import DQN
    from qwop_native.sb3.policies import QuantilePolicy, RelativeFeatures
    from qwop_native.sb3.ppo import PPO
    from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer
    from qwop_native.sb3.qrdqn import QRDQN
    from qwop_native.sb3.rich_observation import RichVecObservation
    from qwop_native.sb3.shaping import ShapedVecReward, StuckVecTruncation
    from qwop_native.sb3.slow_path import SlowPathWarning
    from qwop_native.sb3.snapshot_starts import SnapshotStarts
    from qwop_native.sb3.vec_env import QwopVecEnv

_MODULES = {
    "DQN": "qwop_native.sb3.dqn",
    "PPO": "qwop_native.sb3.ppo",
    "CompactReplayBuffer": "qwop_native.sb3.compact_replay",
    "PrioritizedReplayBuffer": "qwop_native.sb3.prioritized_replay",
    "QRDQN": "qwop_native.sb3.qrdqn",
    "QuantilePolicy": "qwop_native.sb3.policies",
    "QwopVecEnv": "qwop_native.sb3.vec_env",
    "RelativeFeatures": "qwop_native.sb3.policies",
    "RichVecObservation": "qwop_native.sb3.rich_observation",
    "ShapedVecReward": "qwop_native.sb3.shaping",
    "SlowPathWarning": "qwop_native.sb3.slow_path",
    "SnapshotStarts": "qwop_native.sb3.snapshot_starts",
    "StuckVecTruncation": "qwop_native.sb3.shaping",
}

__all__ = [
    "DQN",
    "PPO",
    "QRDQN",
    "CompactReplayBuffer",
    "PrioritizedReplayBuffer",
    "QuantilePolicy",
    "QwopVecEnv",
    "RelativeFeatures",
    "RichVecObservation",
    "ShapedVecReward",
    "SlowPathWarning",
    "SnapshotStarts",
    "StuckVecTruncation",
]


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for: each pulls in much of what it builds on."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module(_MODULES[name]), name)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("qwop_native"):
            raise
        raise ImportError(
            f"qwop_native.sb3.{name} needs {error.name}; install it with "
            "pip install 'qwop-native[train]'"
        ) from error


def __dir__() -> list[str]:
    return __all__
