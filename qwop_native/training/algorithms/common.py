"""What the algorithms have in common: their classes by name, native where there is one."""

from __future__ import annotations

import sb3_contrib
import stable_baselines3
from stable_baselines3.common.base_class import BaseAlgorithm

import qwop_native.sb3


def model_class(name: str) -> type[BaseAlgorithm]:
    """The native class of SB3's or sb3-contrib's name, or theirs where there is no native one."""
    for module in (qwop_native.sb3, stable_baselines3, sb3_contrib):
        if name in module.__all__:
            found: type[BaseAlgorithm] = getattr(module, name)
            return found
    raise AttributeError(f"Stable-Baselines3 has no {name}")
