"""The compiled engine: the game, and the environment's protocol around it."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

SINCOS_FLAVORS: Final[tuple[str, ...]]
DEFAULT_SINCOS: Final[str]
FRAMES_PER_SECOND: Final[int]
PHYSICS_STEP: Final[float]
ENGINE_TICK: Final[float]
UNITS_PER_METER: Final[int]
PIXELS_PER_UNIT: Final[float]
SCREEN_SIZE: Final[tuple[float, float]]
TRACK_Y: Final[float]
HURDLE_X: Final[float]
FINISH_SCORE: Final[float]
FINISH_X: Final[float]
CONTACT_RANGE: Final[float]
TORSO_RANGE: Final[tuple[float, float]]
PARTS: Final[tuple[str, ...]]
BOXES: Final[dict[str, tuple[float, float, float, tuple[float, float, float]]]]
JOINTS: Final[dict[str, tuple[str, str, tuple[float, float], float, float, float]]]
EVENTS: Final[dict[str, int]]

class NotResetError(ValueError):
    """A game was to step that had never been reset, or whose episode has ended."""

class EpisodeOptions:
    """How an episode is played."""

    def __init__(
        self,
        *,
        action_keys: Sequence[int],
        frames_per_step: int,
        failure_cost: float,
        success_reward: float,
        time_cost_mult: float,
        speed_rew_mult: float,
        reload_on_reset: bool,
        sincos: str,
        noop_max: int = 0,
        repeat_action_probability: float = 0.0,
    ) -> None: ...

class AdamOptions:
    """Adam's settings, or AdamW's where the weight decay is decoupled."""

    def __init__(
        self,
        *,
        learning_rate: float,
        betas: tuple[float, float],
        epsilon: float,
        weight_decay: float,
        decoupled_weight_decay: bool,
    ) -> None: ...

class PpoOptions:
    """The settings of PPO's loss."""

    def __init__(
        self,
        *,
        clip_range: float,
        clip_range_values: float | None,
        entropy_coefficient: float,
        value_coefficient: float,
        normalize_advantages: bool,
        max_grad_norm: float,
        target_kl: float | None,
    ) -> None: ...

class Game:
    """One game with its page."""

    def __init__(self, sincos: str = "glibc") -> None: ...
    def start(self, idle_frames: int = 1) -> None: ...
    def reset(self) -> None: ...
    def step(self, keys: int, frames: int = 1, after_end: bool = False) -> int: ...
    def tick(self, seconds: float = 0.25) -> None: ...
    def release(self) -> None: ...
    def snapshot(self) -> bytes: ...
    def restore(self, snapshot: bytes) -> None: ...
    def copy(self) -> Game: ...
    def state_hash(self) -> int: ...
    def __copy__(self) -> Game: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Game: ...
    def __getstate__(self) -> bytes: ...
    def __setstate__(self, state: bytes) -> None: ...
    @property
    def bodies(self) -> npt.NDArray[np.float64]: ...
    @property
    def hurdle(self) -> npt.NDArray[np.float64]: ...
    @property
    def head_torque(self) -> float: ...
    @property
    def score_time(self) -> float: ...
    @property
    def score(self) -> float: ...
    @property
    def high_score(self) -> float: ...
    @property
    def fallen(self) -> bool: ...
    @property
    def jumped(self) -> bool: ...
    @property
    def jump_landed(self) -> bool: ...
    @property
    def game_ended(self) -> bool: ...
    @property
    def frames(self) -> int: ...
    @property
    def started(self) -> bool: ...
    @property
    def keys(self) -> int: ...
    @property
    def camera_x(self) -> float: ...
    @property
    def sincos(self) -> str: ...

class Episode:
    """One game under qwop-gym's protocol."""

    def __init__(self, options: EpisodeOptions) -> None: ...
    def reset(self, obs: npt.NDArray[np.float32], *, reload: bool = False) -> None: ...
    def start_at(self, snapshot: bytes, obs: npt.NDArray[np.float32]) -> None: ...
    def seed(self, seed: int) -> None: ...
    def step(self, action: int, obs: npt.NDArray[np.float32]) -> tuple[float, bool]: ...
    def copy(self) -> Episode: ...
    def __copy__(self) -> Episode: ...
    def __deepcopy__(self, memo: dict[int, Any]) -> Episode: ...
    def __getstate__(self) -> tuple[Any, ...]: ...
    def __setstate__(self, state: tuple[Any, ...]) -> None: ...
    @property
    def time(self) -> float: ...
    @property
    def distance(self) -> float: ...
    @property
    def avgspeed(self) -> float: ...
    @property
    def is_success(self) -> bool: ...
    @property
    def frames(self) -> int: ...
    @property
    def time_s(self) -> float: ...
    @property
    def game(self) -> Game: ...

def sincos(
    x: npt.NDArray[np.float64], flavor: str = "glibc"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]: ...

class BatchEngine:
    """Many episodes side by side."""

    def __init__(
        self,
        episode: EpisodeOptions,
        *,
        num_envs: int,
        num_threads: int,
        max_episode_steps: int,
        autoreset: str,
        instruction_set: str = "",
        cores: Sequence[int] = ...,
    ) -> None: ...
    def reset(
        self,
        obs: npt.NDArray[np.float32],
        *,
        mask: npt.NDArray[np.bool_] | None = None,
        reload: bool = False,
    ) -> None: ...
    def seed(
        self, seeds: npt.NDArray[np.uint64], *, mask: npt.NDArray[np.bool_] | None = None
    ) -> None: ...
    def step(
        self,
        actions: npt.NDArray[np.int64],
        *,
        obs: npt.NDArray[np.float32],
        rewards: npt.NDArray[np.float64],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
    ) -> None: ...
    def snapshot(self, game: int) -> bytes: ...
    def restore(self, game: int, snapshot: bytes) -> None: ...
    def start_at(
        self,
        game: int,
        snapshot: bytes,
        obs: npt.NDArray[np.float32],
        *,
        from_reset: bool = False,
    ) -> None: ...
    def copy_game(self, *, source: int, target: int) -> None: ...
    def game(self, game: int) -> Game: ...
    def infos(
        self, *, final: bool = False, mask: npt.NDArray[np.bool_] | None = None
    ) -> dict[str, Any]: ...
    @property
    def num_envs(self) -> int: ...
    @property
    def num_threads(self) -> int: ...
    @property
    def instruction_set(self) -> str: ...
    @property
    def time(self) -> npt.NDArray[np.float32]: ...
    @property
    def distance(self) -> npt.NDArray[np.float32]: ...
    @property
    def avgspeed(self) -> npt.NDArray[np.float32]: ...
    @property
    def is_success(self) -> npt.NDArray[np.bool_]: ...
    @property
    def frames(self) -> npt.NDArray[np.int64]: ...
    @property
    def episode_return(self) -> npt.NDArray[np.float64]: ...
    @property
    def episode_length(self) -> npt.NDArray[np.int64]: ...
    @property
    def final_time(self) -> npt.NDArray[np.float32]: ...
    @property
    def final_distance(self) -> npt.NDArray[np.float32]: ...
    @property
    def final_avgspeed(self) -> npt.NDArray[np.float32]: ...
    @property
    def final_is_success(self) -> npt.NDArray[np.bool_]: ...
    @property
    def final_frames(self) -> npt.NDArray[np.int64]: ...
    @property
    def final_return(self) -> npt.NDArray[np.float64]: ...
    @property
    def final_length(self) -> npt.NDArray[np.int64]: ...
    @property
    def final_obs(self) -> npt.NDArray[np.float32]: ...

class AsyncSteps:
    """Steps of parts of a batch."""

    def __init__(
        self,
        engine: BatchEngine,
        *,
        obs: npt.NDArray[np.float32],
        rewards: npt.NDArray[np.float64],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
        cores: Sequence[int] = ...,
    ) -> None: ...
    def send(self, env_ids: npt.NDArray[np.int64], *, actions: npt.NDArray[np.int64]) -> None: ...
    def receive(self, *, games: int) -> npt.NDArray[np.int64]: ...
    @property
    def under_way(self) -> int: ...

def nearest_float32(x: float) -> float: ...
def build_info() -> dict[str, str]: ...

class GamePool:
    """Many games without episodes."""

    def __init__(
        self, first: Game, *, num_envs: int, num_threads: int = 0, instruction_set: str = ""
    ) -> None: ...
    def expand(
        self,
        source: GamePool,
        *,
        parents: npt.NDArray[np.int32],
        keys: npt.NDArray[np.uint8],
        frames: int,
    ) -> None: ...
    def take(self, source: GamePool, *, parents: npt.NDArray[np.int32]) -> None: ...
    def step(self, keys: npt.NDArray[np.uint8], *, frames: int) -> None: ...
    def game(self, index: int) -> Game: ...
    def set_game(self, index: int, game: Game) -> None: ...
    def __len__(self) -> int: ...
    @property
    def bodies(self) -> npt.NDArray[np.float64]: ...
    @property
    def events(self) -> npt.NDArray[np.uint8]: ...
    @property
    def frames(self) -> npt.NDArray[np.int32]: ...
    @property
    def score(self) -> npt.NDArray[np.float64]: ...
    @property
    def num_threads(self) -> int: ...
    @property
    def instruction_set(self) -> str: ...

class SnapshotBuckets:
    """Games under way, sorted by place, drawn where runners die."""

    def __init__(self, *, units: float, size: int) -> None: ...
    def __len__(self) -> int: ...
    def died(self, places: npt.NDArray[np.float64]) -> None: ...
    def add(self, generator: object, *, x: float, game: Game) -> None: ...
    def draw(self, generator: object, *, count: int) -> list[Game | None]: ...
    def state(self) -> tuple[list[list[Game]], npt.NDArray[np.float64]]:
        """Copies of all games, and the weights of deaths."""

    def restore(self, *, games: list[list[Game]], deaths: npt.NDArray[np.float64]) -> None: ...

class SpeedGames:
    """The games of a pool, rewarded for pace, started where runners die."""

    def __init__(
        self,
        pool: GamePool,
        buckets: SnapshotBuckets,
        *,
        lines: Sequence[Game],
        action_keys: Sequence[int],
        frames_per_step: int,
        reward_scale: float,
        time_cost: float,
        time_cost_share: float,
        finish_reward: float,
        fall_steps: float,
        slow_units: float,
        slow_steps: int,
        snapshot_starts: float,
        random_key_starts: float,
        random_frames: int,
        snapshot_chance: float,
        snapshot_after: int,
    ) -> None: ...
    def reset(self, generator: object) -> None: ...
    def observe(self) -> npt.NDArray[np.float32]: ...
    def step(
        self, generator: object, *, actions: npt.NDArray[np.int64]
    ) -> tuple[
        npt.NDArray[np.float32],
        npt.NDArray[np.float32],
        npt.NDArray[np.bool_],
        tuple[
            list[tuple[int, int, float, bool, bool, float, int]],
            npt.NDArray[np.float32],
        ]
        | None,
    ]:
        """Presses keys and plays.

        Returns:
            Observations, rewards, dones, and None or, of the episodes that ended,
            (game, frames, meters, finished, begun at the line, return, steps) of each, and
            their last observations.
        """

    @property
    def time_cost(self) -> float: ...
    def state(self) -> dict[str, Any]: ...
    def restore(
        self,
        *,
        recent: npt.NDArray[np.float64],
        steps: npt.NDArray[np.int64],
        returns: npt.NDArray[np.float64],
        from_line: npt.NDArray[np.bool_],
        time_cost: float,
        pace: float,
    ) -> None: ...

def instruction_sets() -> list[str]: ...
def usable_cores() -> int: ...
def learner_instruction_sets() -> list[str]: ...
def draw_transitions(
    generator: object, *, positions: int, num_envs: int, count: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]: ...

class Collector:
    """A step of all games with a greedy actor, and its place in a replay buffer."""

    def __init__(
        self,
        engine: BatchEngine,
        learner: QuantileLearner,
        *,
        rewards: npt.NDArray[np.float64],
        terminated: npt.NDArray[np.bool_],
        truncated: npt.NDArray[np.bool_],
    ) -> None: ...
    def bind_replay(
        self,
        *,
        observations: npt.NDArray[np.float32],
        next_observations: npt.NDArray[np.float32],
        actions: npt.NDArray[np.int64],
        rewards: npt.NDArray[np.float32],
        dones: npt.NDArray[np.float32],
        timeouts: npt.NDArray[np.float32],
    ) -> None: ...
    def play(
        self,
        generator: object,
        *,
        epsilon: float,
        observations: npt.NDArray[np.float32],
        next_observations: npt.NDArray[np.float32],
    ) -> (
        tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.bool_], int] | None
    ): ...
    def take(
        self, *, actions: npt.NDArray[np.int64], next_observations: npt.NDArray[np.float32]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.bool_], int]: ...
    def store(
        self,
        *,
        position: int,
        observations: npt.NDArray[np.float32],
        next_observations: npt.NDArray[np.float32],
        actions: npt.NDArray[np.int64],
        rewards: npt.NDArray[np.float32],
    ) -> None: ...

class ActorCritic:
    """PPO's update and actor on arrays that belong to others."""

    def __init__(
        self,
        *,
        policy_widths: Sequence[int],
        value_widths: Sequence[int],
        n_actions: int,
        activation: str,
        instruction_set: str = "",
    ) -> None: ...
    def bind_parameters(self, values: list[npt.NDArray[np.float32]]) -> None: ...
    def bind_adam(
        self,
        *,
        means: list[npt.NDArray[np.float32]],
        squares: list[npt.NDArray[np.float32]],
        steps: list[npt.NDArray[np.float32]],
    ) -> None: ...
    def bind_rollout(
        self,
        *,
        observations: npt.NDArray[np.float32],
        actions: npt.NDArray[np.int64],
        values: npt.NDArray[np.float32],
        log_probs: npt.NDArray[np.float32],
        advantages: npt.NDArray[np.float32],
        returns: npt.NDArray[np.float32],
    ) -> None: ...
    def act(
        self, observations: npt.NDArray[np.float32], *, noise: npt.NDArray[np.float32] | None
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32], npt.NDArray[np.float32]]: ...
    def update(
        self, numbers: npt.NDArray[np.int64], *, options: PpoOptions, adam: AdamOptions
    ) -> dict[str, float]: ...
    def gradients(
        self, numbers: npt.NDArray[np.int64], *, options: PpoOptions
    ) -> tuple[dict[str, float], list[npt.NDArray[np.float32]]]: ...
    @property
    def threads(self) -> int: ...
    @threads.setter
    def threads(self, threads: int) -> None: ...
    @property
    def instruction_set(self) -> str: ...

class ValueShape:
    """What a network of QR-DQN looks like, for `LargeBatchLearner` and `ValueActor`."""

    def __init__(
        self,
        *,
        observation_size: int,
        hidden: Sequence[int],
        n_actions: int,
        n_quantiles: int,
        activation: str = "relu",
        layer_norm: bool = False,
        features: Sequence[npt.NDArray[np.float32]] | None = None,
    ) -> None: ...

class LargeBatchOptions:
    """How `LargeBatchLearner` makes an update."""

    def __init__(
        self,
        *,
        gamma: float,
        n_steps: int = 1,
        newest: int,
        double_q: bool = False,
        munchausen: tuple[float, float, float] | None = None,
        max_grad_norm: float | None = None,
        adam: AdamOptions,
    ) -> None: ...

class LargeBatchLearner:
    """QR-DQN's update for large batches on arrays that belong to others."""

    def __init__(self, shape: ValueShape, *, instruction_set: str = "") -> None: ...
    def bind_online(self, values: list[npt.NDArray[np.float32]]) -> None: ...
    def bind_target(self, values: list[npt.NDArray[np.float32]]) -> None: ...
    def bind_adam(
        self,
        *,
        means: list[npt.NDArray[np.float32]],
        squares: list[npt.NDArray[np.float32]],
        steps: list[npt.NDArray[np.float32]],
    ) -> None: ...
    def bind_replay(
        self,
        *,
        observations: npt.NDArray[np.float32],
        next_observations: npt.NDArray[np.float32],
        actions: npt.NDArray[np.int64],
        rewards: npt.NDArray[np.float32],
        dones: npt.NDArray[np.float32],
        timeouts: npt.NDArray[np.float32],
    ) -> None: ...
    def update(
        self,
        *,
        positions: npt.NDArray[np.int64],
        games: npt.NDArray[np.int64],
        options: LargeBatchOptions,
        importance: npt.NDArray[np.float32] | None = None,
        errors: npt.NDArray[np.float32] | None = None,
    ) -> float: ...
    def gradients(
        self,
        *,
        positions: npt.NDArray[np.int64],
        games: npt.NDArray[np.int64],
        options: LargeBatchOptions,
    ) -> tuple[float, list[npt.NDArray[np.float32]]]: ...
    def invalidate(self) -> None: ...
    threads: int
    @property
    def instruction_set(self) -> str: ...

class ValueActor:
    """The greedy actor of a network, on its parameters as they were at the last refresh."""

    def __init__(self, shape: ValueShape, *, instruction_set: str = "") -> None: ...
    def bind(self, values: list[npt.NDArray[np.float32]]) -> None: ...
    def refresh(self) -> None: ...
    def act(self, observations: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]: ...

class SegmentTree:
    """A binary tree over numbers, each node the sum or the minimum of its children."""

    def __init__(self, size: int, operation: str = "sum") -> None: ...
    def __len__(self) -> int: ...
    def __getitem__(self, indices: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]: ...
    def set(
        self, indices: npt.NDArray[np.int64], values: npt.NDArray[np.float64] | float
    ) -> None: ...
    def find(self, sums: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]: ...
    def draw(self, uniforms: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]: ...
    @property
    def root(self) -> float: ...
    values: npt.NDArray[np.float64]
    def __getstate__(self) -> tuple[str, npt.NDArray[np.float64]]: ...
    def __setstate__(self, state: tuple[str, npt.NDArray[np.float64]]) -> None: ...

class QuantileLearner:
    """QR-DQN's update and greedy actor on arrays that belong to others."""

    def __init__(
        self,
        *,
        widths: Sequence[int],
        n_actions: int,
        n_quantiles: int,
        activation: str,
        instruction_set: str = "",
        loss_scale: float = 1.0,
    ) -> None: ...
    def bind_online(self, values: list[npt.NDArray[np.float32]]) -> None: ...
    def bind_target(self, values: list[npt.NDArray[np.float32]]) -> None: ...
    def bind_adam(
        self,
        *,
        means: list[npt.NDArray[np.float32]],
        squares: list[npt.NDArray[np.float32]],
        steps: list[npt.NDArray[np.float32]],
    ) -> None: ...
    def bind_replay(
        self,
        *,
        observations: npt.NDArray[np.float32],
        next_observations: npt.NDArray[np.float32],
        actions: npt.NDArray[np.int64],
        rewards: npt.NDArray[np.float32],
        dones: npt.NDArray[np.float32],
        timeouts: npt.NDArray[np.float32],
    ) -> None: ...
    def update(
        self,
        *,
        positions: npt.NDArray[np.int64],
        games: npt.NDArray[np.int64],
        gamma: float,
        adam: AdamOptions,
        max_grad_norm: float | None,
    ) -> float: ...
    def gradients(
        self, *, positions: npt.NDArray[np.int64], games: npt.NDArray[np.int64], gamma: float
    ) -> tuple[float, list[npt.NDArray[np.float32]]]: ...
    def act(self, observations: npt.NDArray[np.float32]) -> npt.NDArray[np.int64]: ...
    def invalidate(self) -> None: ...
    def measure_time(self, on: bool) -> None: ...
    @property
    def seconds(self) -> dict[str, float]: ...
    @property
    def instruction_set(self) -> str: ...

class Canvas:
    """An anti-aliased canvas; places and radii in pixels, colors 0xRRGGBB."""

    def __init__(self, width: int, height: int) -> None: ...
    def gradient(
        self,
        upper_left: tuple[float, float],
        lower_right: tuple[float, float],
        upper: int,
        lower: int,
        alpha: float = 1.0,
    ) -> None: ...
    def capsule(
        self,
        a: tuple[float, float],
        radius_a: float,
        b: tuple[float, float],
        radius_b: float,
        color: int,
        alpha: float = 1.0,
    ) -> None: ...
    def polygon(
        self,
        corners: Sequence[tuple[float, float]],
        radius: float,
        color: int,
        alpha: float = 1.0,
    ) -> None: ...
    def pixels(self) -> npt.NDArray[np.uint8]: ...
