"""The settings that decide how a policy is made from nothing."""

from __future__ import annotations

from typing import Annotated, Any, NamedTuple

from pydantic import Field

from qwop_native.settings.model import (
    Count,
    Natural,
    NonNegative,
    Positive,
    PositiveShare,
    Settings,
    Share,
)
from qwop_native.training.settings.games import GamesSettings


class CloningSettings(Settings):
    """The networks, how they learn what QR-DQN would do, and PPO's first rollouts with them."""

    net_arch: tuple[Count, ...] = Field(
        default=(256, 256), description="Hidden layers of actor and critic, for good."
    )
    steps: Count = Field(
        default=1500, description="Steps of each game whose states are learned from."
    )
    epsilon: Share = Field(
        default=0.05, description="Part of the actions in them that are drawn at random."
    )
    temperature: Positive = Field(
        default=1.0,
        description="How likely the second best action is made: 1 for e times less than the best "
        "one, in the median of all states.",
    )
    epochs: Count = Field(default=6, description="Passes over the states.")
    batch_size: Count = Field(default=1024, description="States of an update.")
    learning_rate: Positive = Field(default=1e-3, description="Step size of the optimizer.")
    warm_up_rollouts: Natural = Field(
        default=6, description="PPO's first rollouts afterwards, in which only the critic learns."
    )


class PPOSettings(Settings):
    """PPO's own numbers, as Stable-Baselines3 names them."""

    steps: Count = Field(
        default=100_000_000, description="Transitions to collect with games.frames_per_step."
    )
    n_steps: Count = Field(default=512, description="Steps of each game between trainings.")
    batch_size: Count = Field(default=32_768, description="Transitions of an update.")
    n_epochs: Count = Field(default=3, description="Passes over all that was collected.")
    learning_rate: Positive = Field(
        default=3e-4, description="Step size of the optimizer at first."
    )
    target_kl: Positive = Field(
        default=0.01,
        description="Nats by which each rollout is to move the policy at first: the step size "
        "follows.",
    )
    final_target_kl: Positive = Field(default=0.004, description="The same at the end.")
    gamma: PositiveShare = Field(default=0.99, description="Discount per step.")
    gae_lambda: Share = Field(default=0.95, description="Weight of later steps in the advantage.")
    ent_coef: NonNegative = Field(default=0.004, description="Weight of the entropy at first.")
    final_ent_coef: NonNegative = Field(
        default=0.0002, description="Weight of the entropy at the end."
    )
    clip_range: Positive = Field(default=0.2, description="How far an update may move the policy.")
    ema_decay: Annotated[float, Field(ge=0, lt=1)] = Field(
        default=0.95,
        description="Decay, at each rollout, of the average of the weights, which is what is "
        "evaluated and becomes the policy.",
    )
    evaluate_every: Count = Field(default=5_000_000, description="Transitions between evaluations.")


_GAMES = GamesSettings(
    frames_per_step=2,
    time_cost=0.0,
    time_cost_share=0.78,
    finish_reward=65.0,
    fall_steps=12.0,
    random_key_starts=0.4,
    snapshot_chance=0.005,
    snapshot_after=8,
)


class Pace(NamedTuple):
    """Games of one length of a step, and how PPO learns from them."""

    games: GamesSettings
    ppo: PPOSettings


class SprintSettings(Settings):
    """How the shipped policy is made from nothing; docs/record.md tells what each part is for."""

    seed: Natural = Field(
        default=1,
        description="Of everything that is random. The same seed and number of threads give the "
        "same policy on the same kind of processor, unless the making was stopped in between.",
    )
    qrdqn: dict[str, Any] = Field(
        default={},
        description="Settings of the run of QR-DQN that all begins with, over those of "
        "qrdqn_record.yml.",
    )
    games: GamesSettings = Field(default=_GAMES, description="The games that PPO plays.")
    cloning: CloningSettings = Field(
        default=CloningSettings(), description="PPO's policy begins as QR-DQN's."
    )
    ppo: PPOSettings = Field(default=PPOSettings(), description="PPO in large batches.")
    every_frame_steps: Natural = Field(
        default=150_000_000,
        description="Transitions that PPO collects afterwards with a decision every frame; what "
        "counts steps in games and ppo is scaled to the shorter ones.",
    )

    @property
    def whole_steps(self) -> int:
        """Transitions that PPO collects in all."""
        return self.ppo.steps + self.every_frame_steps

    def paces(self) -> list[Pace]:
        """What PPO plays first, and then: rewards and horizons are the same in game time."""
        first = Pace(self.games, self.ppo)
        if not self.every_frame_steps:
            return [first]
        games, frames = self.games, self.games.frames_per_step
        finer = games.changed(
            frames_per_step=1,
            reward_scale=games.reward_scale / frames,
            finish_reward=games.finish_reward * frames,
            fall_steps=games.fall_steps * frames,
            snapshot_chance=games.snapshot_chance / frames,
            snapshot_after=games.snapshot_after * frames,
        )
        ppo = self.ppo.changed(
            steps=self.every_frame_steps,
            gamma=self.ppo.gamma ** (1 / frames),
            gae_lambda=self.ppo.gae_lambda ** (1 / frames),
        )
        return [first, Pace(finer, ppo)]
