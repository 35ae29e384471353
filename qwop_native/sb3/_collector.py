"""The native loop around the games of a learner with a replay buffer."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.random.mtrand import get_bit_generator
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback, CallbackList, ConvertCallback
from stable_baselines3.common.vec_env import VecEnv

from qwop_native import _core
from qwop_native.sb3._kernel import Kernel
from qwop_native.sb3.vec_env import QwopVecEnv

_ARRAYS = ("observations", "next_observations", "actions", "rewards", "dones", "timeouts")
_REPLACEABLE = ("step", "step_async", "step_wait")

Step = tuple[
    npt.NDArray[np.int64],
    npt.NDArray[np.float32],
    npt.NDArray[np.float32],
    npt.NDArray[np.bool_],
    list[dict[str, Any]],
]


def sees_nothing(callback: BaseCallback) -> bool:
    """Whether a callback is none of the user's."""
    if type(callback) is CallbackList:
        return all(map(sees_nothing, callback.callbacks))
    return type(callback) is ConvertCallback and callback.callback is None


class Collector:
    """Acts, steps the games and stores in one call each, where nobody else takes part in it.

    Args:
        env: The model's own environment, not wrapped.
        kernel: The model's.
    """

    def __init__(self, env: QwopVecEnv, kernel: Kernel) -> None:
        self._env, self._kernel = env, kernel
        batch = env._batch
        self._engine = batch.engine
        self.native = _core.Collector(
            batch.engine,
            kernel.native,
            rewards=batch.rewards,
            terminated=batch.terminated,
            truncated=batch.truncated,
        )
        self._arrays: list[Any] = []
        self._generator: Any = get_bit_generator()

    def __reduce__(self) -> tuple[Any, ...]:
        # Copies of a model make a collector of their own.
        return type(None), ()

    @staticmethod
    def suits(env: VecEnv, buffer: ReplayBuffer) -> bool:
        """Whether steps and places in the buffer are what they are known to be."""
        return (
            type(env) is QwopVecEnv
            and not any(name in vars(env) for name in _REPLACEABLE)
            and type(buffer) is ReplayBuffer
            and buffer.n_envs == env.num_envs
            and all(getattr(buffer, name).flags.c_contiguous for name in _ARRAYS)
        )

    def belongs_to(self, env: VecEnv, kernel: Kernel) -> bool:
        """Whether environment and kernel are still the ones this was made for."""
        return (
            self._env is env and self._kernel is kernel and self._env._batch.engine is self._engine
        )

    def follow(self, buffer: ReplayBuffer) -> None:
        """Takes notice of changes that others have made since the last rollout."""
        arrays = [getattr(buffer, name) for name in _ARRAYS]
        if len(arrays) != len(self._arrays) or any(
            a is not b for a, b in zip(arrays, self._arrays, strict=True)
        ):
            self.native.bind_replay(**dict(zip(_ARRAYS, arrays, strict=True)))
            self._arrays = arrays
        self._generator = get_bit_generator()
        self._kernel.follow()

    def step(self, model: Any, learning_starts: int) -> Step:
        """Actions as the model's `_sample_action` has them, and what the environment returns."""
        env = self._env
        new_obs = env._free_buffer()
        played = None
        if model.num_timesteps >= learning_starts:
            with self._generator.lock:
                played = self.native.play(
                    self._generator.capsule,
                    epsilon=model.exploration_rate,
                    observations=model._last_obs,
                    next_observations=new_obs,
                )
        if played is None:
            played = self.native.take(
                actions=model._random_actions(env.num_envs), next_observations=new_obs
            )
        actions, rewards, dones, ended = played
        infos = env._infos_after_step(np.flatnonzero(dones).tolist() if ended else [])
        return actions, new_obs, rewards, dones, infos

    def store(
        self,
        model: Any,
        buffer: Any,
        actions: npt.NDArray[np.int64],
        new_obs: npt.NDArray[np.float32],
        rewards: npt.NDArray[np.float32],
    ) -> None:
        """What the model's `_store_transition` does with a step in which no episode ended."""
        position = buffer.pos
        self.native.store(
            position=position,
            observations=model._last_obs,
            next_observations=new_obs,
            actions=actions,
            rewards=rewards,
        )
        model._last_original_obs = model._last_obs
        buffer.pos = position + 1
        if buffer.pos == buffer.buffer_size:
            buffer.full = True
            buffer.pos = 0
        model._last_obs = new_obs
