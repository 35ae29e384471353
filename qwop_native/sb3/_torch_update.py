"""QR-DQN's updates in plain torch, for what sb3-contrib's own `train` does not have.

Other targets, and prioritized replay.
"""

from __future__ import annotations

from typing import Any

import torch as th
from sb3_contrib.common.utils import quantile_huber_loss
from torch import nn

from qwop_native.sb3._targets import TargetOptions, of_actions, target_quantiles
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer


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


def losses_of(
    batch: Any, online: nn.Module, target: nn.Module, gamma: float, options: TargetOptions
) -> th.Tensor:
    """The loss of each transition, (n,), of which `loss_of` is the mean."""
    wanted = target_quantiles(batch, online, target, gamma, options)
    current = of_actions(online(batch.observations), batch.actions.long())
    difference = wanted[:, None, :] - current[:, :, None]
    size = difference.abs()
    huber = th.where(size > 1, size - 0.5, difference**2 / 2)
    count = current.shape[1]
    middles = (th.arange(count, device=current.device, dtype=current.dtype) + 0.5) / count
    below = (difference.detach() < 0).to(current.dtype)
    return ((middles[None, :, None] - below).abs() * huber).sum(dim=1).mean(dim=1)


def train(model: Any, options: TargetOptions, gradient_steps: int, batch_size: int) -> None:
    """Makes updates as sb3-contrib's `QRDQN.train` does, on the same draws, to another target.

    From a `PrioritizedReplayBuffer` it draws by priority; losses count by importance and become
    priorities.

    Args:
        model: A QRDQN.
        options: Which target.
        gradient_steps: Updates.
        batch_size: Transitions of each.
    """
    policy, losses = model.policy, []
    policy.set_training_mode(True)
    model._update_learning_rate(policy.optimizer)
    for _ in range(gradient_steps):
        loss = _loss(model, options, batch_size)
        losses.append(loss.item())
        policy.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        if model.max_grad_norm is not None:
            th.nn.utils.clip_grad_norm_(policy.parameters(), model.max_grad_norm)
        policy.optimizer.step()
    model._note_updates(gradient_steps, losses)


def _loss(model: Any, options: TargetOptions, batch_size: int) -> th.Tensor:
    """The loss of a batch that is drawn here."""
    buffer, env = model.replay_buffer, model._vec_normalize_env
    networks = model.quantile_net, model.quantile_net_target
    if not isinstance(buffer, PrioritizedReplayBuffer):
        return loss_of(buffer.sample(batch_size, env=env), *networks, model.gamma, options)
    drawn = buffer.draw(batch_size)
    losses = losses_of(buffer.samples(drawn, env), *networks, model.gamma, options)
    errors = losses.detach().cpu().numpy()
    buffer.update_priorities(drawn._replace(errors=errors))
    weighted: th.Tensor = losses * th.as_tensor(drawn.importance, device=losses.device)
    return weighted.mean()
