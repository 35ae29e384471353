"""Fits the policy to what the beams teach."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch as th
from torch.nn import functional

from qwop_native.sb3 import PPO
from qwop_native.training.sprint.demonstrations import Lessons
from qwop_native.training.sprint.settings import CloningSettings
from qwop_native.wrappers.relative_features import Features


def clone(
    model: PPO,
    lessons: Lessons,
    settings: CloningSettings,
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> None:
    """Fits the policy of a model on `Features`; its critic stays as it is.

    Args:
        model: The model.
        lessons: What to do where.
        settings: How long and in what steps.
        rng: Orders the lessons.
        say: Told how well it went.
    """
    policy = model.policy
    columns = th.from_numpy(Features()(lessons.observations))
    actions = th.from_numpy(lessons.actions)
    parameters = [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
    optimizer = th.optim.Adam(parameters, settings.learning_rate)
    updates = settings.epochs * -(-len(actions) // settings.batch_size)
    schedule = th.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.1, updates)
    for epoch in range(settings.epochs):
        order = rng.permutation(len(actions))
        total, right = 0.0, 0
        for begin in range(0, len(order), settings.batch_size):
            rows = order[begin : begin + settings.batch_size]
            logits = policy.action_net(policy.mlp_extractor.policy_net(columns[rows]))
            loss = functional.cross_entropy(logits, actions[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows)
            right += int((logits.argmax(1) == actions[rows]).sum())
        if epoch in (0, settings.epochs - 1):
            say(
                f"cloning, epoch {epoch + 1}: loss {total / len(actions):.3f}, "
                f"{100 * right / len(actions):.1f} % right"
            )
