"""Learning from demonstrations: cloning, and GAIL and AIRL with PPO as the learner."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from stable_baselines3 import PPO
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from qwop_native import QwopEnv
from qwop_native.training import algorithms
from qwop_native.training.algorithms import Algorithm
from qwop_native.training.callbacks import stop_requested
from qwop_native.training.imitation.adversarial import (
    AdversarialSettings,
    LearnedReward,
    RewardTraining,
)
from qwop_native.training.imitation.cloning import CloningSettings, clone
from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.imitation.sources import Env, read
from qwop_native.training.settings.learner import LearnerSettings
from qwop_native.training.settings.learners import LEARNERS
from qwop_native.training.settings.policy_gradient import PPOSettings
from qwop_native.training.settings.run import RunConfig
from qwop_native.wrappers import RichObservation

_RICH = ("RichObservation", "RichVecObservation")


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
    if not paths:
        raise ValueError(
            f"learner.demonstrations must be files such as demos.npz or data/*.rec, got {paths!r}"
        )
    env: Env = QwopEnv(**config.env)
    for wrapper in config.env_wrappers:
        if wrapper["cls"] in _RICH:
            env = RichObservation(env, **(wrapper.get("kwargs") or {}))
    return read(paths, env)


def _ppo(config: RunConfig, venv: VecEnv, seed: int, theirs: type[LearnerSettings]) -> PPO:
    """PPO with those of the settings that are not about demonstrations."""
    ours = type(config.learner).model_fields.keys() - theirs.model_fields.keys()
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
    settings=LEARNERS["bc"],
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
        settings=LEARNERS[name],
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
