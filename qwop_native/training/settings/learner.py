"""What every `learner` section has."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, ValidationInfo

from qwop_native.settings.model import Count, Positive, Settings, Share, number
from qwop_native.training.schedules import parse

_SCHEDULED = ("learning_rate", "clip_range", "clip_range_vf")

_FOR_POLICY = ("net_arch", "n_quantiles", "lstm_hidden_size", "n_lstm_layers")
"""Settings that SB3 takes within policy_kwargs."""


def _is_schedule(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, str) and isinstance(number(value), str):
        try:
            parse(value, "")
        except ValueError as error:
            raise ValueError(str(error).strip()) from None
    return value


Schedule = Annotated[Positive | str, BeforeValidator(_is_schedule)]
"""A number above 0, or the text of a schedule."""


class LearnerSettings(Settings):
    """Settings of every algorithm. The defaults are SB3's own."""

    policy: str = Field(default="MlpPolicy", description="Kind of network.")
    learning_rate: Schedule = Field(
        default=3e-4,
        description="Step size of the optimizer: a number, or a schedule: const_V, "
        "lin_decay_V0_V1_F (a line from V0 to V1 in the first F of the run) or "
        "exp_decay_V0_V1_F_N (N equal steps in the first F of it).",
    )
    gamma: Share = Field(default=0.99, description="Discount per step.")
    max_grad_norm: Positive | None = Field(
        default=0.5,
        description="Largest norm of the gradient; null for no limit.",
    )
    net_arch: tuple[Count, ...] = Field(
        default=(64, 64), description="Widths of the hidden layers."
    )
    policy_kwargs: dict[str, Any] | None = Field(
        default=None, description="Further arguments of SB3's policy."
    )
    stats_window_size: Count = Field(
        default=100, description="Episodes that SB3's rollout/ curves are means of."
    )

    def keywords(self) -> dict[str, Any]:
        """Arguments of SB3's constructor."""
        own = dict(self)
        for name in _SCHEDULED:
            if name in own:
                own[name] = parse(own[name], f"learner.{name}")
        policy = {name: own.pop(name) for name in _FOR_POLICY if name in own}
        policy["net_arch"] = list(policy["net_arch"])
        own["policy_kwargs"] = {**policy, **(own["policy_kwargs"] or {})}
        return own
