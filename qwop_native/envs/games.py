"""What the vector environments offer for each of their games: exact states and attributes."""

from __future__ import annotations

import functools
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.arguments import check_snapshot
from qwop_native.envs.batch import Batch
from qwop_native.envs.env import Observation, QwopEnv
from qwop_native.envs.spaces import OBSERVATION_SIZE

_METHODS = ("snapshot", "restore", "start_at", "copy_game", "observation")
"""Methods of the vector environment whose first argument is the game."""

_NUMBERS = ("game", "seedval", "np_random_seed", "time_s", "render")

_SHARED = (
    "action_keys",
    "action_set",
    "action_space",
    "action_t",
    "angle",
    "failure_cost",
    "frames_per_step",
    "get_keys_to_action",
    "metadata",
    "noop_max",
    "observation_space",
    "pos_x",
    "pos_y",
    "reduced_action_set",
    "reload_on_reset",
    "render_mode",
    "repeat_action_probability",
    "sincos",
    "spec",
    "speed_rew_mult",
    "success_reward",
    "t_for_terminate",
    "time_cost_mult",
    "vel_x",
    "vel_y",
)
"""Attributes of `QwopEnv` that all games have in common."""


class GamesOfBatch:
    """What a vector environment offers for each of its games."""

    _batch: Batch

    @property
    def template(self) -> QwopEnv:
        """A `QwopEnv` with the same arguments, for its tables; it is not one of the games."""
        return self._batch.template

    @property
    def num_threads(self) -> int:
        """Threads that step the games."""
        return self._batch.num_threads

    @property
    def instruction_set(self) -> str:
        """Instruction set that the engine uses; all give the same bits."""
        return self._batch.instruction_set

    @property
    def max_episode_steps(self) -> int | None:
        """Steps after which an episode is truncated; None where there is no limit."""
        return self._batch.max_episode_steps

    @property
    def seeds(self) -> npt.NDArray[np.object_]:
        """Seed of each game, Python's integers (num_envs,), as `QwopEnv` has it."""
        return self._batch.seeds

    def snapshot(self, game: int) -> bytes:
        """One game with its episode, exactly.

        Raises:
            IndexError: There is no such game.
        """
        return self._batch.engine.snapshot(game)

    def restore(self, game: int, snapshot: bytes) -> None:
        """Puts a game where `snapshot` was taken, of this game or of any other like it.

        Raises:
            IndexError: There is no such game.
            TypeError: The snapshot is not bytes.
            ValueError: The snapshot is damaged or from another version; the game is untouched.
        """
        check_snapshot(snapshot)
        self._batch.engine.restore(game, snapshot)

    def start_at(self, game: int, snapshot: bytes) -> Observation:
        """Starts an episode of a game in the middle of a run.

        Return and length count from there, distance and frames from where the run began.

        Args:
            game: The game to start.
            snapshot: From `Game.snapshot()` of any game under way with the same `sincos`.

        Returns:
            The first observation, float32 (60,).

        Raises:
            IndexError: There is no such game.
            TypeError: The snapshot is not bytes.
            ValueError: The snapshot is damaged, from another version or of a game that is not under
                way; the game is untouched.
        """
        check_snapshot(snapshot)
        observation = np.empty(OBSERVATION_SIZE, np.float32)
        self._batch.engine.start_at(game, snapshot, observation)
        return observation

    def copy_game(self, source: int, target: int) -> None:
        """Puts game `target` where game `source` is, episode and all.

        Raises:
            IndexError: There is no such game.
        """
        self._batch.engine.copy_game(source=source, target=target)

    def game(self, game: int) -> _core.Game:
        """A copy of one game.

        Raises:
            IndexError: There is no such game.
        """
        return self._batch.engine.game(game)

    def observation(self, game: int) -> Observation:
        """What a game looks like now, float32 (60,): after `restore`, for instance.

        Raises:
            IndexError: There is no such game.
        """
        return self._batch.observation(game)

    def _attribute(self, name: str, game: int) -> Any:
        """What one game has under a name; AttributeError if there is nothing."""
        batch = self._batch
        batch.require_idle()
        if name in _METHODS:
            return functools.partial(getattr(self, name), game)
        if name in _SHARED:
            return getattr(batch.template, name)
        if name == "game":
            return self.game(game)
        if name in ("seedval", "np_random_seed"):
            return batch.seeds[game]
        if name == "time_s":
            return batch.info(batch.columns, game)[name]
        if name == "render":
            return functools.partial(self._picture, game)
        if name in batch.columns:
            return batch.columns[name][game].item()
        if (name, game) in self._notes:
            return self._notes[name, game]
        raise AttributeError(f"the games of {type(self).__name__} have no attribute {name!r}")

    def _note(self, name: str, game: int, value: Any) -> None:
        """Keeps a value with a game; AttributeError for what the games have by themselves."""
        own = name in _METHODS or name in _NUMBERS
        if own or name in _SHARED or name in self._batch.columns:
            raise AttributeError(f"{name!r} of the games of {type(self).__name__} cannot be set")
        self._notes[name, game] = value

    @functools.cached_property
    def _notes(self) -> dict[tuple[str, int], Any]:
        return {}

    def _picture(self, game: int) -> Any:
        if self.template.render_mode is None:
            gym.logger.warn(f"{type(self).__name__} was made without a render_mode")
            return None
        return self.template.picture(self.game(game))
