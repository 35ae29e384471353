"""Quantile regression DQN, sb3-contrib's own: `python -m train.qrdqn`."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from sb3_contrib import QRDQN
from stable_baselines3.common.vec_env import VecEnv

from train.config import require
from train.runner import Algorithm, main


@dataclass(frozen=True)
class QRDQNSettings:
    """The `learner` section; configs/qrdqn.yml explains each key."""

    buffer_size: int = 100_000
    learning_starts: int = 100_000
    batch_size: int = 64
    learning_rate: float = 1e-3
    gamma: float = 0.997
    target_update_interval: int = 512
    exploration_initial_eps: float = 0.2
    exploration_final_eps: float = 0.0
    exploration_fraction: float = 0.3
    transitions_per_update: int = 32
    n_quantiles: int = 200
    net_arch: tuple[int, ...] = (64, 64)

    def __post_init__(self) -> None:
        for name in ("buffer_size", "batch_size", "target_update_interval", "n_quantiles"):
            require(getattr(self, name) >= 1, f"learner.{name}", "at least 1", getattr(self, name))
        require(
            self.transitions_per_update >= 1,
            "learner.transitions_per_update",
            "at least 1",
            self.transitions_per_update,
        )
        require(
            self.learning_starts >= 0, "learner.learning_starts", "at least 0", self.learning_starts
        )
        require(self.learning_rate > 0, "learner.learning_rate", "above 0", self.learning_rate)
        for name in ("gamma", "exploration_initial_eps", "exploration_final_eps"):
            value = getattr(self, name)
            require(0 <= value <= 1, f"learner.{name}", "from 0 to 1", value)
        require(
            0 < self.exploration_fraction <= 1,
            "learner.exploration_fraction",
            "above 0 and at most 1",
            self.exploration_fraction,
        )
        require(
            all(width >= 1 for width in self.net_arch),
            "learner.net_arch",
            "a list of widths of at least 1",
            self.net_arch,
        )


def update_schedule(n_envs: int, transitions_per_update: int) -> tuple[int, int]:
    """SB3's `train_freq` and `gradient_steps` for a ratio that does not depend on `n_envs`.

    SB3 counts `train_freq` in steps of the vector environment, each of `n_envs` transitions.

    Returns:
        Vector steps between trainings and updates in each training.
    """
    transitions = math.lcm(n_envs, transitions_per_update)
    return transitions // n_envs, transitions // transitions_per_update


def build(settings: QRDQNSettings, venv: VecEnv, seed: int) -> QRDQN:
    """Makes the untrained model."""
    train_freq, gradient_steps = update_schedule(venv.num_envs, settings.transitions_per_update)
    return QRDQN(
        "MlpPolicy",
        venv,
        learning_rate=settings.learning_rate,
        buffer_size=settings.buffer_size,
        learning_starts=settings.learning_starts,
        batch_size=settings.batch_size,
        gamma=settings.gamma,
        train_freq=train_freq,
        gradient_steps=gradient_steps,
        target_update_interval=settings.target_update_interval,
        exploration_initial_eps=settings.exploration_initial_eps,
        exploration_final_eps=settings.exploration_final_eps,
        exploration_fraction=settings.exploration_fraction,
        policy_kwargs={
            "net_arch": list(settings.net_arch),
            "n_quantiles": settings.n_quantiles,
        },
        seed=seed,
        device="cpu",
    )


ALGORITHM = Algorithm("qrdqn", QRDQNSettings, build)

if __name__ == "__main__":
    sys.exit(main(ALGORITHM))
