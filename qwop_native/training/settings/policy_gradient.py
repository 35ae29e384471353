"""Settings of the algorithms that learn a policy from what it does itself."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator, model_validator
from typing_extensions import Self

from qwop_native.settings.model import Count, NonNegative, Positive, PositiveShare, Share
from qwop_native.training.settings.learner import LearnerSettings, Schedule


class PolicyGradientSettings(LearnerSettings):
    """What A2C and PPO share."""

    n_steps: Count = Field(default=5, description="Steps of each game between trainings.")
    gae_lambda: Share = Field(
        default=1.0, description="Weight of later steps in the estimated advantage."
    )
    normalize_advantage: bool = Field(
        default=False,
        description="Make the advantages of a batch zero on average and of variance one.",
    )
    ent_coef: NonNegative = Field(
        default=0.0,
        description="Weight of the entropy, which keeps the policy from settling too soon.",
    )
    vf_coef: NonNegative = Field(default=0.5, description="Weight of the value's error.")
    use_sde: bool = Field(
        default=False, description="SB3's exploration for continuous actions; there are none here."
    )
    sde_sample_freq: Annotated[int, Field(ge=-1)] = Field(
        default=-1, description="Of SB3's exploration for continuous actions; it has no effect."
    )

    @field_validator("use_sde")
    @classmethod
    def _is_for_keys(cls, value: bool) -> bool:
        if value:
            raise ValueError(f"must be false: the actions are keys, got {value!r}")
        return value


class A2CSettings(PolicyGradientSettings):
    """Advantage actor-critic."""

    learning_rate: Schedule = 7e-4
    use_rms_prop: bool = Field(default=True, description="RMSprop as the optimizer, not Adam.")
    rms_prop_eps: Positive = Field(default=1e-5, description="RMSprop's epsilon.")


class PPOSettings(PolicyGradientSettings):
    """PPO."""

    n_steps: Count = 2048
    batch_size: Count = Field(default=64, description="Transitions of an update.")
    n_epochs: Count = Field(default=10, description="Passes over all that was collected.")
    gae_lambda: Share = 0.95
    clip_range: Schedule = Field(
        default=0.2, description="How far an update may move the policy; a number or a schedule."
    )
    clip_range_vf: Schedule | None = Field(
        default=None, description="How far an update may move the value; null for no limit."
    )
    normalize_advantage: bool = True
    target_kl: Positive | None = Field(
        default=None,
        description="End the passes once the policy has moved this far; null for never.",
    )

    @model_validator(mode="after")
    def _has_a_variance(self) -> Self:
        least = 2 if self.normalize_advantage else 1
        if self.batch_size < least:
            raise ValueError(f"learner.batch_size must be at least {least}, got {self.batch_size}")
        return self


class RecurrentPPOSettings(PPOSettings):
    """PPO with an LSTM."""

    policy: str = "MlpLstmPolicy"
    n_steps: Count = 128
    batch_size: Count = 128
    lstm_hidden_size: Count = Field(default=256, description="Width of the LSTM layers.")
    n_lstm_layers: Count = Field(default=1, description="Number of LSTM layers.")


class FilteredPPOSettings(PPOSettings):
    """PPO that learns from its better episodes only."""

    keep_share: PositiveShare = Field(
        default=0.5,
        description="Part of the latest 100 episodes, those that got farthest, that is learned "
        "from; the others' transitions are thrown away.",
    )
    only_successes: bool = Field(
        default=False,
        description="Learn from episodes that end beyond 100 m alone; for a model that has such "
        "episodes.",
    )
