"""The numbers of games that reward speed: of runs that name `games`, and of sprint's PPO."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, AliasChoices, Field, model_validator
from typing_extensions import Self

from qwop_native.facts import DEFAULT_SINCOS, FLAVORS
from qwop_native.settings.model import (
    Count,
    Natural,
    NonNegative,
    Positive,
    Settings,
    Share,
)

ACTION_SET = "essential"
"""The actions of all such games."""


def _is_flavor(value: str) -> str:
    if value not in FLAVORS:
        raise ValueError(f"must be one of {', '.join(FLAVORS)}, got {value!r}")
    return value


Flavor = Annotated[str, AfterValidator(_is_flavor)]


class GamesSettings(Settings):
    """Many games that reward speed, with the actions of the essential set."""

    num_envs: Count = Field(
        default=512,
        validation_alias=AliasChoices("num_envs", "games"),
        description="Games side by side.",
    )
    frames_per_step: Count = Field(default=3, description="Frames of a step.")
    sincos: Flavor = Field(default=DEFAULT_SINCOS, description="Flavor of sine and cosine.")
    idle_frames: Natural = Field(
        default=30, description="Most frames without keys with which an episode begins."
    )
    reward_scale: Positive = Field(
        default=0.05,
        description="Reward of a step for a world unit a frame beyond the cost of time.",
    )
    time_cost: float = Field(default=0.35, description="Least cost of time, world units a frame.")
    time_cost_share: NonNegative = Field(
        default=0.6, description="Cost of time as a share of the mean pace, where that is more."
    )
    finish_reward: float = Field(
        default=130.0, description="Reward of landing beyond 100 m, in units of reward_scale."
    )
    fall_steps: NonNegative = Field(
        default=0.0,
        description="What a run that ends without a finish costs: the time of so many steps. "
        "Getting up again costs time; where a fall costs none, runners let themselves fall.",
    )
    slow_units: NonNegative = Field(
        default=60.0,
        description="World units that a runner must make in slow_frames; else it has failed.",
    )
    slow_frames: Count = Field(default=180, description="The frames in which it must make them.")
    snapshot_starts: Share = Field(
        default=0.4,
        description="Part of the episodes that begin in the middle of earlier ones, shortly before "
        "the places where most runners fall.",
    )
    random_key_starts: Share = Field(
        default=0.0,
        description="Part of all episodes that begin with keys at random, unless the runner falls "
        "of them.",
    )
    random_key_frames: Count = Field(
        default=24, description="Most frames of such keys; each is held for three frames."
    )
    demonstrations: str | None = Field(
        default=None,
        description="Recorded runs to learn from: a folder of .qwop files, or a pattern that names "
        "some. Keys must be held for whole steps.",
    )
    demonstration_games: Count = Field(
        default=64,
        description="Games, of num_envs, that play those runs; what they meet is learned from like "
        "all else.",
    )
    snapshot_chance: Share = Field(
        default=0.01, description="Chance of a state to be kept for such starts."
    )
    snapshot_after: Natural = Field(
        default=15, description="Steps after an episode's start from which on states are kept."
    )
    bucket_units: Positive = Field(
        default=10.0, description="World units of a bucket of kept states."
    )
    bucket_size: Count = Field(default=32, description="States that are kept in each bucket.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.slow_frames < self.frames_per_step:
            raise ValueError(
                f"games.slow_frames must be a step's frames or more, got {self.slow_frames!r}"
            )
        if self.demonstrations is not None and self.demonstration_games >= self.num_envs:
            raise ValueError(
                f"games.demonstration_games must be less than games.num_envs, {self.num_envs}, got "
                f"{self.demonstration_games}"
            )
        return self

    @property
    def env(self) -> dict[str, Any]:
        """Arguments of `QwopEnv` that play in the same steps, with the same actions."""
        return {
            "frames_per_step": self.frames_per_step,
            "action_set": ACTION_SET,
            "sincos": self.sincos,
        }
