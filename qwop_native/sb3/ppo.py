"""Stable-Baselines3's PPO with native kernels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import stable_baselines3
import torch as th
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.utils import explained_variance
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.sb3._actor_critic import ActorCriticKernel
from qwop_native.sb3._fast_path import UnsupportedError
from qwop_native.sb3._native_model import NativeModel, check_version

_LOGGED = {
    "entropy_loss": "train/entropy_loss",
    "policy_loss": "train/policy_gradient_loss",
    "value_loss": "train/value_loss",
    "kl": "train/approx_kl",
    "clip_fraction": "train/clip_fraction",
}


class PPO(NativeModel, stable_baselines3.PPO):
    """Stable-Baselines3's PPO, updated and acting faster on the CPU.

    The same class to its user: constructor, callbacks, loggers, `save` and `load` are
    Stable-Baselines3's own, and zips are interchangeable. Updates and actions come from native
    kernels that compute the same numbers up to rounding, on the same random draws. Gradients are
    used at once and do not appear in `parameter.grad`, and the rollout buffer is not flattened. As
    many threads as `torch.get_num_threads()` says share the work; the results are the same with any
    number of them.

    A model that the kernels do not cover (actions that are not discrete, a network other than plain
    multilayer perceptrons, another optimizer than Adam or AdamW, a GPU ...) is trained by
    Stable-Baselines3's code. One `SlowPathWarning` then says why and what it costs;
    `native_refusal` keeps the reason.
    """

    _kernel: ActorCriticKernel | None

    def _native(self, training: bool) -> ActorCriticKernel | None:
        if self._refusal is not None:
            return None
        try:
            if self._kernel is None or not self._kernel.belongs_to(self):
                check_version("stable-baselines3")
                self._kernel = ActorCriticKernel(self)
            if training:
                self._kernel.follow_training(self)
        except UnsupportedError as reason:
            self._refuse("Stable-Baselines3's own code", reason, "2 to 13 times")
        return self._kernel

    def train(self) -> None:
        """Makes the updates of one rollout, as Stable-Baselines3's `train` does."""
        kernel = self._native(training=True)
        if kernel is None:
            super().train()
            return
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        schedule: Any = self.clip_range
        clip_range = schedule(self._current_progress_remaining)
        schedule_vf: Any = self.clip_range_vf
        clip_range_vf = schedule_vf and schedule_vf(self._current_progress_remaining)
        results: list[dict[str, float]] = []
        count = self.n_steps * self.n_envs
        for epoch in range(self.n_epochs):
            in_epoch = len(results)
            numbers = np.random.permutation(count)
            for begin in range(0, count, self.batch_size):
                drawn = numbers[begin : begin + self.batch_size]
                results.append(kernel.update(self, drawn, clip_range, clip_range_vf))
                if not results[-1]["updated"]:
                    break
            self._n_updates += 1
            if not results[-1]["updated"]:
                if self.verbose >= 1:
                    reached = results[-1]["kl"]
                    print(f"Early stopping at step {epoch} due to reaching max kl: {reached:.2f}")
                break
        self._log_updates(results, in_epoch, clip_range, clip_range_vf)

    def _log_updates(
        self,
        results: list[dict[str, float]],
        in_epoch: int,
        clip_range: float,
        clip_range_vf: float | None,
    ) -> None:
        for name, shown in _LOGGED.items():
            of_all = results[in_epoch:] if name == "kl" else results
            self.logger.record(shown, np.mean([result[name] for result in of_all]))
        buffer = self.rollout_buffer
        explained = explained_variance(buffer.values.flatten(), buffer.returns.flatten())
        self.logger.record("train/loss", results[-1]["loss"])
        self.logger.record("train/explained_variance", explained)
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        self.logger.record("train/clip_range", clip_range)
        if clip_range_vf is not None:
            self.logger.record("train/clip_range_vf", clip_range_vf)

    def predict(
        self,
        observation: npt.NDArray[Any] | dict[str, npt.NDArray[Any]],
        state: tuple[npt.NDArray[Any], ...] | None = None,
        episode_start: npt.NDArray[Any] | None = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], tuple[npt.NDArray[Any], ...] | None]:
        """Actions drawn from the policy, or the likeliest ones, as Stable-Baselines3's."""
        kernel = self._native(training=False)
        shape = self.observation_space.shape
        if (
            kernel is None
            or type(observation) is not np.ndarray
            or observation.dtype != np.float32
            or (observation.shape != shape and observation.shape[1:] != shape)
        ):
            return super().predict(observation, state, episode_start, deterministic)
        self.policy.set_training_mode(False)
        single = observation.shape == shape
        actions, _, _ = kernel.act(observation[None] if single else observation, deterministic)
        return (actions.reshape(()) if single else actions), state

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Plays and stores, in the order of Stable-Baselines3's method of this name.

        It does the same with less of Python around it.
        """
        kernel = self._native(training=False)
        if kernel is None:
            return super().collect_rollouts(env, callback, rollout_buffer, n_rollout_steps)
        self.policy.set_training_mode(False)
        n_steps = 0
        rollout_buffer.reset()
        callback.on_rollout_start()
        new_obs: Any = self._last_obs
        while n_steps < n_rollout_steps:
            actions, value_row, log_prob_row = kernel.act(new_obs, deterministic=False)
            # Callbacks know these variables by their names.
            clipped_actions = actions
            values, log_probs = th.from_numpy(value_row)[:, None], th.from_numpy(log_prob_row)
            new_obs, rewards, dones, infos = env.step(clipped_actions)
            self.num_timesteps += env.num_envs
            callback.update_locals(locals())
            if not callback.on_step():
                return False
            if any(infos):  # there is nothing to be found in empty ones
                self._update_info_buffer(infos, dones)
            n_steps += 1
            if True in dones.tolist():
                for idx, done in enumerate(dones):  # callbacks see these as well
                    if done:
                        self._bootstrap(rewards, idx, infos[idx])
            rollout_buffer.add(
                self._last_obs,  # type: ignore[arg-type]
                actions.reshape(-1, 1),
                rewards,
                self._last_episode_starts,  # type: ignore[arg-type]
                values,
                log_probs,
            )
            self._last_obs = new_obs
            self._last_episode_starts = dones
        values = th.from_numpy(kernel.act(new_obs, deterministic=True)[1])[:, None]
        rollout_buffer.compute_returns_and_advantage(last_values=values, dones=dones)
        callback.update_locals(locals())
        callback.on_rollout_end()
        return True

    def _bootstrap(self, rewards: npt.NDArray[Any], idx: int, info: dict[str, Any]) -> None:
        """Adds the value of the last state to the reward of an episode that was cut off."""
        last = info.get("terminal_observation")
        if last is None or not info.get("TimeLimit.truncated", False):
            return
        with th.no_grad():
            observation = self.policy.obs_to_tensor(last)[0]
            rewards[idx] += self.gamma * self.policy.predict_values(observation)[0].item()
