"""Learning from demonstrations: cloning, and GAIL and AIRL with PPO as the learner."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from qwop_native import QwopEnv
from qwop_native.training import algorithms
from qwop_native.training.algorithms import Algorithm
from qwop_native.training.algorithms.common import LearnerSettings
from qwop_native.training.algorithms.policy_gradient import PPOSettings
from qwop_native.training.callbacks import stop_requested
from qwop_native.training.config import RunConfig
from qwop_native.training.fields import require, setting
from qwop_native.training.imitation.adversarial import (
    AdversarialSettings,
    LearnedReward,
    RewardTraining,
)
from qwop_native.training.imitation.cloning import CloningSettings, clone
from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.imitation.sources import Env, read
from qwop_native.wrappers import RichObservation

_RICH = ("RichObservation", "RichVecObservation")


@dataclass(frozen=True)
class CloningRunSettings(LearnerSettings):
    """The `learner` section; configs/bc.yml explains each key."""

    learning_rate: float | str = setting(1e-3, above=0)
    demonstrations: tuple[str, ...] = ()
    n_epochs: int = setting(50, at_least=1)
    batch_size: int = setting(64, at_least=1)
    minibatch_size: int | None = setting(None, one_of=(None,))
    ent_weight: float = setting(1e-3, at_least=0)
    l2_weight: float = setting(0.0, at_least=0)
    held_out: float = setting(0.0, at_least=0, at_most=1)


@dataclass(frozen=True)
class AdversarialRunSettings(PPOSettings):
    """The `learner` section; configs/gail.yml explains each key."""

    demonstrations: tuple[str, ...] = ()
    learner_module: str = setting("stable_baselines3", one_of=("stable_baselines3",))
    learner_cls: str = setting("PPO", one_of=("PPO",))
    horizon: int = setting(1000, at_least=0)
    demo_batch_size: int = setting(512, at_least=1)
    n_disc_updates_per_round: int = setting(8, at_least=1)
    disc_learning_rate: float = setting(3e-4, above=0)
    disc_net_arch: tuple[int, ...] = setting((64, 64), at_least=1)
    gen_replay_buffer_capacity: int | None = setting(None, at_least=1)
    normalize_reward: bool = False
    # Keys of qwop-gym's files that have one meaning here.
    demo_minibatch_size: int | None = setting(None, one_of=(None,))
    gen_train_timesteps: int | None = setting(None, one_of=(None,))
    log_dir: str | None = setting(None, one_of=(None,))
    debug_use_ground_truth: bool = setting(False, one_of=(False,))
    allow_variable_horizon: bool = True


@dataclass(frozen=True)
class AirlRunSettings(AdversarialRunSettings):
    """The `learner` section; configs/airl.yml explains each key."""

    normalize_reward: bool = True


_last_read: list[tuple[RunConfig, tuple[str, ...], Demonstrations]] = []


def demonstrations(config: RunConfig, paths: tuple[str, ...]) -> Demonstrations:
    """Reads a run's demonstrations, with the columns that its wrappers append.

    Those of the run at hand are remembered: reading many takes minutes, and is needed before the
    run's folder is made, to say what is wrong, and again when learning begins.

    Raises:
        FileNotFoundError, ValueError: There are none, or a file is not as it should be.
    """
    if not (_last_read and _last_read[0][0] is config and _last_read[0][1] == paths):
        _last_read[:] = [(config, paths, _read(config, paths))]
    return _last_read[0][2]


def _read(config: RunConfig, paths: tuple[str, ...]) -> Demonstrations:
    require(bool(paths), "learner.demonstrations", "files such as demos.npz or data/*.rec", paths)
    env: Env = QwopEnv(**config.env)
    for wrapper in config.env_wrappers:
        if wrapper["cls"] in _RICH:
            env = RichObservation(env, **(wrapper.get("kwargs") or {}))
    return read(paths, env)


def _ppo(config: RunConfig, venv: VecEnv, seed: int, theirs: type[LearnerSettings]) -> PPO:
    """PPO with those of the settings that are not about demonstrations."""
    known = {field.name for field in dataclasses.fields(theirs)}
    ours = {field.name for field in dataclasses.fields(config.learner)} - known
    arguments = {
        name: value for name, value in config.learner.keywords().items() if name not in ours
    }
    return PPO(env=venv, seed=seed, device=config.device, **arguments)


def _build_cloning(config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    return _ppo(config, venv, seed, LearnerSettings)


def _learn_cloning(
    model: BaseAlgorithm, config: RunConfig, total_timesteps: int, callback: BaseCallback
) -> None:
    assert isinstance(model, OnPolicyAlgorithm)
    learner, before = config.learner, model.num_timesteps
    callback.init_callback(model)
    callback.on_training_start({}, {})

    def report(epoch: int, numbers: dict[str, float]) -> bool:
        # Progress is counted in the run's timesteps, so that what is done now and then is done.
        share = epoch / learner.n_epochs
        model.num_timesteps = before + round((total_timesteps - before) * share)
        for name, value in numbers.items():
            model.logger.record(f"bc/{name}", value)
        callback.update_locals({"dones": np.zeros(1, np.bool_), "infos": [{}]})
        goes_on = callback.on_step()
        model.logger.dump(model.num_timesteps)
        return goes_on

    settings = CloningSettings(
        learner.n_epochs,
        learner.batch_size,
        learner.ent_weight,
        learner.l2_weight,
        learner.held_out,
    )
    rng = np.random.default_rng(config.seed)
    goes_on = functools.partial(_goes_on, callback)
    clone(model, _demonstrations_of(config), settings, rng, report, goes_on)
    callback.on_training_end()


def _goes_on(callback: BaseCallback) -> bool:
    return not stop_requested(callback)


def _demonstrations_of(config: RunConfig) -> Demonstrations:
    return demonstrations(config, config.learner.demonstrations)


def _build_adversarial(config: RunConfig, venv: VecEnv, seed: int) -> BaseAlgorithm:
    return _ppo(config, venv, seed, PPOSettings)


def _learn_adversarial(
    airl: bool,
    model: BaseAlgorithm,
    config: RunConfig,
    total_timesteps: int,
    callback: BaseCallback,
) -> None:
    names = [field.name for field in dataclasses.fields(AdversarialSettings)]
    settings = AdversarialSettings(**{name: getattr(config.learner, name) for name in names})
    venv = model.get_env()
    assert venv is not None
    assert isinstance(model, OnPolicyAlgorithm)
    rewards = LearnedReward(
        venv, _demonstrations_of(config), settings, model.gamma, airl, config.seed or 0
    )
    seen: VecEnv = rewards
    if settings.normalize_reward:
        seen = VecNormalize(rewards, norm_obs=False, gamma=model.gamma)
    model.set_env(seen)
    training = CallbackList([callback, RewardTraining(rewards)])
    algorithms.learn(model, config, total_timesteps, training)


def _ppo_class() -> type[BaseAlgorithm]:
    return PPO


BC = Algorithm(
    name="bc",
    settings=CloningRunSettings,
    build=_build_cloning,
    model_class=_ppo_class,
    learn=_learn_cloning,
    prepare=_demonstrations_of,
    saved_as="ppo",
    qwop_gym_name="BC",
    qwop_gym_names={"recordings": "learner.demonstrations", "n_epochs": "learner.n_epochs"},
)


def _adversarial(name: str, airl: bool) -> Algorithm:
    return Algorithm(
        name=name,
        settings=AirlRunSettings if airl else AdversarialRunSettings,
        build=_build_adversarial,
        model_class=_ppo_class,
        learn=functools.partial(_learn_adversarial, airl),
        prepare=_demonstrations_of,
        saved_as="ppo",
        qwop_gym_name=f"{name.upper()}_PPO",
        qwop_gym_names={
            "recordings": "learner.demonstrations",
            "trainer_kwargs": "learner",
            "episode_len": "learner.horizon",
            "learner_module": "learner.learner_module",
            "learner_cls": "learner.learner_cls",
        },
    )


GAIL, AIRL = _adversarial("gail", False), _adversarial("airl", True)
