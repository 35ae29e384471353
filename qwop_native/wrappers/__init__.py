"""Wrappers of `QwopEnv`; those of `QwopVecEnv` are in `qwop_native.sb3`."""

from qwop_native.wrappers.absorb import AbsorbWrapper
from qwop_native.wrappers.record import RecordWrapper
from qwop_native.wrappers.rich_observation import RichObservation
from qwop_native.wrappers.shaping import ShapedReward, StuckTruncation
from qwop_native.wrappers.snapshot_pool import SnapshotPool
from qwop_native.wrappers.verbose import VerboseWrapper

__all__ = [
    "AbsorbWrapper",
    "RecordWrapper",
    "RichObservation",
    "ShapedReward",
    "SnapshotPool",
    "StuckTruncation",
    "VerboseWrapper",
]
