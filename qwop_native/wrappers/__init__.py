"""Wrappers of `QwopEnv`; those of `QwopVecEnv` are in `qwop_native.sb3`."""

from qwop_native.wrappers.rich_observation import RichObservation
from qwop_native.wrappers.snapshot_pool import SnapshotPool

__all__ = ["RichObservation", "SnapshotPool"]
