"""The numbers that decide how a policy is made from nothing."""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field

from qwop_native.facts import DEFAULT_SINCOS, FLAVORS
from qwop_native.settings.model import (
    Count,
    Natural,
    NonNegative,
    Positive,
    PositiveShare,
    Settings,
    Share,
)
from qwop_native.training.settings.games import Flavor, GamesSettings


class PPOSettings(Settings):
    """PPO's own numbers, as Stable-Baselines3 names them, and the lengths of a round."""

    steps: Natural = Field(
        default=16_000_000, description="Transitions to collect; 0 leaves it out."
    )
    n_steps: Count = Field(default=64, description="Steps of each game between trainings.")
    batch_size: Count = Field(default=2048, description="Transitions of an update.")
    n_epochs: Count = Field(default=3, description="Passes over all that was collected.")
    learning_rate: Positive = Field(
        default=8e-4, description="Step size of the optimizer at first."
    )
    final_learning_rate: Positive = Field(
        default=1e-4, description="Step size at the end, reached in a line where target_kl is 0."
    )
    target_kl: NonNegative = Field(
        default=0.0,
        validation_alias=AliasChoices("target_kl", "wanted_kl"),
        description="Nats by which each rollout is to move the policy: the step size follows; 0 "
        "for the line.",
    )
    gamma: PositiveShare = Field(default=0.99, description="Discount per step.")
    gae_lambda: Share = Field(default=0.95, description="Weight of later steps in the advantage.")
    ent_coef: NonNegative = Field(default=0.002, description="Weight of the entropy at first.")
    final_ent_coef: NonNegative = Field(
        default=0.002, description="Weight of the entropy at the end."
    )
    clip_range: Positive = Field(default=0.2, description="How far an update may move the policy.")
    evaluate_every: Count = Field(default=1_000_000, description="Transitions between evaluations.")


class BeamsSettings(Settings):
    """The beams whose surviving states are the demonstrations.

    After each of `rounds` times `beams` beams, what they tell of which states survive is added to
    the rank of the next. The lessons are those of the last round that was any faster.
    """

    rounds: Count = Field(default=3, description="Rounds of beams, at most.")
    beams: Count = Field(default=4, description="Beams of a round.")
    width: Count = Field(default=250, description="States of a beam.")
    frames_per_step: Count = Field(default=3, description="Frames of a decision.")
    noise: NonNegative = Field(default=0.2, description="Noise on the rank of states.")
    survives_for: Count = Field(
        default=15,
        validation_alias=AliasChoices("survives_for", "lasting_levels"),
        description="Decisions after which a state must have descendants to be a lesson.",
    )
    max_frames: Annotated[int, Field(ge=100)] = Field(
        default=1500, description="Frames after which a beam gives up."
    )


class CloningSettings(Settings):
    """The networks, how they learn the demonstrations, and PPO's first rollouts with them."""

    net_arch: tuple[Count, ...] = Field(
        default=(256, 256), description="Hidden layers of actor and critic, for good."
    )
    epochs: Count = Field(default=30, description="Passes over the demonstrations.")
    batch_size: Count = Field(default=512, description="Decisions of an update.")
    learning_rate: Positive = Field(default=1e-3, description="Step size of the optimizer.")
    warm_up_rollouts: Natural = Field(
        default=8, description="PPO's first rollouts afterwards, in which only the critic learns."
    )


class LookaheadSettings(Settings):
    """What `lookahead` tries, and how it is learned.

    An iteration tries all actions in `states` states at each of `looks` steps of the games, playing
    on for `steps` steps, and then makes `updates` updates from the last `memory` states.
    """

    iterations: Natural = Field(default=60, description="Iterations; 0 leaves lookahead out.")
    evaluate_every: Count = Field(default=10, description="Iterations between evaluations.")
    states: Count = Field(
        default=64, description="States in which all actions are tried at a time."
    )
    steps: Count = Field(default=12, description="Steps that each try is played on.")
    looks: Count = Field(default=64, description="Steps of the games in an iteration.")
    updates: Count = Field(default=32, description="Updates of an iteration.")
    batch_size: Count = Field(default=1024, description="States of an update.")
    memory: Count = Field(default=40_000, description="Latest states that updates draw from.")
    learning_rate: Positive = Field(default=3e-4, description="Step size of the optimizer.")
    temperature: Positive = Field(
        default=0.15,
        description="How much better an action must be to be e times as likely afterwards.",
    )
    epsilon: Share = Field(
        default=0.03,
        validation_alias=AliasChoices("epsilon", "stray"),
        description="Part of the actions that are drawn at random.",
    )


class HeartSettings(Settings):
    """How runs are looked for and memorized; `by_heart` says what for.

    `weight` and `max_log_prob_gap` are `search.guide.Guide`'s; from the standard starts the fastest
    of `standard_tries` runs is taken, and practised `standard_importance` times as often.
    """

    updates: Natural = Field(default=90_000, description="Updates; 0 leaves it out.")
    evaluate_every: Count = Field(default=5_000, description="Updates between evaluations.")
    width: Count = Field(default=120, description="States of the beams that look for the runs.")
    noise: NonNegative = Field(default=0.2, description="Noise on the rank of their states.")
    weight: NonNegative = Field(
        default=0.5,
        description="World units that a nat below the policy's likeliest action costs a beam.",
    )
    standard_weight: NonNegative = Field(
        default=0.15, description="The same for the beams from the standard starts."
    )
    standard_tries: Count = Field(
        default=3, description="Runs from each standard start, of which the fastest is taken."
    )
    standard_flavours: tuple[Flavor, ...] = Field(
        default=tuple(FLAVORS), description="Flavors of sine and cosine of the standard starts."
    )
    standard_importance: NonNegative = Field(
        default=4.0, description="How many times as often the standard runs are practised."
    )
    max_log_prob_gap: Positive = Field(
        default=5.0,
        validation_alias=AliasChoices("max_log_prob_gap", "most_regret"),
        description="Nats below the likeliest action beyond which an action is not tried.",
    )
    batch_size: Count = Field(default=1024, description="Decisions of an update.")
    anchor_batch_size: Count = Field(
        default=256,
        description="Observations from the policy's own runs in an update, where it is to stay as "
        "it was.",
    )
    anchor: NonNegative = Field(default=1.0, description="What a nat of moving away there costs.")
    learning_rate: Positive = Field(default=1e-3, description="Step size of the optimizer.")
    unsure_importance: NonNegative = Field(
        default=9.0,
        description="How much oftener a decision is practised that is wrong or hardly right.",
    )
    own_games: Count = Field(
        default=200, description="Runs of each flavor that show the policy's own ways."
    )


_LONG = PPOSettings(
    steps=140_000_000,
    n_steps=1024,
    batch_size=32_768,
    learning_rate=3e-4,
    target_kl=0.01,
    ent_coef=0.01,
    final_ent_coef=0.0005,
    evaluate_every=5_000_000,
)

_AGAIN = HeartSettings(
    updates=6_000,
    evaluate_every=1_500,
    standard_flavours=(DEFAULT_SINCOS,),
    standard_importance=40.0,
    learning_rate=3e-4,
)


class SprintSettings(Settings):
    """How the shipped runner is made from nothing; docs/record.md tells what each part is for."""

    seed: Natural = Field(
        default=1,
        description="Of everything that is random. The same seed gives the same runner on the same "
        "machine, unless the making was stopped in between.",
    )
    survivor_rounds: Natural = Field(
        default=7,
        description="Beams that learn from each other which states survive, before there is any "
        "policy.",
    )
    rounds: Count = Field(
        default=2,
        description="Rounds of beams, PPO and lookahead; the first begins with cloning the beams.",
    )
    games: GamesSettings = Field(default=GamesSettings(), description="The games that PPO plays.")
    beams: BeamsSettings = Field(
        default=BeamsSettings(),
        description="Beams of the exact game, ranked by posture in the first round and by the "
        "critic afterwards.",
    )
    cloning: CloningSettings = Field(
        default=CloningSettings(),
        description="The networks, and how they learn what the beams did.",
    )
    ppo: PPOSettings = Field(default=PPOSettings(), description="PPO in each round.")
    long: PPOSettings = Field(
        default=_LONG, description="After the rounds PPO in large batches, for an hour."
    )
    lookahead: LookaheadSettings = Field(
        default=LookaheadSettings(), description="Every action tried in many states."
    )
    by_heart: HeartSettings = Field(
        default=HeartSettings(), description="At the very end runs from all starts, memorized."
    )
    by_heart_again: HeartSettings = Field(
        default=_AGAIN,
        description="Once more with the runs that were learned and the standard ones. The others "
        "pass nearly the same states as one of them and do something else there, so that they "
        "cannot all be learned.",
    )
