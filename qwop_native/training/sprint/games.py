"""Many runners to learn from: rewarded for pace, started where runners die, ended when slow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, OBSERVATION_SIZE
from qwop_native.models.starts import line_starts
from qwop_native.sb3.resumable import ResumableEnv
from qwop_native.training.settings.games import ACTION_SET, GamesSettings
from qwop_native.training.sprint.recorded_runs import Followers, load_runs
from qwop_native.training.sprint.starts import SnapshotBuckets
from qwop_native.wrappers.relative_features import FEATURES, Features
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float32]

_ACTION_KEYS = key_masks(ACTION_SETS[ACTION_SET]).tolist()


class SprintGames(ResumableEnv):
    """Runs of 100 m that reward speed.

    Actions are those of the essential set. The reward of a step is 0.05 for each world unit a frame
    beyond the time's cost, which rises with the pace of all runners: the less reward is left, the
    more is dared for a little more speed. Landing beyond 100 m is rewarded as if a runner of 1.3
    units a frame more than that ran on for ever. An episode ends with the game, and with a fall; it
    counts as one, too, when the torso has made less than `slow_units` in the last `slow_frames`
    frames.

    Infos are empty but for ended games: `frames` (of the game's clock), `distance` (meters),
    `finished` (also as `is_success`, SB3's word), `from_line` (whether the episode began at the
    start line), `terminal_observation`, and Monitor's `episode` (`r`, `l`).

    With `demonstrations`, the first `demonstration_games` games play recorded runs: their actions
    must be those of `demonstrated`, and other rewards, starts and ends are as everywhere.

    The games hold no chance and the starts are drawn from `rng`: the same actions from the same
    generator give the same episodes, with any number of threads. `get_state` and `set_state` make
    a training go on as if it had not been stopped; `sb3.checkpoint` uses them.

    Args:
        settings: Numbers of the above.
        rng: Draws the starts.
        threads: Threads that step the games.
        observation: "relative" for `relative_features.Features`, "standard" for `QwopEnv`'s
            observation, which a policy with `sb3.RelativeFeatures` makes the same of.

    Attributes:
        pool: The games themselves.
        line: One of those at the start line.
        buckets: Kept games that episodes start from.

    Raises:
        FileNotFoundError: There are no such demonstrations.
        ValueError: `observation` is neither, or a demonstration is not of such games.
    """

    def __init__(
        self,
        settings: GamesSettings,
        rng: np.random.Generator,
        threads: int = 1,
        observation: str = "relative",
    ) -> None:
        if observation not in ("relative", "standard"):
            raise ValueError(f"observation must be relative or standard, got {observation!r}")
        self.settings = settings
        self._bits: Any = rng.bit_generator
        count, lines = settings.num_envs, _lines(settings)
        self.line = lines[0]
        self.pool = _core.GamePool(self.line, num_envs=count, num_threads=threads)
        self.buckets = SnapshotBuckets(settings.bucket_units, settings.bucket_size, rng)
        self._native = _native(settings, self.pool, self.buckets, lines)
        self._followers = _followers(settings, rng)
        self._features = Features() if observation == "relative" else None
        self._actions: npt.NDArray[Any] = np.zeros(count, np.int64)
        self.render_mode = None
        # Zips of models tell by these how to play them; relative ones see what no game shows.
        self._played = settings.env | {"t_for_terminate": False, "action_keys": _ACTION_KEYS}
        if observation == "relative":
            self._played = {}
        space = gym.spaces.Box(-1, 1, (OBSERVATION_SIZE,), np.float32)
        if observation == "relative":
            space = gym.spaces.Box(-np.inf, np.inf, (FEATURES,), np.float32)
        super().__init__(count, space, gym.spaces.Discrete(len(ACTION_SETS[ACTION_SET])))

    @property
    def time_cost(self) -> float:
        """What a frame costs now, world units."""
        return self._native.time_cost

    def reset(self) -> Floats:
        """Starts all games; returns float32 (games, columns)."""
        with self._bits.lock:
            self._native.reset(self._bits.capsule)
        self._follow(range(len(self._followers)))
        return self.observe()

    def demonstrated(self) -> npt.NDArray[np.int64]:
        """Next actions of the games that play demonstrations, int64 (demonstration_games,)."""
        return self._followers.actions()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Takes note of what to press."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Floats, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Presses it; SB3's contract.

        Raises:
            TypeError: The actions are not integers.
            ValueError: Their shape is wrong, one is out of range, or a game that plays a
                demonstration is to do something else; nothing has moved then.
        """
        actions = np.asarray(self._actions).astype(np.int64, casting="same_kind", copy=False)
        self._check_demonstrated(actions)
        with self._bits.lock:
            seen, rewards, dones, ended = self._native.step(
                self._bits.capsule, actions=np.ascontiguousarray(actions)
            )
        # New ones each time, since wrappers and callbacks may write into them.
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        if ended is not None:
            facts, last = ended
            for each, observation in zip(facts, self._seen(last), strict=True):
                infos[each[0]] = _last_info(*each[1:], observation)
        seen = self._seen(seen)
        if len(self._followers):
            self._followers.advance()
            ended_runs = np.flatnonzero(dones[: len(self._followers)]).tolist()
            if ended_runs:
                self._follow(ended_runs)
                seen[ended_runs] = self.observe()[ended_runs]
        return seen, rewards, dones, infos

    def _check_demonstrated(self, actions: npt.NDArray[np.int64]) -> None:
        count = len(self._followers)
        if count and not np.array_equal(actions[:count], self.demonstrated()):
            raise ValueError(
                f"the first {count} games play demonstrations: their actions are those of "
                "demonstrated()"
            )

    def _follow(self, rows: Iterable[int]) -> None:
        """Begins an episode of these games somewhere in a recorded run."""
        state = self._native.state()
        for row in rows:
            game = self._followers.begin(row)
            self.pool.set_game(row, game)
            state["steps"][row], state["returns"][row], state["from_line"][row] = 0, 0.0, False
        self._native.restore(**state)

    def observe(self) -> Floats:
        """What the games look like now, float32 (games, columns)."""
        return self._seen(self._native.observe())

    def describe(self) -> dict[str, Any]:
        """What games must have in common for one's state to be another's."""
        return {"settings": repr(self.settings), "columns": self.observation_space.shape}

    def get_state(self) -> dict[str, Any]:
        """Where games, generator, kept snapshots and the cost of time stand, between two steps.

        Bytes, arrays and numbers, for pickle; some 5 kB for each game played and kept.
        """
        return {
            "games": [self.pool.game(game).snapshot() for game in range(self.num_envs)],
            "generator": self._bits.state,
            "buckets": self.buckets.get_state(),
            "followers": self._followers.get_state(),
            **self._native.state(),
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts everything where it was when `get_state` was called, bit for bit.

        Args:
            state: What it returned, of games with the same settings. The generator given at the
                start is set, too.

        Raises:
            ValueError: The state is of another number of games, or other lengths of time or place.
        """
        own = self._native.state()
        recent, ours = state["recent"].shape, own["recent"].shape
        if recent != ours:
            raise ValueError(
                f"the state is of {recent[1]} games that are slow after {recent[0]} steps, "
                f"these are {ours[1]} after {ours[0]}"
            )
        self.buckets.set_state(state["buckets"], self.settings.sincos)
        game = _core.Game(self.settings.sincos)
        for number, snapshot in enumerate(state["games"]):
            game.restore(snapshot)
            self.pool.set_game(number, game)
        self._bits.state = state["generator"]
        self._followers.set_state(state["followers"])
        self._native.restore(**{name: state[name] for name in own})

    def _torso_x(self) -> npt.NDArray[np.float64]:
        torso_x: npt.NDArray[np.float64] = self.pool.bodies[:, 0, 0].copy()
        return torso_x

    def _seen(self, standard: Floats) -> Floats:
        return standard if self._features is None else self._features(standard)

    # ---- what else SB3 asks of a VecEnv -------------------------------------------------------

    def close(self) -> None:
        """Nothing is to be closed."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:  # noqa: D102
        known = attr_name in self._played
        value = self._played[attr_name] if known else getattr(self, attr_name)
        return [value] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:  # noqa: D102
        raise AttributeError("the games have no attributes that can be set")

    def env_method(self, method_name: str, *args: Any, **kwargs: Any) -> list[Any]:  # noqa: D102
        raise AttributeError(f"the games have no method {method_name}")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:  # noqa: D102
        return [False] * len(list(self._get_indices(indices)))

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Starts are drawn from the generator that was given; the game itself holds no chance."""
        return [None] * self.num_envs


def _lines(settings: GamesSettings) -> list[_core.Game]:
    return line_starts(settings.sincos, settings.idle_frames, settings.frames_per_step)


def _followers(settings: GamesSettings, rng: np.random.Generator) -> Followers:
    if settings.demonstrations is None:
        return Followers((), 0, rng)
    runs = load_runs(settings.demonstrations, settings.sincos, settings.frames_per_step)
    return Followers(runs, settings.demonstration_games, rng)


def _native(
    settings: GamesSettings,
    pool: _core.GamePool,
    buckets: SnapshotBuckets,
    lines: list[_core.Game],
) -> _core.SpeedGames:
    names = (
        "frames_per_step",
        "reward_scale",
        "time_cost",
        "time_cost_share",
        "finish_reward",
        "fall_steps",
        "slow_units",
        "snapshot_starts",
        "random_key_starts",
        "snapshot_chance",
        "snapshot_after",
    )
    return _core.SpeedGames(
        pool,
        buckets.native,
        lines=lines,
        action_keys=_ACTION_KEYS,
        random_frames=settings.random_key_frames,
        slow_steps=settings.slow_frames // settings.frames_per_step,
        **{name: getattr(settings, name) for name in names},
    )


def _last_info(
    frames: int,
    distance: float,
    finished: bool,
    from_line: bool,
    total: float,
    steps: int,
    observation: Floats,
) -> dict[str, Any]:
    """The info of a game as it ended, in the words that SB3 and Monitor have for it."""
    return {
        "frames": frames,
        "distance": distance,
        "finished": finished,
        "is_success": finished,
        "from_line": from_line,
        "terminal_observation": observation,
        "episode": {"r": total, "l": steps},
    }
