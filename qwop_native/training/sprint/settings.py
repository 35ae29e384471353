"""The numbers that decide how a policy is made from nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from qwop_native.facts import DEFAULT_SINCOS, FLAVORS
from qwop_native.training.fields import require, setting


@dataclass(frozen=True)
class GamesSettings:
    """The games that PPO plays; `games.SprintGames` and `starts` say what each is for."""

    games: int = setting(512, at_least=1)
    frames_per_step: int = setting(3, at_least=1)
    sincos: str = setting(DEFAULT_SINCOS, one_of=FLAVORS)
    idle_frames: int = setting(30, at_least=0)
    reward_scale: float = setting(0.05, above=0)
    time_cost: float = 0.35
    time_cost_share: float = setting(0.6, at_least=0)
    finish_reward: float = 130.0
    slow_units: float = setting(60.0, at_least=0)
    slow_frames: int = setting(180, at_least=1)
    snapshot_starts: float = setting(0.4, at_least=0, at_most=1)
    beam_starts: float = setting(0.3, at_least=0, at_most=1)
    snapshot_chance: float = setting(0.01, at_least=0, at_most=1)
    snapshot_after: int = setting(15, at_least=0)
    bucket_units: float = setting(10.0, above=0)
    bucket_size: int = setting(32, at_least=1)

    def __post_init__(self) -> None:
        holds = self.slow_frames >= self.frames_per_step
        require(holds, "games.slow_frames", "a step's frames or more", self.slow_frames)


@dataclass(frozen=True)
class PPOSettings:
    """PPO's own numbers, as Stable-Baselines3 names them, and the lengths of a round."""

    steps: int = setting(16_000_000, at_least=0)
    n_steps: int = setting(64, at_least=1)
    batch_size: int = setting(2048, at_least=1)
    n_epochs: int = setting(3, at_least=1)
    learning_rate: float = setting(8e-4, above=0)
    final_learning_rate: float = setting(1e-4, above=0)
    target_kl: float = setting(0.0, at_least=0)
    gamma: float = setting(0.99, above=0, at_most=1)
    gae_lambda: float = setting(0.95, at_least=0, at_most=1)
    ent_coef: float = setting(0.002, at_least=0)
    final_ent_coef: float = setting(0.002, at_least=0)
    clip_range: float = setting(0.2, above=0)
    evaluate_every: int = setting(1_000_000, at_least=1)


@dataclass(frozen=True)
class BeamsSettings:
    """The beams whose lasting states are the demonstrations.

    After each of `rounds` times `beams` beams, what they tell of which states last is added to the
    rank of the next. The lessons are those of the last round that was any faster.
    """

    rounds: int = setting(3, at_least=1)
    beams: int = setting(4, at_least=1)
    width: int = setting(250, at_least=1)
    frames_per_step: int = setting(3, at_least=1)
    noise: float = setting(0.2, at_least=0)
    lasting_levels: int = setting(15, at_least=1)
    max_frames: int = setting(1500, at_least=100)


@dataclass(frozen=True)
class CloningSettings:
    """The networks, how they learn the demonstrations, and PPO's first rollouts with them."""

    net_arch: tuple[int, ...] = setting((256, 256), at_least=1)
    epochs: int = setting(30, at_least=1)
    batch_size: int = setting(512, at_least=1)
    learning_rate: float = setting(1e-3, above=0)
    warm_up_rollouts: int = setting(8, at_least=0)


@dataclass(frozen=True)
class LookaheadSettings:
    """What `lookahead` tries, and how it is learned.

    An iteration tries all actions in `states` states at each of `looks` steps of the games, playing
    on for `steps` steps, and then makes `updates` updates from the last `memory` states.
    """

    iterations: int = setting(60, at_least=0)
    evaluate_every: int = setting(10, at_least=1)
    states: int = setting(64, at_least=1)
    steps: int = setting(12, at_least=1)
    looks: int = setting(64, at_least=1)
    updates: int = setting(32, at_least=1)
    batch_size: int = setting(1024, at_least=1)
    memory: int = setting(40_000, at_least=1)
    learning_rate: float = setting(3e-4, above=0)
    temperature: float = setting(0.15, above=0)
    stray: float = setting(0.03, at_least=0, at_most=1)


@dataclass(frozen=True)
class HeartSettings:
    """How runs are looked for and learned by heart; `by_heart` says what for.

    `weight` and `most_regret` are `search.guide.Guide`'s; from the standard starts the fastest of
    `standard_tries` runs is taken, and practised `standard_importance` times as often.
    """

    updates: int = setting(90_000, at_least=0)
    evaluate_every: int = setting(5_000, at_least=1)
    width: int = setting(120, at_least=1)
    noise: float = setting(0.2, at_least=0)
    weight: float = setting(0.5, at_least=0)
    standard_weight: float = setting(0.15, at_least=0)
    standard_tries: int = setting(3, at_least=1)
    standard_flavours: tuple[str, ...] = setting(FLAVORS, one_of=FLAVORS)
    standard_importance: float = setting(4.0, at_least=0)
    most_regret: float = setting(5.0, above=0)
    batch_size: int = setting(1024, at_least=1)
    anchor_batch_size: int = setting(256, at_least=1)
    anchor: float = setting(1.0, at_least=0)
    learning_rate: float = setting(1e-3, above=0)
    unsure_importance: float = setting(9.0, at_least=0)
    own_games: int = setting(200, at_least=1)


@dataclass(frozen=True)
class SprintSettings:
    """All of it."""

    seed: int = setting(1, at_least=0)
    survivor_rounds: int = setting(7, at_least=0)
    rounds: int = setting(2, at_least=1)
    games: GamesSettings = field(default_factory=GamesSettings)
    ppo: PPOSettings = field(default_factory=PPOSettings)
    long: PPOSettings = field(
        default_factory=lambda: PPOSettings(
            steps=140_000_000,
            n_steps=1024,
            batch_size=32_768,
            learning_rate=3e-4,
            target_kl=0.01,
            ent_coef=0.01,
            final_ent_coef=0.0005,
            evaluate_every=5_000_000,
        )
    )
    beams: BeamsSettings = field(default_factory=BeamsSettings)
    cloning: CloningSettings = field(default_factory=CloningSettings)
    lookahead: LookaheadSettings = field(default_factory=LookaheadSettings)
    by_heart: HeartSettings = field(default_factory=HeartSettings)
    by_heart_again: HeartSettings = field(
        default_factory=lambda: HeartSettings(
            updates=6_000,
            evaluate_every=1_500,
            standard_flavours=(DEFAULT_SINCOS,),
            standard_importance=40.0,
            learning_rate=3e-4,
        )
    )
