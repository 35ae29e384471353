"""Interrupted runs that go on: exactly where that is possible, from the last model where not."""

from __future__ import annotations

import io
import pickle
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle  # type: ignore[import-untyped]
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.buffers import ReplayBuffer
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.atomic import whole_file
from qwop_native.sb3 import QwopVecEnv, checkpoint

NAME = "resume.ckpt"
_FORMAT = 1
_ENTRY = "on_policy.pkl"


def why_not_exact(model: BaseAlgorithm) -> str | None:
    """Why a run of this model cannot go on exactly; None where it can."""
    env = model.get_env()
    if type(env) is not QwopVecEnv:
        return f"its games are wrapped ({type(env).__name__})"
    if isinstance(model, OnPolicyAlgorithm):
        return None
    buffer = getattr(model, "replay_buffer", None)
    if type(buffer) is ReplayBuffer:
        return None
    return f"its replay buffer is a {type(buffer).__name__}"


def save(path: Path, model: BaseAlgorithm, extra: Any) -> None:
    """Writes all that it takes to go on exactly; to be called between a rollout and the next.

    Args:
        path: The file, replaced when the new one is whole.
        model: One for which `why_not_exact` is None.
        extra: What else is needed, for `load`.
    """
    if not isinstance(model, OnPolicyAlgorithm):
        checkpoint.save_checkpoint(path, model, extra)
        return
    inner = io.BytesIO()
    model.save(inner)
    env = model.get_env()
    assert env is not None
    state = {
        "format": _FORMAT,
        "class": type(model),
        "device": str(model.device),
        "model": inner.getvalue(),
        "games": env.env_method("snapshot"),
        "random": checkpoint._random_states(model),
        "lstm": getattr(model, "_last_lstm_states", None),
        "extra": extra,
    }
    with whole_file(path) as file, zipfile.ZipFile(file, "w") as archive:
        archive.writestr(_ENTRY, cloudpickle.dumps(state))


def load(path: Path, venv: VecEnv) -> tuple[Any, Any]:
    """The model and the `extra` of a file of `save`.

    Args:
        path: The file. Like every pickle it can run code: load your own only.
        venv: Games like those of the run.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is damaged, of another version, or of other games.
    """
    content = _on_policy_entry(path)
    if content is None:
        return checkpoint.load_checkpoint(path, venv), checkpoint.read_extra(path)
    state = pickle.loads(content)
    if not isinstance(state, dict) or state.get("format") != _FORMAT:
        raise _damaged(path)
    if len(state["games"]) != venv.num_envs:
        raise ValueError(f"the run in {path} has {len(state['games'])} games, not {venv.num_envs}")
    model = state["class"].load(
        io.BytesIO(state["model"]), env=venv, device=state["device"], force_reset=False
    )
    venv._reset_seeds()  # loading has seeded the games, which would load their pages anew
    for game, snapshot in enumerate(state["games"]):
        venv.env_method("restore", snapshot, indices=game)
    if state["lstm"] is not None:
        model._last_lstm_states = state["lstm"]
    checkpoint._set_random_states(model, state["random"])
    return model, state["extra"]


def _on_policy_entry(path: Path) -> bytes | None:
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.read(_ENTRY) if _ENTRY in archive.namelist() else None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> ValueError:
    return ValueError(f"{path} is no checkpoint of this version, or it is damaged")


class Checkpoints(BaseCallback):
    """Saves a run now and then, and ends it in an orderly way.

    Args:
        path: The file, replaced each time.
        every: Transitions between two saves.
        extra: Called for what is saved besides.
        stopping: Tells whether a stop was asked for.
        saved: Called after each save.
    """

    def __init__(
        self,
        path: Path,
        every: int,
        extra: Callable[[], Any],
        stopping: Callable[[], bool],
        saved: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__()
        self._path, self._every = path, every
        self._extra, self._stopping, self._then = extra, stopping, saved
        self._saved = 0
        self._saved_to_stop = False

    def _on_training_start(self) -> None:
        self._saved = self.model.num_timesteps // self._every

    def _on_rollout_start(self) -> None:
        reached = self.model.num_timesteps // self._every
        if reached != self._saved or self._stopping():
            save(self._path, self.model, self._extra())
            self._saved = reached
            self._saved_to_stop = self._stopping()
            self._then()

    def _on_step(self) -> bool:
        # The rest of a rollout that has begun is played first: in its middle the games are ahead of
        # what is learned from. The one step after the last save is made again later.
        return not self._saved_to_stop


def latest_model(folder: Path) -> Path | None:
    """The last model that an interrupted run has saved on the way or at its end."""
    saved = [
        (int(path.stem.rpartition("_")[2]), path)
        for path in folder.glob("checkpoints/model_*.zip")
        if path.stem.rpartition("_")[2].isdigit()
    ]
    final = folder / "model.zip"
    if final.is_file():
        return final
    return max(saved)[1] if saved else None
