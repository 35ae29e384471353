"""What QR-DQN's quantiles are to become: the plain target, double Q-learning's and Munchausen's.

In torch, for whole batches; the native kernels are tested against it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch as th
from torch import nn


@dataclass(frozen=True)
class TargetOptions:
    """Which target.

    Attributes:
        double_q: Whether the online network chooses the next action.
        munchausen_alpha: Weight of the log-policy bonus; 0 for no Munchausen target.
        munchausen_tau: Temperature of its policy.
        munchausen_clip: Least value of temperature * log-policy in the bonus.

    Raises:
        ValueError: A value is not accepted.
    """

    double_q: bool = False
    munchausen_alpha: float = 0.0
    munchausen_tau: float = 0.03
    munchausen_clip: float = -1.0

    def __post_init__(self) -> None:
        if not 0 <= self.munchausen_alpha < 1:
            raise ValueError(f"munchausen_alpha must be in [0, 1), got {self.munchausen_alpha}")
        if not 0 < self.munchausen_tau < float("inf"):
            raise ValueError(
                f"munchausen_tau must be above 0 and finite, got {self.munchausen_tau}"
            )
        if not self.munchausen_clip <= 0:
            raise ValueError(f"munchausen_clip must be 0 or less, got {self.munchausen_clip}")
        if self.double_q and self.munchausen_alpha > 0:
            raise ValueError(
                "double_q chooses a next action and a Munchausen target averages over all of them: "
                "set double_q or munchausen_alpha, not both"
            )

    @property
    def stock(self) -> bool:
        """Whether the target is sb3-contrib's own."""
        return not self.double_q and self.munchausen_alpha == 0


def target_quantiles(
    batch: Any, online: nn.Module, target: nn.Module, gamma: float, options: TargetOptions
) -> th.Tensor:
    """Target quantiles of a batch.

    With r the discounted rewards of one or n steps, d the discount of what follows, Z the target
    network's quantiles and q their mean:

    - plain: r + d (1 - done) Z(s', argmax q(s', .))
    - double: the same, with the argmax of the online network's mean
    - Munchausen, with the policy pi = softmax(q / tau):
      r + alpha clip(tau log pi(a|s), clip, 0)
      + d (1 - done) sum over a' of pi(a'|s') (Z(s', a') - tau log pi(a'|s'))

    In n-step returns the bonus is that of the first step alone.

    Args:
        batch: `ReplayBufferSamples` of n transitions.
        online: The network: observations (n, ...) to quantiles (n, quantiles, actions).
        target: The target network.
        gamma: Discount of a step, where the batch has no `discounts`.
        options: Which target.

    Returns:
        Of shape (n, quantiles), without gradients.
    """
    discounts = getattr(batch, "discounts", None)
    kept = (1 - batch.dones) * (gamma if discounts is None else discounts)
    with th.no_grad():
        following = target(batch.next_observations)
        if options.munchausen_alpha == 0:
            chooser = online(batch.next_observations) if options.double_q else following
            best = chooser.mean(dim=1).argmax(dim=1, keepdim=True)
            plain: th.Tensor = batch.rewards + kept * of_actions(following, best)
            return plain
        tau = options.munchausen_tau
        scaled_log = scaled_log_policy(target(batch.observations).mean(dim=1), tau)
        taken = scaled_log.gather(1, batch.actions.long())
        bonus = options.munchausen_alpha * taken.clamp(options.munchausen_clip, 0)
        scaled_log = scaled_log_policy(following.mean(dim=1), tau)
        policy = (scaled_log / tau).exp()[:, None]
        soft = (policy * (following - scaled_log[:, None])).sum(dim=2)
        wanted: th.Tensor = batch.rewards + bonus + kept * soft
        return wanted


def of_actions(quantiles: th.Tensor, actions: th.Tensor) -> th.Tensor:
    """The quantiles (n, quantiles) of one action each.

    Args:
        quantiles: Of all actions, (n, quantiles, actions).
        actions: int64 (n, 1).
    """
    index = actions[..., None].expand(-1, quantiles.shape[1], 1)
    return quantiles.gather(2, index).squeeze(2)


def scaled_log_policy(values: th.Tensor, tau: float) -> th.Tensor:
    """Tau times the logarithm of softmax(values / tau), (n, actions), without overflow.

    Written as in the appendix of the M-DQN paper: differences to the best value come first, so
    that a small tau divides nothing large.
    """
    below = values - values.max(dim=1, keepdim=True).values
    return below - tau * th.logsumexp(below / tau, dim=1, keepdim=True)
