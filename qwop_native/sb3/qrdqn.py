"""sb3-contrib's QRDQN with native kernels."""

from __future__ import annotations

import sb3_contrib
from sb3_contrib.qrdqn.policies import QRDQNPolicy, QuantileNetwork

from qwop_native.sb3._fast_path import Family
from qwop_native.sb3._off_policy import NativeOffPolicy


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
    """

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
