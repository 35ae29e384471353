"""A2C, PPO and PPO with an LSTM: they learn a policy from what it does itself."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.common import LearnerSettings, model_class
from qwop_native.training.config import RunConfig
from qwop_native.training.fields import require, setting


@dataclass(frozen=True)
class A2CSettings(LearnerSettings):
    """The `learner` section; configs/a2c.yml explains each key."""

    learning_rate: float | str = setting(7e-4, above=0)
    n_steps: int = setting(5, at_least=1)
    gae_lambda: float = setting(1.0, at_least=0, at_most=1)
    ent_coef: float = setting(0.0, at_least=0)
    vf_coef: float = setting(0.5, at_least=0)
    normalize_advantage: bool = False
    use_sde: bool = False
    sde_sample_freq: int = setting(-1, at_least=-1)
    rms_prop_eps: float = setting(1e-5, above=0)
    use_rms_prop: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require(not self.use_sde, "learner.use_sde", "false: the actions are keys", self.use_sde)


@dataclass(frozen=True)
class PPOSettings(LearnerSettings):
    """The `learner` section; configs/ppo.yml explains each key."""

    n_steps: int = setting(2048, at_least=1)
    batch_size: int = setting(64, at_least=1)
    n_epochs: int = setting(10, at_least=1)
    gae_lambda: float = setting(0.95, at_least=0, at_most=1)
    clip_range: float | str = setting(0.2, above=0)
    clip_range_vf: float | str | None = setting(None, above=0)
    normalize_advantage: bool = True
    ent_coef: float = setting(0.0, at_least=0)
    vf_coef: float = setting(0.5, at_least=0)
    target_kl: float | None = setting(None, above=0)
    use_sde: bool = False
    sde_sample_freq: int = setting(-1, at_least=-1)

    def __post_init__(self) -> None:
        super().__post_init__()
        require(not self.use_sde, "learner.use_sde", "false: the actions are keys", self.use_sde)
        least = 2 if self.normalize_advantage else 1
        require(
            self.batch_size >= least, "learner.batch_size", f"at least {least}", self.batch_size
        )


@dataclass(frozen=True)
class RecurrentPPOSettings(PPOSettings):
    """The `learner` section; configs/recurrent_ppo.yml explains each key."""

    policy: str = "MlpLstmPolicy"
    n_steps: int = setting(128, at_least=1)
    batch_size: int = setting(128, at_least=1)
    lstm_hidden_size: int = setting(256, at_least=1)
    n_lstm_layers: int = setting(1, at_least=1)


def _build(name: str, config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    arguments = config.learner.keywords()
    return model_class(name)(env=venv, seed=seed, device=config.device, **arguments)


def _algorithm(
    class_name: str, name: str, settings: type[LearnerSettings], qwop_gym_name: str
) -> Algorithm:
    return Algorithm(
        name=name,
        settings=settings,
        build=functools.partial(_build, class_name),
        model_class=functools.partial(model_class, class_name),
        qwop_gym_name=qwop_gym_name,
    )


PPO = _algorithm("PPO", "ppo", PPOSettings, "PPO")
RECURRENT_PPO = _algorithm("RecurrentPPO", "recurrent_ppo", RecurrentPPOSettings, "RPPO")
A2C = _algorithm("A2C", "a2c", A2CSettings, "A2C")
