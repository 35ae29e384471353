"""Behavior cloning: a policy that does what was done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch as th
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm

from qwop_native.training.imitation.demonstrations import Demonstrations

Report = Callable[[int, dict[str, float]], bool]
GoesOn = Callable[[], bool]


@dataclass(frozen=True)
class CloningSettings:
    """How a policy is fitted; the names are those of the imitation package.

    Attributes:
        n_epochs: Passes over the demonstrations.
        batch_size: Transitions of an update.
        ent_weight: Weight of the entropy, which keeps the policy from being too sure.
        l2_weight: Weight of half the sum of squared parameters.
        held_out: Part of the episodes that is only looked at, to see how well the rest is learned.
    """

    n_epochs: int = 50
    batch_size: int = 64
    ent_weight: float = 1e-3
    l2_weight: float = 0.0
    held_out: float = 0.0


def clone(
    model: OnPolicyAlgorithm,
    demonstrations: Demonstrations,
    settings: CloningSettings,
    rng: np.random.Generator,
    report: Report | None = None,
    goes_on: GoesOn = lambda: True,
) -> None:
    """Fits a model's policy to demonstrations; its value function stays as it is.

    Args:
        model: PPO, A2C or another of SB3's with an actor and a critic. It is saved and loaded as
            ever, and can go on learning by its own rewards.
        demonstrations: What to do, of the model's own observations and actions.
        settings: How.
        rng: Orders the transitions.
        report: Called after each epoch with its number from 1 and the means of "loss" and
            "accuracy", and those of the episodes held out as "held_out_loss" and
            "held_out_accuracy" if there are any; ends the training by returning False.
        goes_on: Asked before each batch; ends the training at once by returning False.

    Raises:
        ValueError: The demonstrations are not of the model's kind.
    """
    columns, actions = model.observation_space.shape, int(getattr(model.action_space, "n", 0))
    assert columns is not None
    demonstrations.require(columns[0], actions)
    learned, held_out = split(demonstrations, settings.held_out, rng)
    policy = model.policy
    for epoch in range(1, settings.n_epochs + 1):
        policy.set_training_mode(True)
        totals = np.zeros(2)
        order = rng.permutation(learned)
        rate = float(model.lr_schedule(1 - (epoch - 1) / settings.n_epochs))
        for group in policy.optimizer.param_groups:
            group["lr"] = rate
        for begin in range(0, len(order), settings.batch_size):
            if not goes_on():
                policy.set_training_mode(False)
                return
            totals += _update(
                model, demonstrations, order[begin : begin + settings.batch_size], settings
            )
        numbers = dict(zip(("loss", "accuracy"), totals / len(order), strict=True))
        if len(held_out):
            with th.no_grad():
                loss, right, _ = _fit(model, demonstrations, held_out)
            numbers |= {"held_out_loss": loss.item(), "held_out_accuracy": right.item()}
        if report is not None and not report(epoch, numbers):
            break
    policy.set_training_mode(False)


def _update(
    model: OnPolicyAlgorithm, data: Demonstrations, chosen: np.ndarray, settings: CloningSettings
) -> np.ndarray:
    """One update of the policy; sums of the batch's losses and of its right actions."""
    policy = model.policy
    loss, right, entropy = _fit(model, data, chosen)
    squares = sum(parameter.square().sum() for parameter in policy.parameters())
    whole = loss - settings.ent_weight * entropy + settings.l2_weight * squares / 2
    policy.optimizer.zero_grad()
    whole.backward()  # type: ignore[no-untyped-call]
    th.nn.utils.clip_grad_norm_(policy.parameters(), model.max_grad_norm)
    policy.optimizer.step()
    return np.array([loss.item() * len(chosen), right.item() * len(chosen)])


def _fit(
    model: OnPolicyAlgorithm, data: Demonstrations, chosen: np.ndarray
) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
    """Mean negative log-likelihood, part of greedy actions that are right, mean entropy."""
    observations = th.as_tensor(data.observations[chosen], device=model.device)
    actions = th.as_tensor(data.actions[chosen], device=model.device)
    distribution = model.policy.get_distribution(observations)
    right = (distribution.mode() == actions).float().mean()
    entropy = distribution.entropy()
    assert entropy is not None
    return -distribution.log_prob(actions).mean(), right, entropy.mean()


def split(
    demonstrations: Demonstrations, held_out: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Transitions to learn from and to hold out, by whole episodes.

    Neighboring transitions are nearly the same, so a part of each episode would prove nothing.
    """
    episodes = list(demonstrations.episodes())
    count = min(round(len(episodes) * held_out), len(episodes) - 1)
    out = set(rng.permutation(len(episodes))[:count].tolist())
    everything = np.arange(len(demonstrations))
    parts = {True: [everything[:0]], False: [everything[:0]]}
    for number, episode in enumerate(episodes):
        parts[number in out].append(everything[episode])
    return np.concatenate(parts[False]), np.concatenate(parts[True])
