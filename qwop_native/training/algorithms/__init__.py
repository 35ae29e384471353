"""The algorithms that `qwop-native train` knows, by name."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stable_baselines3.common.base_class import BaseAlgorithm
    from stable_baselines3.common.callbacks import BaseCallback
    from stable_baselines3.common.vec_env import VecEnv

    from qwop_native.training.settings.learner import LearnerSettings
    from qwop_native.training.settings.run import RunConfig

# Name: where its `Algorithm` is, and a line of help. A module is imported only when it is asked
# for.
REGISTRY = {
    "qrdqn": (
        "value:QRDQN",
        "quantile regression DQN, the published recipe",
    ),
    "dqn": ("value:DQN", "deep Q-network"),
    "ppo": ("policy_gradient:PPO", "proximal policy optimization"),
    "recurrent_ppo": (
        "policy_gradient:RECURRENT_PPO",
        "PPO with an LSTM",
    ),
    "a2c": ("policy_gradient:A2C", "advantage actor-critic"),
    "filtered_ppo": (
        "filtered_ppo:FILTERED_PPO",
        "PPO that learns from its better episodes only",
    ),
    "bc": ("imitation:BC", "behavior cloning of demonstrations"),
    "gail": (
        "imitation:GAIL",
        "PPO on a reward learned from demonstrations",
    ),
    "airl": (
        "imitation:AIRL",
        "the same with a reward that explains them",
    ),
    "dqn_demo": (
        "demonstrated_value:DQN",
        "DQN with demonstrations and prioritized replay",
    ),
    "qrdqn_demo": (
        "demonstrated_value:QRDQN",
        "the same for QRDQN",
    ),
}


def _configs() -> Path:
    """The folder of settings: in a checkout train/configs, in an installed package beside this."""
    package = Path(__file__).parents[1]
    checkout = package.parents[1] / "train" / "configs"
    return checkout if checkout.is_dir() else package / "configs"


_OTHER_NAMES = {"rppo": "recurrent_ppo", "recurrentppo": "recurrent_ppo"}

CONFIGS = _configs()


def learn(
    model: BaseAlgorithm, config: RunConfig, total_timesteps: int, callback: BaseCallback
) -> None:
    """Trains a model of SB3's until it has made `total_timesteps` in all."""
    model.learn(
        total_timesteps - model.num_timesteps,
        callback=callback,
        log_interval=config.log_interval,
        reset_num_timesteps=False,
    )


@dataclass(frozen=True)
class Algorithm:
    """What distinguishes one algorithm from another.

    Attributes:
        name: As in `qwop-native train NAME` and in configs/NAME.yml.
        settings: Model of the `learner` section.
        build: Makes the untrained model from the settings, the environments and a seed.
        model_class: Class of the model, for `load`; called when it is needed.
        learn: Trains the model: called with it, the settings, the number of transitions that it
            is to have seen in the end, and the callback that an SB3 algorithm would be given.
        prepare: Called with the settings before anything is written, for what takes long or may
            be missing; Ctrl-C stops it at once.
        saved_as: Algorithm whose policy its models hold, where that is another one.
        qwop_gym_name: What qwop-gym calls it in the names of folders.
        qwop_gym_names: Further keys of qwop-gym's files, and where they are in these settings.
    """

    name: str
    settings: type[LearnerSettings]
    build: Callable[[RunConfig, VecEnv, int], BaseAlgorithm]
    model_class: Callable[[], type[BaseAlgorithm]]
    learn: Callable[[BaseAlgorithm, RunConfig, int, BaseCallback], None] = learn
    prepare: Callable[[RunConfig], object] = lambda config: None
    saved_as: str = ""
    qwop_gym_name: str = ""
    qwop_gym_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def default_config(self) -> Path:
        """The settings used when none are named."""
        return CONFIGS / f"{self.name}.yml"


def canonical_name(name: str) -> str:
    """The registered name that a name stands for: RecurrentPPO, rppo, train_rppo and so on.

    Raises:
        ValueError: There is no such algorithm.
    """
    plain = name.lower().replace("-", "_").removeprefix("train_")
    plain = _OTHER_NAMES.get(plain, plain)
    if plain not in REGISTRY:
        near = difflib.get_close_matches(plain, [*REGISTRY, *_OTHER_NAMES], n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(REGISTRY)}"
        raise ValueError(f"unknown algorithm {name!r}; {hint}")
    return plain


def get_algorithm(name: str) -> Algorithm:
    """The algorithm of a name.

    Raises:
        ValueError: There is no such algorithm.
        ImportError: It needs a package that is not installed.
    """
    place, _, variable = REGISTRY[canonical_name(name)][0].partition(":")
    try:
        import_module("yaml")  # which files of settings need
        module = import_module(f"{__name__}.{place}")
    except ModuleNotFoundError as error:
        raise ImportError(
            f"training needs {error.name}: pip install 'qwop-native[train]'"
        ) from error
    algorithm: Algorithm = getattr(module, variable)
    return algorithm
