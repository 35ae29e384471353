"""Settings of the algorithms that learn values from a replay buffer."""

from __future__ import annotations

from typing import Annotated, Any, Literal

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


class QuantileSettings(DQNSettings):
    """Quantile regression as in sb3-contrib."""

    learning_rate: Schedule = 5e-5
    max_grad_norm: Positive | None = None
    exploration_fraction: PositiveShare = 0.005
    exploration_final_eps: Share = 0.01
    n_quantiles: Count = Field(default=200, description="Quantiles per action.")


class QRDQNSettings(QuantileSettings):
    """Quantile regression DQN."""

    double_q: bool = Field(
        default=False,
        description="Let the network choose the next action and the target network only value it "
        "(double Q-learning).",
    )
    munchausen_alpha: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0,
        description="Weight of Munchausen's bonus, for actions that the target network likes; "
        "above 0 targets average over all next actions.",
    )
    munchausen_tau: Positive = Field(
        default=0.03, description="Temperature at which the target network likes actions."
    )
    munchausen_clip: Annotated[float, Field(le=0)] = Field(
        default=-1.0, description="Least value of that bonus before its weight."
    )
    layer_norm: bool = Field(
        default=False, description="LayerNorm after each hidden layer, before its activation."
    )
    features: Literal["none", "relative"] = Field(
        default="none",
        description="What the network makes of the observation first: nothing, or parts seen from "
        "the torso and ramps along the track.",
    )
    optimizer: Literal["adam", "adamw"] = Field(
        default="adam", description="adamw decays weights apart from the gradient."
    )
    weight_decay: NonNegative = Field(default=0.0, description="The optimizer's weight decay.")
    adam_epsilon: Positive | None = Field(
        default=None, description="The optimizer's epsilon; null for 0.01 / batch_size."
    )
    prioritized_alpha: Share = Field(
        default=0.0,
        description="How much the loss decides what is replayed: 0 not at all, 1 in proportion.",
    )
    prioritized_beta: Share = Field(
        default=0.4,
        description="How much of the bias that this brings is corrected: 1 for all of it.",
    )
    overlap: bool = Field(
        default=False,
        description="Play the next step while updates are made: actions come from the network as "
        "it was one training earlier. It needs a training after each step of all games.",
    )
    exploration_per_env: bool = Field(
        default=False,
        description="Draw for each game whether its action is random, not once for all of them.",
    )

    ema_decay: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.0,
        description="Decay of an average of the network's weights, at each training: what is "
        "evaluated and saved is then this average; 0: the weights themselves.",
    )

    @model_validator(mode="after")
    def _has_one_target(self) -> Self:
        if self.double_q and self.munchausen_alpha > 0:
            raise ValueError(
                "learner.double_q chooses a next action and learner.munchausen_alpha averages over "
                "all of them; give the one or the other"
            )
        if self.prioritized_alpha > 0 and self.optimize_memory_usage:
            raise ValueError(
                "learner.prioritized_alpha needs learner.optimize_memory_usage to be false"
            )
        if self.batch_size > self.buffer_size:
            raise ValueError(
                f"learner.batch_size must not be larger than learner.buffer_size, which is "
                f"{self.buffer_size:,}, got {self.batch_size:,}"
            )
        return self

    def keywords(self) -> dict[str, Any]:
        """Arguments of `qwop_native.sb3.QRDQN`."""
        own = super().keywords()
        for name in (*_OF_POLICY, *_OF_REPLAY):
            del own[name]
        own |= self._of_replay()
        own["policy_kwargs"] = {**self._of_policy(), **own["policy_kwargs"]}
        return own

    def _of_replay(self) -> dict[str, Any]:
        from qwop_native.sb3.compact_replay import CompactReplayBuffer
        from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer

        if self.optimize_memory_usage:
            # Stable-Baselines3's own way knows neither returns of several steps nor time limits.
            return {"replay_buffer_class": CompactReplayBuffer, "optimize_memory_usage": False}
        if not self.prioritized_alpha:
            return {}
        exponents = {"alpha": self.prioritized_alpha, "beta": self.prioritized_beta}
        return {
            "replay_buffer_class": PrioritizedReplayBuffer,
            "replay_buffer_kwargs": exponents,
        }

    def _of_policy(self) -> dict[str, Any]:
        # Only here: torch takes a second to import, which settings alone do not need.
        import torch

        from qwop_native.sb3.policies import RelativeFeatures

        found: dict[str, Any] = {}
        if self.layer_norm:
            found["layer_norm"] = True
        if self.features == "relative":
            found["features_extractor_class"] = RelativeFeatures
        if (self.optimizer, self.weight_decay, self.adam_epsilon) != ("adam", 0.0, None):
            found["optimizer_class"] = (
                torch.optim.AdamW if self.optimizer == "adamw" else torch.optim.Adam
            )
            epsilon = 0.01 / self.batch_size if self.adam_epsilon is None else self.adam_epsilon
            found["optimizer_kwargs"] = {"eps": epsilon, "weight_decay": self.weight_decay}
        return found


_OF_REPLAY = ("prioritized_alpha", "prioritized_beta")
_OF_POLICY = ("layer_norm", "features", "optimizer", "weight_decay", "adam_epsilon")


class DemoDQNSettings(DQNSettings):
    """DQN with demonstrations and prioritized replay."""

    demo_file: str | None = Field(
        default=None,
        description="Demonstrations: an .npz file of qwop-native collect, recordings, or "
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


class DemoQRDQNSettings(QuantileSettings, DemoDQNSettings):
    """QRDQN with demonstrations and prioritized replay."""
