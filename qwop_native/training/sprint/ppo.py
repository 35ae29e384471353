"""PPO from a cloned policy: its critic learns first, then both, in steps as large as it bears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch as th

from qwop_native.sb3 import PPO
from qwop_native.training import schedules
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.settings import PPOSettings

_LEARNING_RATES = 1e-5, 2e-3  # between which it is moved


class SprintPPO(PPO):
    """PPO whose policy stands still during the first rollouts.

    A cloned policy comes with a critic that knows nothing; advantages made of it would ruin the
    policy before the critic is any good.

    Attributes:
        warm_up_rollouts: Rollouts left during which only the critic learns.
        kl_per_rollout: How far a rollout's updates are to move the policy, nats; the learning rate
            follows. 0 leaves it to its schedule. SB3's own `target_kl` is a limit instead.
        ent_coefs: What entropy is worth at the start and at the end.
    """

    warm_up_rollouts = 0
    kl_per_rollout = 0.0
    ent_coefs = 0.0, 0.0

    def train(self) -> None:
        """The updates of one rollout."""
        first, last = self.ent_coefs
        self.ent_coef = last + self._current_progress_remaining * (first - last)
        if self.warm_up_rollouts <= 0:
            super().train()
            self._move_learning_rate()
            return
        self.warm_up_rollouts -= 1
        kept = [parameter.detach().clone() for parameter in self._actor()]
        super().train()
        with th.no_grad():
            for parameter, before in zip(self._actor(), kept, strict=True):
                parameter.copy_(before)
        if self.warm_up_rollouts == 0:
            for parameter in self._actor():  # what Adam made of the discarded steps
                self.policy.optimizer.state.pop(parameter, None)

    def _move_learning_rate(self) -> None:
        """Large batches bear ten times the learning rate, at first; nobody knows how long."""
        moved = float(self.logger.name_to_value["train/approx_kl"])
        rate = float(self.policy.optimizer.param_groups[0]["lr"])
        if not self.kl_per_rollout or self.kl_per_rollout / 2 <= moved <= 2 * self.kl_per_rollout:
            return
        rate = rate / 1.5 if moved > self.kl_per_rollout else rate * 1.5
        low, high = _LEARNING_RATES
        self.learning_rate = min(max(rate, low), high)
        self._setup_lr_schedule()

    def _actor(self) -> list[Any]:
        policy = self.policy
        return [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]


def load_model(path: Path, games: SprintGames, settings: PPOSettings) -> SprintPPO:
    """A model that was saved; what it goes on with are the settings given here."""
    numbers = _numbers(settings)
    rate = numbers.pop("learning_rate")
    model: SprintPPO = SprintPPO.load(path, games, device="cpu", **numbers)
    if callable(rate) or callable(model.learning_rate):  # else it goes on from where it was moved
        model.learning_rate = rate
        model._setup_lr_schedule()
    _own_numbers(model, settings)
    return model


def _numbers(settings: PPOSettings) -> dict[str, Any]:
    first, last = settings.learning_rate, settings.final_learning_rate
    falling = schedules.parse(f"lin_decay_{first}_{last}_1.0", "learning_rate")
    return {
        "learning_rate": first if settings.target_kl else falling,
        "n_steps": settings.n_steps,
        "batch_size": settings.batch_size,
        "n_epochs": settings.n_epochs,
        "gamma": settings.gamma,
        "gae_lambda": settings.gae_lambda,
        "clip_range": settings.clip_range,
    }


def _own_numbers(model: SprintPPO, settings: PPOSettings) -> None:
    model.kl_per_rollout = settings.target_kl
    model.ent_coefs = settings.ent_coef, settings.final_ent_coef


def make_model(
    games: SprintGames, settings: PPOSettings, net_arch: Sequence[int], seed: int
) -> SprintPPO:
    """An untrained model on the features of `games`, actor and critic of the same widths."""
    model = SprintPPO(
        "MlpPolicy",
        games,
        **_numbers(settings),
        policy_kwargs={
            "net_arch": {"pi": list(net_arch), "vf": list(net_arch)},
            "activation_fn": th.nn.ReLU,
        },
        device="cpu",
        seed=seed,
    )
    _own_numbers(model, settings)
    return model
