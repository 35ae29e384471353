"""What the settings of SB3's algorithms have in common."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sb3_contrib
import stable_baselines3
from stable_baselines3.common.base_class import BaseAlgorithm

import qwop_native.sb3
from qwop_native.training.fields import setting
from qwop_native.training.schedules import parse

_SCHEDULED = ("learning_rate", "clip_range", "clip_range_vf")

_FOR_POLICY = ("net_arch", "n_quantiles", "lstm_hidden_size", "n_lstm_layers")
"""Settings that SB3 takes within policy_kwargs."""


@dataclass(frozen=True)
class LearnerSettings:
    """Keys of every `learner` section. What is left out has SB3's own default."""

    policy: str = "MlpPolicy"
    learning_rate: float | str = setting(3e-4, above=0)
    gamma: float = setting(0.99, at_least=0, at_most=1)
    max_grad_norm: float | None = setting(0.5, above=0)
    net_arch: tuple[int, ...] = setting((64, 64), at_least=1)
    policy_kwargs: dict[str, Any] | None = None
    stats_window_size: int = setting(100, at_least=1)

    def keywords(self) -> dict[str, Any]:
        """Arguments of SB3's constructor.

        Raises:
            ValueError: A schedule is not written as one.
        """
        own = {name: getattr(self, name) for name in self.__dataclass_fields__}
        for name in _SCHEDULED:
            if name in own:
                own[name] = parse(own[name], f"learner.{name}")
        policy = {name: own.pop(name) for name in _FOR_POLICY if name in own}
        policy["net_arch"] = list(policy["net_arch"])
        own["policy_kwargs"] = {**policy, **(own["policy_kwargs"] or {})}
        return own

    def __post_init__(self) -> None:
        for name in _SCHEDULED:
            if name in self.__dataclass_fields__:
                parse(getattr(self, name), f"learner.{name}")


def model_class(name: str) -> type[BaseAlgorithm]:
    """The native class of SB3's or sb3-contrib's name, or theirs where there is no native one."""
    for module in (qwop_native.sb3, stable_baselines3, sb3_contrib):
        if name in module.__all__:
            found: type[BaseAlgorithm] = getattr(module, name)
            return found
    raise AttributeError(f"Stable-Baselines3 has no {name}")
