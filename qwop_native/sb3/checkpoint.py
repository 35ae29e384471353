"""Checkpoints from which a training goes on exactly as if it had not been stopped.

While training:

    checkpoints = Checkpoints("run/training.checkpoint", every=500_000)
    signal.signal(signal.SIGTERM, lambda *_: checkpoints.stop())
    model.learn(total, callback=checkpoints)

and to go on, in a new program, whatever ended the one before:

    model = load_checkpoint("run/training.checkpoint", env)  # env made as at the start
    resume_tensorboard("run", model.num_timesteps)
    model.set_logger(configure("run", ["tensorboard"]))
    model.learn(total - model.num_timesteps, callback=checkpoints, reset_num_timesteps=False)

The parameters are then those of the uninterrupted training, bit for bit.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import lzma
import os
import pickle
import random
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
import numpy as np
import torch as th
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.atomic import whole_file
from qwop_native.sb3 import _replay_archive, versions
from qwop_native.sb3._buffers import BUFFERS
from qwop_native.sb3._native_model import NativeModel
from qwop_native.sb3.resumable import ResumableEnv
from qwop_native.sb3.vec_env import QwopVecEnv

FORMAT = 1
_STATE, _MODEL, _VERSIONS = "state.pkl", "model.zip", "versions.json"
_WAY_OUT = "begin a training from its last model"

PathLike = str | os.PathLike[str]


def why_not_exact(model: BaseAlgorithm) -> str | None:
    """Why there can be no checkpoint of a model; None where there can."""
    env, buffer = model.get_env(), getattr(model, "replay_buffer", None)
    if not isinstance(env, QwopVecEnv | ResumableEnv):
        return f"its games are wrapped ({type(env).__name__})"
    if isinstance(model, OnPolicyAlgorithm) or type(buffer) in BUFFERS:
        return None
    return f"its replay buffer is a {type(buffer).__name__}"


def save_checkpoint(path: PathLike, model: BaseAlgorithm, extra: Any = None) -> None:
    """Writes all that a training consists of: model, replay buffer, random generators, games.

    Call it between an update and the next step of the games, where SB3 calls `on_rollout_start`;
    `Checkpoints` does. The file takes its name only when it is whole, so that a program killed in
    the middle leaves the checkpoint before. The replay buffer is written straight from its memory,
    as far as it is filled; a rollout buffer is empty at that moment and is not written.

    Args:
        path: The file.
        model: A model on a `QwopVecEnv` or another `ResumableEnv`: off-policy ones (QRDQN, DQN)
            with SB3's `ReplayBuffer` or `NStepReplayBuffer` or a `PrioritizedReplayBuffer`, or
            on-policy ones (PPO, A2C, RecurrentPPO), SB3's own or those of `qwop_native.sb3`.
        extra: Anything else that is needed to go on and can be pickled, the state of one's own
            callbacks for instance; `read_extra` returns it.

    Raises:
        FileNotFoundError: The folder does not exist.
        TypeError: The model or its environment is of another kind.
    """
    env, buffer = _environment(model.get_env()), _replay_archive.replay_buffer(model)
    for left_over in Path(path).parent.glob(f".{Path(path).name}.*.part"):
        left_over.unlink(missing_ok=True)  # by a program that was killed
    inner = io.BytesIO()
    model.save(inner)  # first: it waits for updates under way, which change priorities
    state = {
        "format": FORMAT,
        "class": type(model),
        "device": str(model.device),
        "environment": _describe(env),
        "games": _games(env),
        "random": _random_states(model),
        "replay": _replay_archive.state_of(buffer),
        "lstm": getattr(model, "_last_lstm_states", None),
        "log": _pending_log(model),
        "extra": extra,
    }
    with whole_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_VERSIONS, json.dumps(versions.installed()))
        archive.writestr(_STATE, cloudpickle.dumps(state))
        archive.writestr(_MODEL, inner.getbuffer())
        _replay_archive.write(archive, buffer)


def load_checkpoint(path: PathLike, env: VecEnv) -> Any:
    """Makes the model of a checkpoint anew and puts games and random generators where they were.

    Go on with `model.learn(total - model.num_timesteps, reset_num_timesteps=False)`, where `total`
    is what the training was started with: the schedules depend on it.

    Args:
        path: A file of `save_checkpoint`. Like every pickle it can run code: load your own only.
        env: An environment like that of the training.

    Returns:
        The model, of the class it had.

    Raises:
        FileNotFoundError: There is no such file.
        TypeError: The environment is of another kind.
        ValueError: The file is no checkpoint, is damaged or was written with versions whose objects
            cannot be read here, or the environment has other arguments.
    """
    games = _environment(env)
    with _archive(path) as archive:
        content, model_zip = archive.read(_STATE), io.BytesIO(archive.read(_MODEL))
        written = _written_with(archive)
    state = _unpickled(path, content, written)
    if state["environment"] != _describe(games):
        raise ValueError(
            f"the training in {path} was on an environment with {state['environment']}, "
            f"this one has {_describe(games)}"
        )
    with versions.readable(path, written, _WAY_OUT):
        model = state["class"].load(model_zip, env=env, device=state["device"], force_reset=False)
    buffer = _replay_archive.replay_buffer(model)
    with _archive(path) as archive:
        _replay_archive.read(archive, buffer, state["replay"])
    with versions.readable(path, written, _WAY_OUT):
        _restore(model, games, state)
    return model


def _restore(model: Any, games: QwopVecEnv | ResumableEnv, state: dict[str, Any]) -> None:
    """Puts everything but model and replay buffer where it was."""
    if state["lstm"] is not None:
        model._last_lstm_states = state["lstm"]
    _set_games(games, state["games"])
    _set_random_states(model, state["random"])
    if isinstance(model, NativeModel):
        model._restored_log = state["log"]


def read_extra(path: PathLike) -> Any:
    """What was given to `save_checkpoint` as `extra`.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is no checkpoint, is damaged or was written with versions whose objects
            cannot be read here.
    """
    with _archive(path) as archive:
        content, written = archive.read(_STATE), _written_with(archive)
    return _unpickled(path, content, written)["extra"]


def resume_tensorboard(folder: PathLike, step: int) -> None:
    """Has tensorboard forget what a killed training had still written after its checkpoint.

    Call it before a logger is configured for the same folder; the curves then go on at `step`.

    Args:
        folder: The folder with tensorboard's files.
        step: `num_timesteps` of the model that was loaded.
    """
    from torch.utils.tensorboard import SummaryWriter

    SummaryWriter(str(folder), purge_step=step + 1).close()


class Checkpoints(BaseCallback):
    """Saves a checkpoint now and then, and ends a training in an orderly way.

    Args:
        path: The file, replaced each time.
        every: Environment steps between two checkpoints, counted from the start of the training,
            not of this program.
        extra: Called for each checkpoint; what it returns is saved besides, see `save_checkpoint`.
        stopping: Asked at each rollout whether the training is to be saved and ended, as `stop`
            has it.
        saved: Called after each checkpoint.

    Raises:
        ValueError: `every` is below 1.
    """

    def __init__(
        self,
        path: PathLike,
        every: int,
        extra: Callable[[], Any] = lambda: None,
        stopping: Callable[[], bool] = lambda: False,
        saved: Callable[[], None] = lambda: None,
    ) -> None:
        if every < 1:
            raise ValueError(f"every must be 1 or more, got {every}")
        super().__init__()
        self.path = Path(path)
        self.every = every
        self.extra = extra
        self._asked, self._then = stopping, saved
        self._saved: int | None = None
        self._stopping = self._saved_to_stop = False

    def stop(self) -> None:
        """Has the training saved and ended within its next few steps.

        A signal handler may call it.
        """
        self._stopping = True

    def _on_training_start(self) -> None:
        self._saved = self.model.num_timesteps // self.every

    def _on_rollout_start(self) -> None:
        reached = self.model.num_timesteps // self.every
        stopping = self._stopping or self._asked()
        if reached != self._saved or stopping:
            save_checkpoint(self.path, self.model, self.extra())
            self._saved = reached
            self._saved_to_stop = stopping
            self._then()

    def _on_step(self) -> bool:
        # The rest of a rollout that has begun is played first: in its middle the games are ahead of
        # the replay buffer. The one step after the checkpoint is lost with the model.
        return not self._saved_to_stop


def _environment(env: VecEnv | None) -> QwopVecEnv | ResumableEnv:
    if not isinstance(env, QwopVecEnv | ResumableEnv):
        raise TypeError(f"a checkpoint needs a QwopVecEnv, not wrapped, got {type(env).__name__}")
    return env


def _describe(env: QwopVecEnv | ResumableEnv) -> dict[str, Any]:
    if not isinstance(env, QwopVecEnv):
        return env.describe()
    return {
        "num_envs": env.num_envs,
        "max_episode_steps": env.max_episode_steps,
        "arguments": tuple(env.template.episode_arguments().values()),
    }


def _games(env: QwopVecEnv | ResumableEnv) -> Any:
    return env.env_method("snapshot") if isinstance(env, QwopVecEnv) else env.get_state()


def _set_games(env: QwopVecEnv | ResumableEnv, state: Any) -> None:
    if not isinstance(env, QwopVecEnv):
        env.set_state(state)
        return
    env._reset_seeds()  # loading has seeded the games, which would load their pages anew
    for game, snapshot in enumerate(state):
        env.restore(game, snapshot)


def _pending_log(model: BaseAlgorithm) -> dict[str, Any]:
    """What was recorded and not written yet."""
    logger = getattr(model, "_logger", None)
    if logger is None:
        return {}
    names = ("name_to_value", "name_to_count", "name_to_excluded")
    return {name: dict(getattr(logger, name)) for name in names}


def _random_states(model: BaseAlgorithm) -> dict[str, Any]:
    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),
        "torch": th.get_rng_state(),
        "actions": model.action_space.np_random.bit_generator.state,
    }


def _set_random_states(model: BaseAlgorithm, states: dict[str, Any]) -> None:
    random.setstate(states["python"])
    np.random.set_state(states["numpy"])
    th.set_rng_state(states["torch"])
    model.action_space.np_random.bit_generator.state = states["actions"]


@contextlib.contextmanager
def _archive(path: PathLike) -> Iterator[zipfile.ZipFile]:
    """Opens a checkpoint; whatever is wrong with the file while it is read is a ValueError."""
    try:
        with zipfile.ZipFile(path) as archive:
            yield archive
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, KeyError) as error:
        raise _damaged(path) from error
    except (NotImplementedError, RuntimeError, OverflowError, lzma.LZMAError) as error:
        # zipfile's answers to headers that speak of encryption or of other compressions
        raise _damaged(path) from error
    except OSError as error:
        if error.errno not in (None, errno.EINVAL):  # bz2's own, and a seek before the beginning
            raise
        raise _damaged(path) from error


def _damaged(path: PathLike) -> ValueError:
    return ValueError(f"{path} is no checkpoint of this version, or it is damaged")


def _written_with(archive: zipfile.ZipFile) -> dict[str, str]:
    """Versions that a checkpoint was written with, as far as it says."""
    try:
        found = json.loads(archive.read(_VERSIONS))
    except (KeyError, ValueError, zipfile.BadZipFile):
        return {}
    return found if isinstance(found, dict) else {}


def _unpickled(path: PathLike, content: bytes, written: dict[str, str]) -> dict[str, Any]:
    with versions.readable(path, written, _WAY_OUT):
        state = pickle.loads(content)  # whose sum was checked when it was read
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _damaged(path)
    return state
