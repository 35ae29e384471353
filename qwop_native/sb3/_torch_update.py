"""QR-DQN's updates in plain torch, for targets that sb3-contrib's own `train` does not have."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch as th
from sb3_contrib.common.utils import quantile_huber_loss
from torch import nn

from qwop_native.sb3._targets import TargetOptions, of_actions, target_quantiles


def loss_of(
    batch: Any, online: nn.Module, target: nn.Module, gamma: float, options: TargetOptions
) -> th.Tensor:
    """Quantile Huber loss of a batch: the sum over quantiles, the mean over targets and batch.

    Args:
        batch: `ReplayBufferSamples` of n transitions.
        online: The network: observations (n, ...) to quantiles (n, quantiles, actions).
        target: The target network.
        gamma: Discount of a step, where the batch has no `discounts`.
        options: Which target.
    """
    wanted = target_quantiles(batch, online, target, gamma, options)
    current = of_actions(online(batch.observations), batch.actions.long())
    return quantile_huber_loss(current, wanted, sum_over_quantiles=True)


def train(model: Any, options: TargetOptions, gradient_steps: int, batch_size: int) -> None:
    """Makes updates as sb3-contrib's `QRDQN.train` does, on the same draws, to another target.

    Args:
        model: A QRDQN.
        options: Which target.
        gradient_steps: Updates.
        batch_size: Transitions of each.
    """
    policy, losses = model.policy, []
    networks = model.quantile_net, model.quantile_net_target
    policy.set_training_mode(True)
    model._update_learning_rate(policy.optimizer)
    for _ in range(gradient_steps):
        batch = model.replay_buffer.sample(batch_size, env=model._vec_normalize_env)
        loss = loss_of(batch, *networks, model.gamma, options)
        losses.append(loss.item())
        policy.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if model.max_grad_norm is not None:
            th.nn.utils.clip_grad_norm_(policy.parameters(), model.max_grad_norm)
        policy.optimizer.step()
    model._n_updates += gradient_steps
    model.logger.record("train/n_updates", model._n_updates, exclude="tensorboard")
    model.logger.record("train/loss", np.mean(losses))
