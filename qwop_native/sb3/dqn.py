"""Stable-Baselines3's DQN with native kernels."""

from __future__ import annotations

import stable_baselines3
from stable_baselines3.dqn.policies import DQNPolicy, QNetwork

from qwop_native.sb3._fast_path import Family
from qwop_native.sb3._off_policy import NativeOffPolicy


class DQN(NativeOffPolicy, stable_baselines3.DQN):
    """Stable-Baselines3's DQN, updated and acting many times as fast on the CPU.

    What `qwop_native.sb3.QRDQN` says of itself holds here as well: the same class to its user, zips
    that go both ways, and Stable-Baselines3's own code, with one `SlowPathWarning`, for models that
    the kernels do not cover.
    """

    # With a single quantile QR-DQN's loss is half of DQN's.
    _family = Family(
        package="stable-baselines3",
        own="Stable-Baselines3's own code",
        factor="about 6 times",
        policy=DQNPolicy,
        network=QNetwork,
        online="q_net",
        target="q_net_target",
        layers="q_net",
        loss_scale=2.0,
    )
