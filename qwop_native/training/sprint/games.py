"""Many runners for PPO: paid by the way they make, started where runners die, ended when slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv

from qwop_native import _core
from qwop_native.champion.starts import line_starts
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.facts import ENDED, FALLEN, UNITS_PER_METRE
from qwop_native.search.states import finished
from qwop_native.training.sprint.features import FEATURES, Features
from qwop_native.training.sprint.settings import GamesSettings
from qwop_native.training.sprint.starts import SnapshotBuckets
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float32]

_PACE_SHARE = 0.002  # of one step in the mean of the pace: some hundreds of steps count


def pay(
    settings: GamesSettings,
    before: npt.NDArray[np.float64],
    now: npt.NDArray[np.float64],
    done: npt.NDArray[np.bool_],
    time_cost: float,
) -> npt.NDArray[np.float64]:
    """What a step is paid.

    Args:
        settings: The other prices.
        before: Torso's x before the step, world units, float64 (n,).
        now: After it.
        done: Whether the step has finished the run.
        time_cost: World units a frame.

    Returns:
        Float64 (n,).
    """
    pace = (now - before) / settings.frames_per_step
    paid: npt.NDArray[np.float64] = settings.reward_scale * (
        pace - time_cost + done * settings.finish_reward
    )
    return paid


class SprintGames(VecEnv):
    """Runs of 100 m that pay for speed.

    Observations are `features.Features`, actions those of the essential set. A step is paid 0.05
    for each world unit a frame beyond the time's cost: the less there is left of the pay, the more
    is dared for a little more speed. It rises with the pace of all runners. Landing beyond 100 m is
    paid as if a runner of 1.3 units a frame more than that ran on for ever. An episode ends with
    the game, and with a fall; it counts as one, too, when the torso has made less than `slow_units`
    in the last `slow_frames` frames.

    Infos are empty but for ended games: `frames` (of the game's clock), `distance` (metres),
    `finished`, `from_line` (whether the episode began at the start line).

    Args:
        settings: Numbers of the above.
        rng: Draws the starts.
        threads: Threads that step the games.
        moments: Games under way, in runs faster than the policy's own: what it is to learn to go
            on from.

    Attributes:
        time_cost: What a frame costs now, world units.
    """

    def __init__(
        self,
        settings: GamesSettings,
        rng: np.random.Generator,
        threads: int = 1,
        moments: Sequence[_core.Game] = (),
    ) -> None:
        self.settings, self._rng, self._moments = settings, rng, moments
        self._masks = key_masks(ACTION_SETS["essential"])
        self._lines = line_starts(settings.sincos, settings.idle_frames, settings.frames_per_step)
        self.pool = _core.GamePool(self._lines[0], num_envs=settings.games, num_threads=threads)
        self.line = self._lines[0]
        self._features = Features()
        count = settings.games
        self._recent = np.zeros((settings.slow_frames // settings.frames_per_step, count))
        self._steps = np.zeros(count, np.int64)
        self._from_line = np.zeros(count, np.bool_)
        self.buckets = SnapshotBuckets(settings.bucket_units, settings.bucket_size, rng)
        self._actions: npt.NDArray[Any] = np.zeros(count, np.int64)
        self.time_cost, self._pace = settings.time_cost, 0.0
        self.render_mode = None
        space = gym.spaces.Box(-np.inf, np.inf, (FEATURES,), np.float32)
        super().__init__(count, space, gym.spaces.Discrete(len(self._masks)))

    def reset(self) -> Floats:
        """Starts all games; returns float32 (games, FEATURES)."""
        for game in range(self.num_envs):
            self._start(game)
        return self._observe()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Takes note of what to press."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Floats, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Presses it; SB3's contract."""
        settings = self.settings
        before = self._torso_x().copy()
        self.pool.step(self._masks[self._actions], frames=settings.frames_per_step)
        now, events = self._torso_x(), self.pool.events
        done = finished(events, self.pool.score)
        rewards = pay(settings, before, now, done, self.time_cost)
        self._raise_time_cost(float((now - before).mean()) / settings.frames_per_step)
        slow = self._is_slow(now)
        dones = (events & (ENDED | FALLEN) != 0) | slow
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for game in np.flatnonzero(dones).tolist():
            infos[game] = self._info(game, bool(done[game]))
            if not done[game]:
                self.buckets.died(float(now[game]))
            self._start(game)
        self._keep_snapshots()
        return self._observe(), rewards.astype(np.float32), dones, infos

    def _raise_time_cost(self, pace: float) -> None:
        """Runners who have become faster are to be content with no less than before."""
        settings = self.settings
        self._pace += _PACE_SHARE * (pace - self._pace)
        self.time_cost = max(settings.time_cost, settings.time_cost_share * self._pace)

    def _info(self, game: int, finished: bool) -> dict[str, Any]:
        return {
            "frames": int(self.pool.frames[game]),
            "distance": float(self._torso_x()[game]) / UNITS_PER_METRE,
            "finished": finished,
            "from_line": bool(self._from_line[game]),
        }

    def _is_slow(self, now: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        rows = len(self._recent)
        row = self._steps % rows
        games = np.arange(self.num_envs)
        long_enough = self._steps >= rows
        slow = long_enough & (now - self._recent[row, games] < self.settings.slow_units)
        self._recent[row, games] = now
        self._steps += 1
        return slow

    def _start(self, game: int) -> None:
        root = self._under_way()
        self._from_line[game] = root is None
        self._steps[game] = 0
        line = self._lines[int(self._rng.integers(len(self._lines)))]
        self.pool.set_game(game, line if root is None else root)

    def _under_way(self) -> _core.Game | None:
        """A game to start from that is under way; None to start at the line."""
        drawn = self._rng.random() - self.settings.snapshot_starts
        if drawn < 0:
            return self.buckets.draw()
        if drawn < self.settings.beam_starts and self._moments:
            return self._moments[int(self._rng.integers(len(self._moments)))]
        return None

    def _keep_snapshots(self) -> None:
        chosen = self._rng.random(self.num_envs) < self.settings.snapshot_chance
        for game in np.flatnonzero(chosen & (self.pool.events & ENDED == 0)).tolist():
            # A game already falling teaches nothing; one that lives has passed some steps since
            # its start.
            if self._steps[game] > self.settings.snapshot_after:
                self.buckets.add(float(self._torso_x()[game]), self.pool.game(game))

    def _torso_x(self) -> npt.NDArray[np.float64]:
        return self.pool.bodies[:, 0, 0]

    def _observe(self) -> Floats:
        return self._features(observations(self.pool.bodies))

    # ---- what else SB3 asks of a VecEnv -------------------------------------------------------

    def close(self) -> None:
        """Nothing is to be closed."""

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:  # noqa: D102
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:  # noqa: D102
        raise AttributeError("the games have no attributes that can be set")

    def env_method(self, method_name: str, *args: Any, **kwargs: Any) -> list[Any]:  # noqa: D102
        raise AttributeError(f"the games have no method {method_name}")

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:  # noqa: D102
        return [False] * len(list(self._get_indices(indices)))

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Starts are drawn from the generator that was given; the game itself holds no chance."""
        return [None] * self.num_envs
