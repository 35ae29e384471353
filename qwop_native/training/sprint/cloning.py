"""Makes PPO's policy of QR-DQN's values: the better an action, the likelier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from torch.nn import functional

from qwop_native.sb3 import PPO, QRDQN
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.settings import CloningSettings
from qwop_native.wrappers.relative_features import Features

Floats = npt.NDArray[np.float32]


def clone(
    model: PPO,
    teacher: QRDQN,
    games: SprintGames,
    settings: CloningSettings,
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> None:
    """Fits the policy of a model on `Features`; its critic stays as it is.

    Args:
        model: The model.
        teacher: Whose values are followed.
        games: It plays these, as the environment shows them.
        settings: How long and in what steps.
        rng: Strays from what the teacher would do, and orders the states.
        say: Told how well it went.
    """
    seen, values = _played(teacher, games, settings, rng)
    best = np.sort(values, axis=1)
    gap = float(np.median(best[:, -1] - best[:, -2]))
    columns = th.from_numpy(Features()(seen))
    wanted = functional.softmax(th.from_numpy(values) / (gap * settings.temperature), dim=1)
    _fit(model, columns, wanted, settings, rng, say)


def _played(
    teacher: QRDQN, games: SprintGames, settings: CloningSettings, rng: np.random.Generator
) -> tuple[Floats, Floats]:
    """States (n, 60) and values of their actions (n, actions)."""
    seen, values = [], []
    shown: Any = games.reset()
    for _ in range(settings.steps):
        worth = _values(teacher, shown)
        seen.append(shown.copy())
        values.append(worth)
        actions = worth.argmax(axis=1)
        strays = rng.random(len(actions)) < settings.epsilon
        actions[strays] = rng.integers(0, worth.shape[1], int(strays.sum()))
        shown, _, _, _ = games.step(actions)
    return np.concatenate(seen), np.concatenate(values)


def _values(teacher: QRDQN, shown: Floats) -> Floats:
    with th.no_grad():
        quantiles = teacher.quantile_net(th.from_numpy(shown))
    worth: Floats = quantiles.mean(dim=1).numpy()
    return worth


def _fit(
    model: PPO,
    columns: th.Tensor,
    wanted: th.Tensor,
    settings: CloningSettings,
    rng: np.random.Generator,
    say: Callable[[str], None],
) -> None:
    policy = model.policy
    parameters = [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]
    optimizer = th.optim.Adam(parameters, settings.learning_rate)
    updates = settings.epochs * -(-len(columns) // settings.batch_size)
    schedule = th.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.05, updates)
    for epoch in range(settings.epochs):
        order = rng.permutation(len(columns))
        right = 0
        for begin in range(0, len(order), settings.batch_size):
            rows = order[begin : begin + settings.batch_size]
            logits = policy.action_net(policy.mlp_extractor.policy_net(columns[rows]))
            loss = functional.cross_entropy(logits, wanted[rows])
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            right += int((logits.argmax(1) == wanted[rows].argmax(1)).sum())
        if epoch in (0, settings.epochs - 1):
            say(f"cloning, epoch {epoch + 1}: {100 * right / len(order):.1f} % as QR-DQN")
