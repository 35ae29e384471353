"""Settings of the algorithms that learn values from a replay buffer."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator
from typing_extensions import Self

from qwop_native.settings.model import (
    Count,
    Natural,
    NonNegative,
    Positive,
    PositiveShare,
    Share,
)
from qwop_native.training.settings.learner import LearnerSettings, Schedule


class DQNSettings(LearnerSettings):
    """DQN."""

    learning_rate: Schedule = 1e-4
    max_grad_norm: Positive | None = 10.0
    buffer_size: Count = Field(
        default=1_000_000, description="Transitions that the replay buffer keeps."
    )
    learning_starts: Natural = Field(
        default=100, description="Transitions collected at random before the first update."
    )
    batch_size: Count = Field(default=32, description="Transitions of the buffer in an update.")
    transitions_per_update: Count | None = Field(
        default=None,
        description="Transitions collected per update, whatever n_envs is; null leaves it to "
        "train_freq and gradient_steps.",
    )
    train_freq: Count | None = Field(
        default=None,
        description="SB3's own way, instead of transitions_per_update: steps of all games together "
        "between trainings (null: 4).",
    )
    gradient_steps: Annotated[int, Field(ge=-1)] | None = Field(
        default=None,
        description="Updates in each training (null: 1; -1: as many as there were steps).",
    )
    n_steps: Count = Field(
        default=1, description="Rewards that a target sums before it asks the target network."
    )
    target_update_interval: Count = Field(
        default=10_000,
        description="Transitions between copies of the network to the target network.",
    )
    tau: PositiveShare = Field(
        default=1.0, description="How much of the network such a copy takes."
    )
    optimize_memory_usage: bool = Field(
        default=False, description="Keep each observation once in the replay buffer, not twice."
    )
    exploration_initial_eps: Share = Field(
        default=1.0, description="Chance of a random action at the start."
    )
    exploration_final_eps: Share = Field(
        default=0.05, description="Chance of a random action once exploration has settled."
    )
    exploration_fraction: PositiveShare = Field(
        default=0.1,
        description="Part of the run in which the chance moves linearly from the one to the other.",
    )

    @model_validator(mode="after")
    def _has_one_schedule(self) -> Self:
        own_schedule = self.train_freq is not None or self.gradient_steps is not None
        if self.transitions_per_update is not None and own_schedule:
            raise ValueError(
                "learner.transitions_per_update replaces learner.train_freq and "
                "learner.gradient_steps; give the one or the other"
            )
        return self


class QRDQNSettings(DQNSettings):
    """Quantile regression DQN."""

    learning_rate: Schedule = 5e-5
    max_grad_norm: Positive | None = None
    exploration_fraction: PositiveShare = 0.005
    exploration_final_eps: Share = 0.01
    n_quantiles: Count = Field(default=200, description="Quantiles per action.")


class DemoDQNSettings(DQNSettings):
    """DQN with demonstrations and prioritized replay."""

    demo_file: str | None = Field(
        default=None,
        description="Demonstrations: an .npz file of python -m train.collect, recordings, or "
        "qwop-gym's .rec files; a name or a pattern; null for none.",
    )
    demo_injection_ratio: Annotated[float, Field(ge=0, le=0.9)] = Field(
        default=0.25, description="Part of each batch that is demonstrations."
    )
    demo_prefill_count: Natural = Field(
        default=0,
        description="Demonstrated transitions that are put into the replay buffer at the start.",
    )
    margin: NonNegative = Field(
        default=0.8,
        description="By how much a demonstrated action's value is to exceed all others'.",
    )
    margin_weight: NonNegative = Field(
        default=0.0, description="Weight of that margin in the loss; 0 for not at all."
    )
    prioritized: bool = Field(
        default=True, description="Draw own experience by how surprising it was."
    )
    per_alpha: Share = Field(
        default=0.6, description="How much that decides: 0 not at all, 1 in proportion."
    )
    per_beta: Share = Field(
        default=0.4, description="How much of the bias is corrected at first; all of it in the end."
    )
    per_epsilon: Positive = Field(default=1e-6, description="What is added to the errors.")


class DemoQRDQNSettings(QRDQNSettings, DemoDQNSettings):
    """QRDQN with demonstrations and prioritized replay."""
