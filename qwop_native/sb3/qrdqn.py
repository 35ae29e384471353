"""sb3-contrib's QRDQN with native kernels."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import sb3_contrib
import torch as th
from sb3_contrib.qrdqn.policies import QRDQNPolicy, QuantileNetwork
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.save_util import load_from_zip_file

from qwop_native.sb3 import _replay_memory, _torch_update
from qwop_native.sb3._fast_path import Family
from qwop_native.sb3._off_policy import NativeOffPolicy
from qwop_native.sb3._parameters import check_parameters
from qwop_native.sb3._targets import TargetOptions
from qwop_native.sb3.policies import QuantilePolicy

_TARGET_DEFAULTS = {option.name: option.default for option in fields(TargetOptions)}


class QRDQN(NativeOffPolicy, sb3_contrib.QRDQN):
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
    (SB3's `NStepReplayBuffer`), and `optimizer_kwargs` count only beside an `optimizer_class`.

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
        **kwargs: What sb3-contrib's QRDQN takes.

    Raises:
        ValueError: A value is not accepted, the batch is larger than the replay buffer, or the
            buffer is larger than memory.
    """

    double_q: bool
    munchausen_alpha: float
    munchausen_tau: float
    munchausen_clip: float

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
        _init_setup_model: bool = True,
        **kwargs: Any,
    ) -> None:
        self.double_q = double_q
        self.munchausen_alpha = munchausen_alpha
        self.munchausen_tau = munchausen_tau
        self.munchausen_clip = munchausen_clip
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
        """Makes updates on batches drawn from the replay buffer."""
        options = self.target_options
        if options.stock:
            super().train(gradient_steps, batch_size)
        else:
            _torch_update.train(self, options, gradient_steps, batch_size)

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
        if self.replay_buffer_class is None and self.env is not None:
            _replay_memory.check_fits(
                self.buffer_size,
                self.n_envs,
                self.observation_space,
                self.action_space,
                not self.optimize_memory_usage,
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
        super()._setup_model()

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
        return [*super()._excluded_save_params(), *excluded]
