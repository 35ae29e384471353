"""Settings of the algorithms that learn from demonstrations: cloning, GAIL and AIRL."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from qwop_native.settings.model import Count, Natural, NonNegative, Positive, Share
from qwop_native.training.settings.learner import LearnerSettings, Schedule
from qwop_native.training.settings.policy_gradient import PPOSettings

_DEMONSTRATIONS = (
    "Demonstrations: .npz files of python -m train.collect, recordings, or qwop-gym's .rec files; "
    "names or patterns. Recordings are played in the run's environment, in its steps and actions."
)
_ONE_VALUE = "A key of qwop-gym's files that has this one value here."


class CloningRunSettings(LearnerSettings):
    """Behavior cloning."""

    demonstrations: tuple[str, ...] = Field(default=(), description=_DEMONSTRATIONS)
    learning_rate: Schedule = 1e-3
    n_epochs: Count = Field(default=50, description="Passes over the demonstrations.")
    batch_size: Count = Field(default=64, description="Transitions of an update.")
    minibatch_size: None = Field(default=None, description=_ONE_VALUE)
    ent_weight: NonNegative = Field(
        default=1e-3,
        description="Weight of the entropy, which keeps the policy from being too sure.",
    )
    l2_weight: NonNegative = Field(default=0.0, description="Weight of the squared parameters.")
    held_out: Share = Field(
        default=0.0,
        description="Part of the episodes that is only looked at, to see how well the rest is "
        "learned.",
    )


class AdversarialRunSettings(PPOSettings):
    """GAIL: PPO on a reward learned from demonstrations."""

    demonstrations: tuple[str, ...] = Field(default=(), description=_DEMONSTRATIONS)
    learner_module: Literal["stable_baselines3"] = Field(
        default="stable_baselines3", description=_ONE_VALUE
    )
    learner_cls: Literal["PPO"] = Field(default="PPO", description=_ONE_VALUE)
    horizon: Natural = Field(
        default=1000,
        description="Steps to which ended episodes are continued by a state of its own, so that "
        "neither a long nor a short life pays by itself; 0 for not at all.",
    )
    demo_batch_size: Count = Field(
        default=512,
        description="Demonstrated transitions of an update of the reward, and as many of the "
        "policy's.",
    )
    n_disc_updates_per_round: Count = Field(
        default=8, description="Updates of the reward between two trainings of the policy."
    )
    disc_learning_rate: Positive = Field(
        default=3e-4, description="Step size of the reward's optimizer."
    )
    disc_net_arch: tuple[Count, ...] = Field(
        default=(64, 64), description="Widths of the reward's hidden layers."
    )
    gen_replay_buffer_capacity: Count | None = Field(
        default=None,
        description="Latest transitions of the policy that the reward learns from; null for those "
        "since the policy was last trained.",
    )
    normalize_reward: bool = Field(
        default=False,
        description="Divide the reward by the running spread of its discounted sums. GAIL's has "
        "bounds by itself; without this, what falling costs AIRL grows until the policy learns "
        "nothing but to stand still.",
    )
    demo_minibatch_size: None = Field(default=None, description=_ONE_VALUE)
    gen_train_timesteps: None = Field(default=None, description=_ONE_VALUE)
    log_dir: None = Field(default=None, description=_ONE_VALUE)
    debug_use_ground_truth: Literal[False] = Field(default=False, description=_ONE_VALUE)
    allow_variable_horizon: bool = Field(
        default=True, description="A key of qwop-gym's files; episodes may be of any length anyway."
    )


class AirlRunSettings(AdversarialRunSettings):
    """AIRL: PPO on a reward that explains the demonstrations."""

    normalize_reward: bool = True
