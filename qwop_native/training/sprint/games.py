"""Many runners to learn from: rewarded for pace, started where runners die, ended when slow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, OBSERVATION_SIZE, observations
from qwop_native.facts import ENDED, FALLEN, UNITS_PER_METER
from qwop_native.models.finish import finished
from qwop_native.models.starts import line_starts
from qwop_native.sb3.resumable import ResumableEnv
from qwop_native.training.settings.games import ACTION_SET, GamesSettings
from qwop_native.training.sprint.starts import SnapshotBuckets
from qwop_native.wrappers.relative_features import FEATURES, Features
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float32]

_PACE_SHARE = 0.002  # of one step in the mean of the pace: some hundreds of steps count


def step_rewards(
    settings: GamesSettings,
    before: npt.NDArray[np.float64],
    now: npt.NDArray[np.float64],
    done: npt.NDArray[np.bool_],
    time_cost: float,
) -> npt.NDArray[np.float64]:
    """Rewards of a step.

    Args:
        settings: The other weights.
        before: Torso's x before the step, world units, float64 (n,).
        now: After it.
        done: Whether the step has finished the run.
        time_cost: World units a frame.

    Returns:
        Float64 (n,).
    """
    pace = (now - before) / settings.frames_per_step
    rewards: npt.NDArray[np.float64] = settings.reward_scale * (
        pace - time_cost + done * settings.finish_reward
    )
    return rewards


class SprintGames(ResumableEnv):
    """Runs of 100 m that reward speed.

    Actions are those of the essential set. The reward of a step is 0.05 for each world unit a frame
    beyond the time's cost, which rises with the pace of all runners: the less reward is left, the
    more is dared for a little more speed. Landing beyond 100 m is rewarded as if a runner of 1.3
    units a frame more than that ran on for ever. An episode ends with the game, and with a fall; it
    counts as one, too, when the torso has made less than `slow_units` in the last `slow_frames`
    frames.

    Infos are empty but for ended games: `frames` (of the game's clock), `distance` (metres),
    `finished` (also as `is_success`, SB3's word), `from_line` (whether the episode began at the
    start line), `terminal_observation`, and Monitor's `episode` (`r`, `l`).

    The games hold no chance and the starts are drawn from `rng`: the same actions from the same
    generator give the same episodes, with any number of threads. `get_state` and `set_state` make
    a training go on as if it had not been stopped; `sb3.checkpoint` uses them.

    Args:
        settings: Numbers of the above.
        rng: Draws the starts.
        threads: Threads that step the games.
        moments: Games under way, in runs faster than the policy's own: what it is to learn to go
            on from.
        observation: "relative" for `relative_features.Features`, "standard" for `QwopEnv`'s
            observation, which a policy with `sb3.RelativeFeatures` makes the same of.

    Attributes:
        time_cost: What a frame costs now, world units.

    Raises:
        ValueError: `observation` is neither.
    """

    def __init__(
        self,
        settings: GamesSettings,
        rng: np.random.Generator,
        threads: int = 1,
        moments: Sequence[_core.Game] = (),
        observation: str = "relative",
    ) -> None:
        if observation not in ("relative", "standard"):
            raise ValueError(f"observation must be relative or standard, got {observation!r}")
        self.settings, self._rng, self._moments = settings, rng, moments
        self._masks = key_masks(ACTION_SETS[ACTION_SET])
        self._lines = line_starts(settings.sincos, settings.idle_frames, settings.frames_per_step)
        self.pool = _core.GamePool(self._lines[0], num_envs=settings.num_envs, num_threads=threads)
        self.line = self._lines[0]
        self._features = Features() if observation == "relative" else None
        count = settings.num_envs
        self._recent = np.zeros((settings.slow_frames // settings.frames_per_step, count))
        self._steps = np.zeros(count, np.int64)
        self._returns = np.zeros(count)
        self._from_line = np.zeros(count, np.bool_)
        self.buckets = SnapshotBuckets(settings.bucket_units, settings.bucket_size, rng)
        self._actions: npt.NDArray[Any] = np.zeros(count, np.int64)
        self.time_cost, self._pace = settings.time_cost, 0.0
        self.render_mode = None
        # Zips of models tell by these how to play them; relative ones see what no game shows.
        self._played = settings.env | {"t_for_terminate": False}
        if observation == "relative":
            self._played = {}
        space = gym.spaces.Box(-1, 1, (OBSERVATION_SIZE,), np.float32)
        if observation == "relative":
            space = gym.spaces.Box(-np.inf, np.inf, (FEATURES,), np.float32)
        super().__init__(count, space, gym.spaces.Discrete(len(self._masks)))

    def reset(self) -> Floats:
        """Starts all games; returns float32 (games, columns)."""
        self._start(np.arange(self.num_envs))
        return self.observe()

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Takes note of what to press."""
        self._actions = actions

    def step_wait(
        self,
    ) -> tuple[Floats, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]:
        """Presses it; SB3's contract."""
        settings = self.settings
        before = self._torso_x()
        self.pool.step(self._masks[self._actions], frames=settings.frames_per_step)
        now, events = self._torso_x(), self.pool.events
        done = finished(events, self.pool.score)
        rewards = step_rewards(settings, before, now, done, self.time_cost)
        self._returns += rewards
        self._raise_time_cost(float((now - before).mean()) / settings.frames_per_step)
        slow = self._is_slow(now)
        dones = (events & (ENDED | FALLEN) != 0) | slow
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        ended = np.flatnonzero(dones)
        if len(ended):
            for game, info in zip(ended.tolist(), self._last_infos(ended, done), strict=True):
                infos[game] = info
            self.buckets.died(now[ended[~done[ended]]])
            self._start(ended)
        self._keep_snapshots()
        return self.observe(), rewards.astype(np.float32), dones, infos

    def observe(self) -> Floats:
        """What the games look like now, float32 (games, columns)."""
        return self._seen(self.pool.bodies)

    def describe(self) -> dict[str, Any]:
        """What games must have in common for one's state to be another's."""
        return {"settings": repr(self.settings), "columns": self.observation_space.shape}

    def get_state(self) -> dict[str, Any]:
        """Where games, generator, kept snapshots and the cost of time stand, between two steps.

        Bytes, arrays and numbers, for pickle; some 5 kB for each game played and kept.
        """
        return {
            "games": [self.pool.game(game).snapshot() for game in range(self.num_envs)],
            "generator": self._rng.bit_generator.state,
            "buckets": self.buckets.get_state(),
            "recent": self._recent.copy(),
            "steps": self._steps.copy(),
            "returns": self._returns.copy(),
            "from_line": self._from_line.copy(),
            "time_cost": self.time_cost,
            "pace": self._pace,
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Puts everything where it was when `get_state` was called, bit for bit.

        Args:
            state: What it returned, of games with the same settings. The generator given at the
                start is set, too.

        Raises:
            ValueError: The state is of another number of games, or other lengths of time or place.
        """
        recent, ours = state["recent"].shape, self._recent.shape
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
        self._rng.bit_generator.state = state["generator"]
        self._recent[:], self._steps[:] = state["recent"], state["steps"]
        self._returns[:], self._from_line[:] = state["returns"], state["from_line"]
        self.time_cost, self._pace = state["time_cost"], state["pace"]

    def _raise_time_cost(self, pace: float) -> None:
        """Runners who have become faster are to be content with no less than before."""
        settings = self.settings
        self._pace += _PACE_SHARE * (pace - self._pace)
        self.time_cost = max(settings.time_cost, settings.time_cost_share * self._pace)

    def _last_infos(
        self, ended: npt.NDArray[np.int64], done: npt.NDArray[np.bool_]
    ) -> list[dict[str, Any]]:
        """Infos of ended games that stand as they ended."""
        bodies = self.pool.bodies[ended]
        columns = (
            self.pool.frames[ended].tolist(),
            (bodies[:, 0, 0] / UNITS_PER_METER).tolist(),
            done[ended].tolist(),
            self._from_line[ended].tolist(),
            self._seen(bodies),
            self._returns[ended].tolist(),
            self._steps[ended].tolist(),
        )
        return [
            {
                "frames": frames,
                "distance": distance,
                "finished": finished,
                "is_success": finished,
                "from_line": from_line,
                "terminal_observation": last,
                "episode": {"r": total, "l": steps},
            }
            for frames, distance, finished, from_line, last, total, steps in zip(
                *columns, strict=True
            )
        ]

    def _is_slow(self, now: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        rows = len(self._recent)
        row = self._steps % rows
        games = np.arange(self.num_envs)
        long_enough = self._steps >= rows
        slow = long_enough & (now - self._recent[row, games] < self.settings.slow_units)
        self._recent[row, games] = now
        self._steps += 1
        return slow

    def _start(self, games: npt.NDArray[np.int64]) -> None:
        """Starts new episodes, at the line or under way."""
        kind, which = self._rng.random((2, len(games)))
        kind -= self.settings.snapshot_starts
        lines = (which * len(self._lines)).astype(np.int64).tolist()
        roots: list[_core.Game | None] = [None] * len(games)
        kept = np.flatnonzero(kind < 0)
        for row, game in zip(kept.tolist(), self.buckets.draw_many(len(kept)), strict=True):
            roots[row] = game
        if self._moments:
            for row in np.flatnonzero((kind >= 0) & (kind < self.settings.beam_starts)).tolist():
                roots[row] = self._moments[int(which[row] * len(self._moments))]
        self._from_line[games] = [root is None for root in roots]
        self._steps[games] = 0
        self._returns[games] = 0.0
        for game, root, line in zip(games.tolist(), roots, lines, strict=True):
            self.pool.set_game(game, self._lines[line] if root is None else root)

    def _keep_snapshots(self) -> None:
        # A game already falling teaches nothing; one that lives has passed some steps since its
        # start.
        chosen = self._rng.random(self.num_envs) < self.settings.snapshot_chance
        chosen &= self.pool.events & ENDED == 0
        chosen &= self._steps > self.settings.snapshot_after
        for game in np.flatnonzero(chosen).tolist():
            self.buckets.add(float(self.pool.bodies[game, 0, 0]), self.pool.game(game))

    def _torso_x(self) -> npt.NDArray[np.float64]:
        torso_x: npt.NDArray[np.float64] = self.pool.bodies[:, 0, 0].copy()
        return torso_x

    def _seen(self, bodies: npt.NDArray[np.float64]) -> Floats:
        seen = observations(bodies)
        return seen if self._features is None else self._features(seen)

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
