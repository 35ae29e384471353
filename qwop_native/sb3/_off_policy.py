"""What the natively trained learners with a replay buffer have in common."""

from __future__ import annotations

from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from stable_baselines3.common.type_aliases import (
    RolloutReturn,
    TrainFreq,
    TrainFrequencyUnit,
)
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.sb3._buffers import BUFFERS
from qwop_native.sb3._collector import Collector, sees_nothing
from qwop_native.sb3._fast_path import Family, UnsupportedError
from qwop_native.sb3._kernel import Kernel
from qwop_native.sb3._native_model import NativeModel, check_version
from qwop_native.sb3.compact_replay import CompactReplayBuffer
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer
from qwop_native.sb3.vec_env import QwopVecEnv

_IN_THE_LOOP = ("predict", "_sample_action", "_random_actions", "_store_transition")
"""Methods that the native collector does without; it is not used where one has been replaced."""


class NativeOffPolicy(NativeModel, OffPolicyAlgorithm):
    """Trains and acts on native kernels where they cover the model, else as the next class does.

    A subclass names this class first and then the algorithm of Stable-Baselines3 that it is.
    """

    _family: Family
    exploration_rate: float
    max_grad_norm: Any
    _kernel: Kernel | None
    _collector: Collector | None = None

    def _native(self, training: bool) -> Kernel | None:
        if self._refusal is not None:
            return None
        try:
            if self._kernel is None or not self._kernel.belongs_to(self):
                check_version(self._family.package)
                self._kernel = self._make_kernel()
            if training:
                self._kernel.follow_training(self)
        except UnsupportedError as reason:
            self._refuse(self._family.own, reason, self._family.factor)
        return self._kernel

    def _make_kernel(self) -> Kernel:
        return Kernel(self, self._family)

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Makes updates on batches drawn from the replay buffer, as the stock `train` does."""
        kernel = self._native(training=True)
        if kernel is None:
            super().train(gradient_steps, batch_size)
            return
        optimizer, buffer = self.policy.optimizer, self.replay_buffer
        assert buffer is not None
        kernel.set_training_mode(True)
        self._update_learning_rate(optimizer)
        losses = []
        for _ in range(gradient_steps):
            drawn = kernel.draw(buffer, batch_size)
            losses.append(kernel.update(optimizer, drawn, self.gamma, self.max_grad_norm))
        self._note_updates(gradient_steps, losses)

    def _note_updates(self, count: int, losses: list[float]) -> None:
        """Counts updates, and logs their mean loss if it is known already."""
        self._n_updates += count
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        if losses:
            self.logger.record("train/loss", np.mean(losses))

    def predict(
        self,
        observation: npt.NDArray[Any] | dict[str, npt.NDArray[Any]],
        state: tuple[npt.NDArray[Any], ...] | None = None,
        episode_start: npt.NDArray[Any] | None = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], tuple[npt.NDArray[Any], ...] | None]:
        """Epsilon-greedy actions, or greedy ones where `deterministic`, as the stock ones."""
        kernel = self._native(training=False)
        shape = self.observation_space.shape
        if (
            kernel is None
            or type(observation) is not np.ndarray
            or observation.dtype != np.float32
            or (observation.shape != shape and observation.shape[1:] != shape)
        ):
            return super().predict(observation, state, episode_start, deterministic)
        single = observation.shape == shape
        if not deterministic and np.random.rand() < self.exploration_rate:
            if single:
                return np.array(self.action_space.sample()), state
            return self._random_actions(len(observation)), state
        kernel.set_training_mode(False)
        if single:
            return kernel.act(np.ascontiguousarray(observation[None]))[0:1].reshape(()), state
        return kernel.act(np.ascontiguousarray(observation)), state

    def _random_actions(self, count: int) -> npt.NDArray[np.int64]:
        space: Any = self.action_space
        if type(space) is spaces.Discrete and "sample" not in vars(space):
            # The numbers that as many calls of sample() draw.
            drawn: npt.NDArray[np.int64] = space.np_random.integers(space.n, size=count)
            drawn += space.start
            return drawn
        return np.array([space.sample() for _ in range(count)])

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: ReplayBuffer,
        action_noise: ActionNoise | None = None,
        learning_starts: int = 0,
        log_interval: int | None = None,
    ) -> RolloutReturn:
        """Plays and stores, in the order of Stable-Baselines3's method of this name.

        It does the same with less of Python around it.
        """
        kernel = self._native(training=False)
        if kernel is None:
            return super().collect_rollouts(
                env,
                callback,
                train_freq,
                replay_buffer,
                action_noise,
                learning_starts,
                log_interval,
            )
        assert train_freq.frequency > 0, "Should at least collect one step or episode."
        if env.num_envs > 1 and train_freq.unit is not TrainFrequencyUnit.STEP:
            raise AssertionError("You must use only one env when doing episodic training.")
        return self._collect(
            kernel,
            env,
            callback,
            train_freq,
            replay_buffer,
            action_noise,
            learning_starts,
            log_interval,
        )

    def _collect(
        self,
        kernel: Kernel,
        env: VecEnv,
        callback: BaseCallback,
        train_freq: TrainFreq,
        replay_buffer: ReplayBuffer,
        action_noise: ActionNoise | None,
        learning_starts: int,
        log_interval: int | None,
    ) -> RolloutReturn:
        # Callbacks know the variables of this method by the names they have in stock's.
        by_steps = train_freq.unit is TrainFrequencyUnit.STEP
        kernel.set_training_mode(False)
        num_collected_steps, num_collected_episodes = 0, 0
        new_obs: Any
        unobserved = sees_nothing(callback)
        callback.on_rollout_start()
        collector = self._native_collector(env, kernel, replay_buffer)
        continue_training = True
        while (num_collected_steps if by_steps else num_collected_episodes) < train_freq.frequency:
            if collector:
                actions, new_obs, rewards, dones, infos = collector.step(self, learning_starts)
                buffer_actions = actions
            else:
                actions, buffer_actions = self._sample_action(
                    learning_starts, action_noise, env.num_envs
                )
                new_obs, rewards, dones, infos = env.step(actions)
            self.num_timesteps += env.num_envs
            num_collected_steps += 1
            if not unobserved:
                callback.update_locals(locals())
            if not callback.on_step():
                return RolloutReturn(
                    num_collected_steps * env.num_envs,
                    num_collected_episodes,
                    continue_training=False,
                )
            if collector and not unobserved:
                kernel.follow()  # callbacks may have put other parameters in their place
            self._update_info_buffer(infos, dones)
            if collector and not any(infos):
                collector.store(self, replay_buffer, actions, new_obs, rewards)
            else:
                self._store_transition(
                    replay_buffer, buffer_actions, new_obs, rewards, dones, infos
                )
            self._update_current_progress_remaining(self.num_timesteps, self._total_timesteps)
            self._on_step()
            ended = np.flatnonzero(dones).tolist()
            for game in ended:
                num_collected_episodes += 1
                self._episode_ended(game, env, action_noise, log_interval)
            if ended:
                idx, done = env.num_envs - 1, dones[-1]
        callback.on_rollout_end()
        return RolloutReturn(
            num_collected_steps * env.num_envs, num_collected_episodes, continue_training
        )

    def _episode_ended(
        self, game: int, env: VecEnv, action_noise: ActionNoise | None, log_interval: int | None
    ) -> None:
        self._episode_num += 1
        if action_noise is not None:
            action_noise.reset(**({"indices": [game]} if env.num_envs > 1 else {}))
        if log_interval is not None and self._episode_num % log_interval == 0:
            self.dump_logs()

    def _excluded_save_params(self) -> list[str]:
        return [*super()._excluded_save_params(), "_collector"]

    def _loop_of(self) -> type[NativeOffPolicy] | None:
        """The class whose methods the native collector stands for, None for none."""
        return NativeOffPolicy

    def _native_collector(
        self, env: VecEnv, kernel: Kernel, buffer: ReplayBuffer
    ) -> Collector | None:
        loop = self._loop_of()
        own = loop is not None and all(
            getattr(type(self), name) is getattr(loop, name) and name not in vars(self)
            for name in _IN_THE_LOOP
        )
        if not own or not kernel.collects or not Collector.suits(env, buffer):
            return None
        if self._collector is None or not self._collector.belongs_to(env, kernel):
            assert isinstance(env, QwopVecEnv)
            self._collector = Collector(env, kernel)
        self._collector.follow(buffer)
        return self._collector

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        if self.num_timesteps < learning_starts:
            actions: npt.NDArray[Any] = self._random_actions(n_envs)
        else:
            assert self._last_obs is not None, "self._last_obs was not set"
            actions, _ = self.predict(self._last_obs, deterministic=False)
        return actions, actions

    def _update_info_buffer(
        self, infos: list[dict[str, Any]], dones: npt.NDArray[np.bool_] | None = None
    ) -> None:
        told = _not_empty(infos)  # there is nothing to be found in the others
        if told:
            of_told = None if dones is None else dones[told]
            super()._update_info_buffer([infos[game] for game in told], of_told)

    def _store_transition(
        self,
        replay_buffer: ReplayBuffer,
        buffer_action: npt.NDArray[Any],
        new_obs: npt.NDArray[Any] | dict[str, npt.NDArray[Any]],
        reward: npt.NDArray[Any],
        dones: npt.NDArray[Any],
        infos: list[dict[str, Any]],
    ) -> None:
        if self._kernel is None or type(replay_buffer) not in BUFFERS:
            super()._store_transition(replay_buffer, buffer_action, new_obs, reward, dones, infos)
            return
        # Assigning to a row of the buffer copies.
        buffer: Any = replay_buffer
        if type(buffer) is CompactReplayBuffer:
            buffer.check_whole(infos)
        position = buffer.pos
        self._last_original_obs = self._last_obs
        buffer.observations[position] = self._last_obs
        buffer.next_observations[position] = new_obs
        buffer.actions[position] = buffer_action[:, None]
        buffer.rewards[position] = reward
        buffer.dones[position] = dones
        buffer.timeouts[position] = 0.0
        for game in _not_empty(infos):
            last = infos[game].get("terminal_observation")
            if dones[game] and last is not None:  # new_obs has the next episode's first one
                buffer.next_observations[position, game] = last
            if buffer.handle_timeout_termination:
                buffer.timeouts[position, game] = infos[game].get("TimeLimit.truncated", False)
        if type(buffer) is PrioritizedReplayBuffer:
            buffer.stored(position)
        buffer.pos = position + 1
        if buffer.pos == buffer.buffer_size:
            buffer.full = True
            buffer.pos = 0
        self._last_obs = new_obs


def _not_empty(infos: list[dict[str, Any]]) -> list[int]:
    """The games whose infos tell something."""
    return list(compress(range(len(infos)), infos))
