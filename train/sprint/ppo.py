"""PPO from a cloned policy: its critic learns first, then both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch as th

from qwop_native.sb3 import PPO
from train import schedules
from train.sprint.games import SprintGames
from train.sprint.settings import PPOSettings


class SprintPPO(PPO):
    """PPO whose policy stands still during the first rollouts.

    A cloned policy comes with a critic that knows nothing; advantages made of it would ruin the
    policy before the critic is any good.

    Attributes:
        warm_up_rollouts: Rollouts left during which only the critic learns.
    """

    warm_up_rollouts = 0

    def train(self) -> None:
        """The updates of one rollout."""
        if self.warm_up_rollouts <= 0:
            super().train()
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

    def _actor(self) -> list[Any]:
        policy = self.policy
        return [*policy.mlp_extractor.policy_net.parameters(), *policy.action_net.parameters()]


def load_model(path: Path, games: SprintGames, settings: PPOSettings) -> SprintPPO:
    """A model that was saved; what it goes on with are the settings given here."""
    model: SprintPPO = SprintPPO.load(path, games, device="cpu", **_numbers(settings))
    return model


def _numbers(settings: PPOSettings) -> dict[str, Any]:
    first, last = settings.learning_rate, settings.final_learning_rate
    return {
        "learning_rate": schedules.parse(f"lin_decay_{first}_{last}_1.0", "learning_rate"),
        "n_steps": settings.n_steps,
        "batch_size": settings.batch_size,
        "n_epochs": settings.n_epochs,
        "gamma": settings.gamma,
        "gae_lambda": settings.gae_lambda,
        "clip_range": settings.clip_range,
        "ent_coef": settings.ent_coef,
    }


def make_model(games: SprintGames, settings: PPOSettings, seed: int) -> SprintPPO:
    """An untrained model on the features of `games`."""
    return SprintPPO(
        "MlpPolicy",
        games,
        **_numbers(settings),
        policy_kwargs={
            "net_arch": {"pi": list(settings.net_arch), "vf": list(settings.net_arch)},
            "activation_fn": th.nn.ReLU,
        },
        device="cpu",
        seed=seed,
    )
