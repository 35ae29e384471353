"""sb3-contrib's QRDQN with native kernels."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import sb3_contrib
import torch as th
from sb3_contrib.qrdqn.policies import QRDQNPolicy, QuantileNetwork
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.save_util import load_from_zip_file
from typing_extensions import Self

from qwop_native.sb3 import _replay_memory, _torch_update
from qwop_native.sb3._buffers import OWN_BUFFERS
from qwop_native.sb3._fast_path import Family
from qwop_native.sb3._kernel import Kernel
from qwop_native.sb3._large_batch import LargeBatchKernel, is_wanted
from qwop_native.sb3._off_policy import NativeOffPolicy
from qwop_native.sb3._overlap import Overlap, draw_block
from qwop_native.sb3._parameters import check_parameters
from qwop_native.sb3._targets import TargetOptions
from qwop_native.sb3.averaged_weights import AveragedWeights
from qwop_native.sb3.compact_replay import CompactReplayBuffer
from qwop_native.sb3.policies import QuantilePolicy
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer

_TARGET_DEFAULTS = {option.name: option.default for option in fields(TargetOptions)}


class QRDQN(AveragedWeights, NativeOffPolicy, sb3_contrib.QRDQN):
    """sb3-contrib's QRDQN, updated and acting many times as fast on the CPU.

    The same class to its user: constructor, callbacks, loggers, `save` and `load` are sb3-contrib's
    own, and zips are interchangeable. Updates and greedy actions come from native kernels that
    compute the same numbers up to rounding, on the same random draws. Gradients are used at once
    and do not appear in `parameter.grad`.

    A model that the kernels do not cover (a network other than a plain multilayer perceptron,
    another optimizer than Adam or AdamW, another replay buffer, VecNormalize, a GPU ...) is trained
    by sb3-contrib's code. One `SlowPathWarning` then says why and what it costs; `native_refusal`
    keeps the reason.

    The defaults are sb3-contrib's algorithm. Beyond it there are other targets, and LayerNorm with
    `policy_kwargs={"layer_norm": True}` (`policies.QuantilePolicy`). A `features_extractor_class`
    may be `policies.RelativeFeatures`. As in sb3-contrib, `n_steps` above 1 makes n-step returns
    (SB3's `NStepReplayBuffer`), and `optimizer_kwargs` count only beside an `optimizer_class`. With
    `replay_buffer_class=PrioritizedReplayBuffer` transitions are replayed by priority, with
    `CompactReplayBuffer` each observation is stored once; those buffers take over `n_steps`.

    Args:
        policy: "MlpPolicy" or a policy class, see sb3-contrib.
        env: See sb3-contrib.
        *args: What sb3-contrib's QRDQN takes, in its order.
        double_q: Whether the online network chooses the next action and the target network only
            values it (double Q-learning).
        munchausen_alpha: Weight of Munchausen's log-policy bonus, in [0, 1); 0 for none. Above 0,
            targets follow the soft policy softmax(q / munchausen_tau) of the target network. With
            n-step returns the bonus is that of the first step alone.
        munchausen_tau: Temperature of that policy, above 0.
        munchausen_clip: Least value of temperature * log-policy in the bonus, 0 or less.
        overlap: Whether updates are made beside the games, on a thread of their own. Actions then
            come from the parameters exactly one block of updates old. Needs `train_freq=1`. Read
            parameters after `save`, `predict` or `synchronize`, which wait for the updates.
        exploration_per_env: Whether each environment draws whether it explores; in sb3-contrib's
            algorithm all of them do in the same step, or none.
        ema_decay: Decay, at each call of `train`, of an exponential moving average of the weights,
            in [0, 1); 0 for none. `averaged` puts it in the place of the weights.
        **kwargs: What sb3-contrib's QRDQN takes.

    Raises:
        ValueError: A value is not accepted, the batch is larger than the replay buffer, or the
            buffer is larger than memory.
    """

    double_q: bool
    munchausen_alpha: float
    munchausen_tau: float
    munchausen_clip: float
    overlap: bool = False
    exploration_per_env: bool = False
    _overlap: Overlap
    _acting: list[npt.NDArray[np.float32]] | None = None  # what a resumed run acts on first

    _family = Family(
        package="sb3-contrib",
        own="sb3-contrib's own code",
        factor="about 70 times",
        policy=QRDQNPolicy,
        network=QuantileNetwork,
        online="quantile_net",
        target="quantile_net_target",
        layers="quantile_net",
        loss_scale=1.0,
    )

    def __init__(
        self,
        policy: Any,
        env: Any,
        *args: Any,
        double_q: bool = False,
        munchausen_alpha: float = 0.0,
        munchausen_tau: float = 0.03,
        munchausen_clip: float = -1.0,
        overlap: bool = False,
        exploration_per_env: bool = False,
        ema_decay: float = 0.0,
        _init_setup_model: bool = True,
        **kwargs: Any,
    ) -> None:
        self.double_q = double_q
        self.munchausen_alpha = munchausen_alpha
        self.munchausen_tau = munchausen_tau
        self.munchausen_clip = munchausen_clip
        self.overlap, self.exploration_per_env = overlap, exploration_per_env
        if not 0 <= ema_decay < 1:
            raise ValueError(f"ema_decay must be at least 0 and below 1, got {ema_decay!r}")
        self.ema_decay = ema_decay
        self._overlap = Overlap()
        super().__init__(policy, env, *args, _init_setup_model=False, **kwargs)  # type: ignore[misc]
        if _init_setup_model:
            self._check_buffer()
            self._setup_model()

    @property
    def target_options(self) -> TargetOptions:
        """The target of the next updates.

        Raises:
            ValueError: An option has been set to a value that is not accepted.
        """
        return TargetOptions(**{name: getattr(self, name) for name in _TARGET_DEFAULTS})

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Makes updates on batches drawn from the replay buffer.

        With `overlap` they are begun, and those begun by the last call are waited for.
        """
        losses = self.synchronize()
        if self.ema_decay:
            self._average()
        prioritized = isinstance(self.replay_buffer, PrioritizedReplayBuffer)
        if not (self.overlap or self.double_q or self.munchausen_alpha or prioritized):
            super().train(gradient_steps, batch_size)
            return
        options, kernel = self.target_options, self._native(training=True)
        if self.overlap and isinstance(kernel, LargeBatchKernel):
            self._train_beside(kernel, gradient_steps, batch_size, losses)
        elif kernel is not None or (options.stock and not prioritized):
            super().train(gradient_steps, batch_size)
        else:
            _torch_update.train(self, options, gradient_steps, batch_size)

    def _train_beside(
        self, kernel: LargeBatchKernel, gradient_steps: int, batch_size: int, losses: list[float]
    ) -> None:
        """Begins a block of updates; `losses` are those of the block before."""
        self._update_learning_rate(self.policy.optimizer)
        kernel.keep()
        options = kernel.options(self.policy.optimizer, self.gamma, self.max_grad_norm)
        batches = draw_block(kernel, self.replay_buffer, batch_size, gradient_steps)
        self._overlap.start(kernel, options, batches)
        self._note_updates(gradient_steps, losses)

    def synchronize(self) -> list[float]:
        """Waits for updates that are made beside the games.

        Returns:
            Their losses, none where no update is under way.
        """
        return self._overlap.join()

    def _averaged_network(self) -> th.nn.Module:
        return self.quantile_net

    def learn(self, *args: Any, **kwargs: Any) -> Self:
        """Trains, as sb3-contrib's method does; no update is under way any more at its end."""
        frequency = self.train_freq
        steps = frequency if isinstance(frequency, int) else frequency[0]
        if self.overlap and steps != 1:
            raise ValueError(f"overlap needs train_freq=1, got {steps}")
        try:
            return super().learn(*args, **kwargs)
        finally:
            self.synchronize()

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Writes the model, when no update is under way; see Stable-Baselines3."""
        self.synchronize()
        kernel = self._kernel
        if self.overlap and isinstance(kernel, LargeBatchKernel):
            self._acting = kernel.kept_parameters
        super().save(*args, **kwargs)

    def get_parameters(self) -> dict[str, dict[str, Any]]:
        """Parameters of policy and optimizer, when no update is under way."""
        self.synchronize()
        return super().get_parameters()

    def predict(
        self,
        observation: npt.NDArray[Any] | dict[str, npt.NDArray[Any]],
        state: tuple[npt.NDArray[Any], ...] | None = None,
        episode_start: npt.NDArray[Any] | None = None,
        deterministic: bool = False,
    ) -> tuple[npt.NDArray[Any], tuple[npt.NDArray[Any], ...] | None]:
        """Actions by the parameters as they are when no update is under way."""
        self.synchronize()
        return super().predict(observation, state, episode_start, deterministic)

    def _sample_action(
        self, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        explores = self.num_timesteps < learning_starts
        if explores or not (self.overlap or self.exploration_per_env):
            return super()._sample_action(learning_starts, action_noise, n_envs)
        assert isinstance(self._last_obs, np.ndarray)
        if self.exploration_per_env:
            random = np.random.rand(n_envs) < self.exploration_rate
        else:
            random = np.full(n_envs, np.random.rand() < self.exploration_rate)
        actions = self._greedy(self._last_obs)
        if random.any():
            actions[random] = self._random_actions(int(random.sum()))
        return actions, actions

    def _greedy(self, observations: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """Greedy actions in the games that are trained on."""
        kernel = self._native(training=False)
        if self.overlap and isinstance(kernel, LargeBatchKernel):
            if self._acting is not None:
                kernel.keep_these(self._acting)
                self._acting = None
            return kernel.act_as_kept(np.ascontiguousarray(observations, np.float32))
        actions: npt.NDArray[np.int64] = self.predict(observations, deterministic=True)[0]
        return actions

    def _on_step(self) -> None:
        # The target network is copied from whole parameters, and only read by whole updates.
        if self.overlap and (self._n_calls + 1) % self._calls_between_copies() == 0:
            self.synchronize()
        super()._on_step()

    def _calls_between_copies(self) -> int:
        return max(self.target_update_interval // self.n_envs, 1)

    def _loop_of(self) -> type[NativeOffPolicy] | None:
        return None if self.overlap or self.exploration_per_env else QRDQN

    def _make_kernel(self) -> Kernel:
        if self.overlap or is_wanted(self):
            return LargeBatchKernel(self, self._family)
        return super()._make_kernel()

    def set_parameters(
        self,
        load_path_or_dict: Any,
        exact_match: bool = True,
        device: th.device | str = "auto",
    ) -> None:
        """Loads parameters as Stable-Baselines3's method does, all of them or none.

        Raises:
            ValueError: They are of another network.
        """
        if not isinstance(load_path_or_dict, dict):
            load_path_or_dict = load_from_zip_file(
                load_path_or_dict, device=device, load_data=False
            )[1]
        if exact_match:
            check_parameters(self.policy, load_path_or_dict.get("policy", {}))
        super().set_parameters(load_path_or_dict, exact_match, device)

    def _check_buffer(self) -> None:
        if self.batch_size > self.buffer_size:
            raise ValueError(
                f"batch_size must not be larger than buffer_size, which is {self.buffer_size:,}, "
                f"got {self.batch_size:,}"
            )
        if self.replay_buffer_class in (None, *OWN_BUFFERS) and self.env is not None:
            _replay_memory.check_fits(
                self.buffer_size,
                self.n_envs,
                self.observation_space,
                self.action_space,
                not (self.optimize_memory_usage or self.replay_buffer_class is CompactReplayBuffer),
                self.replay_buffer_class is PrioritizedReplayBuffer,
            )

    def _setup_model(self) -> None:
        if self.n_steps < 1:
            raise ValueError(f"n_steps must be 1 or more, got {self.n_steps}")
        _ = self.target_options
        if self.policy_class is QRDQNPolicy and "layer_norm" in self.policy_kwargs:
            if self.policy_kwargs["layer_norm"]:
                self.policy_class = QuantilePolicy
            else:  # stock's policy, which does not know the word
                given = self.policy_kwargs.items()
                self.policy_kwargs = {name: value for name, value in given if name != "layer_norm"}
        if self.replay_buffer_class in OWN_BUFFERS:
            self._tell_buffer_of_returns()
        super()._setup_model()

    def _tell_buffer_of_returns(self) -> None:
        # Stable-Baselines3 does for its own buffer alone, and warns of n_steps beside another: the
        # arguments of the buffer, which zips keep, take it over.
        given = self.replay_buffer_kwargs
        n_steps = given.get("n_steps", self.n_steps)
        if self.n_steps not in (1, n_steps):
            raise ValueError(
                f"n_steps is {self.n_steps} and replay_buffer_kwargs has n_steps={n_steps}: "
                "give the one or the other"
            )
        self.n_steps = 1
        self.replay_buffer_kwargs = {**given, "n_steps": n_steps, "gamma": self.gamma}

    def _create_aliases(self) -> None:
        if not hasattr(self.policy, "quantile_net"):
            raise ValueError(
                f"QRDQN takes sb3-contrib's QRDQNPolicy or a subclass, "
                f"got {type(self.policy).__name__}"
            )
        super()._create_aliases()

    def _excluded_save_params(self) -> list[str]:
        # A zip of sb3-contrib's algorithm has the same entries as sb3-contrib's own.
        excluded = [n for n, value in _TARGET_DEFAULTS.items() if getattr(self, n) == value]
        if self.n_steps > 1 and self.replay_buffer_class is NStepReplayBuffer:
            # A zip that names the class that n_steps has chosen makes Stable-Baselines3 warn, on
            # loading, that n_steps is ignored.
            excluded.append("replay_buffer_class")
        options = ("overlap", "exploration_per_env", "ema_decay")
        excluded += [name for name in options if not getattr(self, name)]
        if self._ema is None:
            excluded.append("_ema")
        if not self.overlap:
            excluded.append("_acting")
        return [*super()._excluded_save_params(), *excluded, "_overlap"]
