"""Stable-Baselines3's environment of many games."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from stable_baselines3.common.monitor import Monitor
from stable_baselines3.common.vec_env import VecEnv
from stable_baselines3.common.vec_env.base_vec_env import VecEnvIndices

from qwop_native.envs.arguments import DRAWN_SEED_END, check_bool, snapshot_option
from qwop_native.envs.batch import Batch, Mask, Snapshots
from qwop_native.envs.buffers import check_cores
from qwop_native.envs.env import Observation
from qwop_native.envs.games import GamesOfBatch
from qwop_native.envs.spaces import OBSERVATION_SIZE

# Columns of return and length, of ended and of running episodes.
_ENDED = ("return", "length")
_RUNNING = ("episode_return", "episode_length")


class QwopVecEnv(GamesOfBatch, VecEnv):
    """Games side by side in one engine, as Stable-Baselines3's algorithms take them.

    Returns what SB3's `DummyVecEnv` does over as many monitored `QwopEnv`: ended games are reset in
    the same step, and their info has `terminal_observation`, `TimeLimit.truncated`, the info of
    `QwopEnv` and Monitor's `episode` (`r`, `l`, `t`). Infos of games that go on are empty.

    To `get_attr`, a game has the attributes of `QwopEnv`, the numbers of its info and of its
    episode, `seedval` and `game` (a copy); to `env_method`, `snapshot()`, `restore(snapshot)`,
    `start_at(snapshot)`, `copy_game(target)`, `observation()` and `get_keys_to_action()`.
    `set_attr` keeps notes of one's own under any other name.

    Args:
        num_envs: Number of games, 1 to 1,000,000.
        num_threads: Threads that step them; 0 means as many as affinity and cgroup allow.
        max_episode_steps: Steps after which an episode is truncated; None or -1 for no limit.
        copy: Whether each step returns a new array of observations. If not, two arrays take turns:
            observations stay as they are during the next step, which is all that SB3 needs, and
            are overwritten by the one after it.
        instruction_set: A name such as "avx2" that this processor has; None for the fastest.
        thread_affinity: Cores that the engine's threads are bound to, in turn; None for none.
        **env_kwargs: Arguments of `QwopEnv`. `seed` is the first game's, the others count up.

    Raises:
        TypeError: An argument is unknown or of the wrong type.
        ValueError: An argument has a value that is not accepted.
    """

    def __init__(
        self,
        num_envs: int,
        num_threads: int = 0,
        *,
        max_episode_steps: int | None = None,
        copy: bool = True,
        instruction_set: str | None = None,
        thread_affinity: Sequence[int] | None = None,
        **env_kwargs: Any,
    ) -> None:
        self.copy = check_bool("copy", copy)
        self._batch = Batch(
            QwopVecEnv,
            num_envs,
            num_threads,
            "same_step",
            max_episode_steps,
            instruction_set,
            env_kwargs,
            check_cores(thread_affinity),
        )
        shape = (self._batch.num_envs, OBSERVATION_SIZE)
        self._buffers = [np.zeros(shape, np.float32) for _ in range(2)]
        self._actions: Any = None
        self._start_time = time.time()
        spaces = (self.template.observation_space, self.template.action_space)
        super().__init__(self._batch.num_envs, *spaces)
        # SB3 puts down the render modes alone; its VecVideoRecorder asks for render_fps.
        self.metadata = dict(self.template.metadata)

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Sets the seeds of the next reset, which then loads the pages anew.

        Args:
            seed: The first game's, the others count up; None for one from NumPy's global generator.

        Returns:
            The seed of each game.

        Raises:
            TypeError: The seed is not an integer.
            ValueError: The seed is negative.
        """
        if seed is None:
            seed = int(np.random.randint(DRAWN_SEED_END - self.num_envs, dtype=np.int64))
        self._seeds = self._batch.checked_seeds(seed)
        return self._seeds

    def set_options(self, options: list[dict[str, Any]] | dict[str, Any] | None = None) -> None:
        """Sets the options of the next reset.

        Args:
            options: Those of `QwopEnv.reset`, the same for all games or a list of one for each:
                "snapshot" starts the episode there instead of at the line.

        Raises:
            TypeError: An option is not a dict, or a snapshot not bytes.
            ValueError: There are not as many as games, or `QwopEnv` would refuse a snapshot.
        """
        self._snapshots_of([options] * self.num_envs if options is None else options)
        super().set_options(options)

    def _snapshots_of(self, options: Any) -> Snapshots:
        if not isinstance(options, (list, tuple)):
            return self._batch.checked_snapshots(snapshot_option(options))
        return self._batch.checked_snapshots([snapshot_option(each) for each in options])

    def reset(self) -> Observation:
        """Starts an episode in each game, with the seeds and options that were set.

        Returns:
            Observations, float32 (num_envs, 60). The infos are in `reset_infos`.
        """
        observations = self._free_buffer()
        seeds = self._batch.checked_seeds(self._seeds)
        self._batch.reset(observations, None, seeds, self._snapshots_of(self._options))
        self._buffers.reverse()
        columns = self._batch.columns
        self.reset_infos = [self._batch.info(columns, game) for game in range(self.num_envs)]
        self._reset_seeds()
        self._reset_options()
        return observations

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Takes note of the actions; `step_wait` does the work.

        Args:
            actions: Indices into `template.action_keys`, any integer type, shape (num_envs,).
        """
        self._actions = actions

    def step_wait(self) -> tuple[Observation, npt.NDArray[np.float32], Mask, list[dict[str, Any]]]:
        """Takes the actions given to `step_async`.

        Returns:
            Observations (float32, (num_envs, 60)), rewards (float32), which games have ended and
            were reset (bool), and infos.

        Raises:
            TypeError: The actions are not integers.
            ValueError: Their shape is wrong or one is out of range; nothing has moved then.
            NotResetError: There was no reset yet, gymnasium's `ResetNeeded` as well.
        """
        observations = self._free_buffer()
        self._batch.step(self._actions, observations)
        ended = self._batch.ended()
        infos = self._infos_after_step(np.flatnonzero(ended).tolist())
        return observations, self._batch.rewards.astype(np.float32), ended, infos

    def _infos_after_step(self, ended: list[int]) -> list[dict[str, Any]]:
        self._buffers.reverse()
        # New ones each time, since wrappers and callbacks may write into them.
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for game in ended:
            infos[game] = self._final_info(game)
            self.reset_infos[game] = self._batch.info(self._batch.columns, game)
        return infos

    def start_at(self, game: int, snapshot: bytes) -> Observation:  # noqa: D102  see GamesOfBatch
        observation = super().start_at(game, snapshot)
        self.reset_infos[game] = self._batch.info(self._batch.columns, game)
        return observation

    def cut_off(self, game: int, observation: Observation) -> dict[str, Any]:
        """Truncates the episode of a game and starts the next, between two steps.

        Args:
            game: The game.
            observation: What it looks like, float32 (60,); that of the next episode's start is
                written over it.

        Returns:
            The info of the ended episode, as if its last step had reached a limit of steps.

        Raises:
            IndexError: There is no such game.
        """
        info = self._info_at_end(self._batch.columns, _RUNNING, game, observation, True)
        mask = np.zeros(self.num_envs, np.bool_)
        mask[game] = True
        observations = np.empty((self.num_envs, OBSERVATION_SIZE), np.float32)
        self._batch.reset(observations, mask, None)
        observation[:] = observations[game]
        self.reset_infos[game] = self._batch.info(self._batch.columns, game)
        return info

    def _free_buffer(self) -> Observation:
        # The last of the two was given out longest ago; it becomes the first once it is filled.
        if self.copy:
            self._buffers[1] = np.empty_like(self._buffers[0])
        return self._buffers[1]

    def _final_info(self, game: int) -> dict[str, Any]:
        batch = self._batch
        limit = bool(batch.truncated[game] and not batch.terminated[game])
        return self._info_at_end(batch.final, _ENDED, game, batch.final["obs"][game], limit)

    def _info_at_end(
        self,
        columns: dict[str, npt.NDArray[Any]],
        names: tuple[str, str],
        game: int,
        last: Observation,
        limit: bool,
    ) -> dict[str, Any]:
        return {
            **self._batch.info(columns, game),
            "TimeLimit.truncated": limit,
            "terminal_observation": last.copy(),
            "episode": {
                "r": round(float(columns[names[0]][game]), 6),
                "l": int(columns[names[1]][game]),
                "t": round(time.time() - self._start_time, 6),
            },
        }

    def get_images(self) -> Sequence[npt.NDArray[np.uint8] | None]:
        """A picture of each game, uint8 of shape (height, width, 3), for render_mode rgb_array."""
        return [self.template.picture(self.game(game)) for game in range(self.num_envs)]

    def close(self) -> None:
        """Lets go of the games and their threads."""
        self._batch.close()

    def get_attr(self, attr_name: str, indices: VecEnvIndices = None) -> list[Any]:
        """Attribute of each game; AttributeError if there is none of that name."""
        return [self._attribute(attr_name, game) for game in self._get_indices(indices)]

    def set_attr(self, attr_name: str, value: Any, indices: VecEnvIndices = None) -> None:
        """Keeps a value with each game; AttributeError for what the games have by themselves."""
        for game in self._get_indices(indices):
            self._note(attr_name, game, value)

    def env_method(
        self,
        method_name: str,
        *method_args: Any,
        indices: VecEnvIndices = None,
        **method_kwargs: Any,
    ) -> list[Any]:
        """Calls a method of each game."""
        methods = self.get_attr(method_name, indices)
        return [method(*method_args, **method_kwargs) for method in methods]

    def env_is_wrapped(
        self, wrapper_class: type[gym.Wrapper[Any, Any, Any, Any]], indices: VecEnvIndices = None
    ) -> list[bool]:
        """True for SB3's Monitor, whose part the engine plays; no game has another wrapper."""
        return [wrapper_class is Monitor for _ in self._get_indices(indices)]
