"""PPO from a cloned policy: its critic learns first, then both, in steps as large as it bears."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch as th

from qwop_native.sb3 import PPO
from qwop_native.sb3.averaged_weights import AveragedWeights
from qwop_native.training.sprint.games import SprintGames
from qwop_native.training.sprint.settings import PPOSettings

_LEARNING_RATES = 1e-5, 2e-3  # between which it is moved


class SprintPPO(AveragedWeights, PPO):
    """PPO whose policy stands still during the first rollouts, and whose weights are averaged.

    A cloned policy comes with a critic that knows nothing; advantages made of it would ruin the
    policy before the critic is any good. Large batches bear ten times the learning rate, at first;
    nobody knows how long, so it follows how far the updates have moved the policy.

    Attributes:
        warm_up_rollouts: Rollouts left during which only the critic learns.
        kls_per_rollout: How far a rollout's updates are to move the policy at the start and at the
            end, nats; the learning rate follows. SB3's own `target_kl` is a limit instead.
        ent_coefs: What entropy is worth at the start and at the end.
        whole_steps: Steps after which the end is reached, over all calls of `learn`.
    """

    warm_up_rollouts = 0
    kls_per_rollout = 0.0, 0.0
    ent_coefs = 0.0, 0.0
    whole_steps = 1

    def train(self) -> None:
        """The updates of one rollout."""
        self.ent_coef = self._now(self.ent_coefs)
        if self.warm_up_rollouts <= 0:
            super().train()
            self._average()
            self._move_learning_rate(self._now(self.kls_per_rollout))
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

    def _now(self, first_and_last: tuple[float, float]) -> float:
        first, last = first_and_last
        return last + max(0.0, 1.0 - self.num_timesteps / self.whole_steps) * (first - last)

    def _move_learning_rate(self, wanted: float) -> None:
        moved = float(self.logger.name_to_value["train/approx_kl"])
        rate = float(self.policy.optimizer.param_groups[0]["lr"])
        if wanted / 2 <= moved <= 2 * wanted:
            return
        rate = rate / 1.5 if moved > wanted else rate * 1.5
        low, high = _LEARNING_RATES
        self.learning_rate = min(max(rate, low), high)
        self._setup_lr_schedule()

    def _averaged_network(self) -> th.nn.Module:
        return self.policy

    def _actor(self) -> list[Any]:
        policy = self.policy
        return [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]


def load_model(path: Path, games: SprintGames, settings: PPOSettings) -> SprintPPO:
    """A model that was saved; what it goes on with are the settings given here."""
    numbers = _numbers(settings)
    del numbers["learning_rate"]  # it goes on from where it was moved
    model: SprintPPO = SprintPPO.load(path, games, device="cpu", **numbers)
    _own_numbers(model, settings)
    return model


def _numbers(settings: PPOSettings) -> dict[str, Any]:
    return {
        "learning_rate": settings.learning_rate,
        "n_steps": settings.n_steps,
        "batch_size": settings.batch_size,
        "n_epochs": settings.n_epochs,
        "gamma": settings.gamma,
        "gae_lambda": settings.gae_lambda,
        "clip_range": settings.clip_range,
    }


def _own_numbers(model: SprintPPO, settings: PPOSettings) -> None:
    model.kls_per_rollout = settings.target_kl, settings.final_target_kl
    model.ent_coefs = settings.ent_coef, settings.final_ent_coef
    model.ema_decay = settings.ema_decay


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
