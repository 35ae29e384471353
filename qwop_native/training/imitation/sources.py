"""Where demonstrations come from: models that play, and recordings that are played again.

Everything is played in the environment that will learn from it, so observations are exact.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native import Game, QwopEnv
from qwop_native.envs.spaces import TERMINATE
from qwop_native.keys import Keys
from qwop_native.qwop_gym.rec import SUFFIX as REC_SUFFIX
from qwop_native.qwop_gym.rec import OtherSettingsError, load_rec, recordings_of
from qwop_native.recording import Recording, env_start, load_recording
from qwop_native.training.imitation.demonstrations import Demonstrations, joined

Env = gym.Env[Any, Any]
Act = Callable[[npt.NDArray[np.float32]], Any]

_FIRST_RESETS = 3  # of a page, that are recognized and played as resets of the environment


class _Log:
    """The steps of one episode."""

    def __init__(self, observation: npt.NDArray[np.float32]) -> None:
        self._observations = [observation]
        self._actions: list[int] = []
        self._rewards: list[float] = []

    def add(self, action: int, observation: npt.NDArray[np.float32], reward: float) -> None:
        self._observations.append(observation)
        self._actions.append(action)
        self._rewards.append(reward)

    def demonstrations(self, terminated: bool, **about: Any) -> Demonstrations:
        observations = np.stack(self._observations)
        dones = np.zeros(len(self._actions), np.bool_)
        dones[-1] = terminated
        return Demonstrations(
            observations[:-1],
            np.array(self._actions, np.int64),
            np.array(self._rewards, np.float32),
            observations[1:],
            dones,
            np.array([0, len(dones)], np.int64),
            about,
        )


def collect(
    act: Act,
    env: Env,
    episodes: int,
    min_distance: float = 0.0,
    max_episode_steps: int = 2000,
    begin: Callable[[], None] = lambda: None,
) -> Demonstrations:
    """Plays a policy and keeps the runs that get far enough.

    The game holds no chance: for other runs than one and the same, the k-th episode (from 0) begins
    with k steps without keys, which are not kept.

    Args:
        act: Action for one observation.
        env: A `QwopEnv`, wrapped or not.
        episodes: How many to play.
        min_distance: Meters that an episode must reach to be kept.
        max_episode_steps: Steps after which an episode is cut off.
        begin: Called before the first action of each episode.

    Returns:
        The episodes that were kept.

    Raises:
        ValueError: None of them got far enough.
    """
    kept, distances = [], []
    for idle_steps in range(episodes):
        observation, info = env.reset(seed=0)
        over = False
        for _ in range(idle_steps):
            observation, _, terminated, truncated, info = env.step(0)
            over = terminated or truncated
            if over:
                break
        begin()
        log, steps = _Log(observation), 0
        while not over:
            action = int(act(observation))
            observation, reward, terminated, truncated, info = env.step(action)
            log.add(action, observation, float(reward))
            steps += 1
            over = terminated or truncated or steps == max_episode_steps
        distances.append(round(float(info["distance"]), 3))
        if steps and distances[-1] >= min_distance:
            kept.append(log.demonstrations(terminated, distances=distances[-1:]))
    if not kept:
        raise ValueError(
            f"no episode reached {min_distance} m; they reached {', '.join(map(str, distances))}"
        )
    return joined(kept, source="policy", env=_arguments(env))


def from_recordings(recordings: Iterable[Recording], env: Env) -> Demonstrations:
    """Plays recordings in an environment.

    A recording that begins with a fresh page and qwop-gym's reset is played just so. Any other one
    begins where its page was; its first reward then lacks what the environment adds at a start.

    Args:
        recordings: The recordings.
        env: A `QwopEnv`, wrapped or not, with the same `sincos` and steps no longer than the keys
            were held.

    Returns:
        An episode for each recording.

    Raises:
        ValueError: There is none, or one cannot be played in the environment's steps and actions.
    """
    parts = [_replay(each, env) for each in recordings]
    return joined(parts, source="recordings", env=_arguments(env))


def _replay(recording: Recording, env: Env) -> Demonstrations:
    base = _base(env)
    if recording.sincos != base.sincos:
        raise ValueError(
            f"the recording is of sincos={recording.sincos!r}, the environment has {base.sincos!r}"
        )
    keys, grid = recording.keys, recording.grid
    if grid is not None and grid.terminated:
        keys = keys[: -grid.frames_per_step]  # the action "T" is no part of the run
    actions = actions_of(keys, base)
    log = _Log(_start(recording, env))
    terminated = truncated = False
    for step, action in enumerate(actions, start=1):
        observation, reward, terminated, truncated, info = env.step(action)
        log.add(action, observation, float(reward))
        if (terminated or truncated) and step < len(actions):
            raise ValueError(f"the episode ends after {step} of the {len(actions)} recorded steps")
    if not actions:
        raise ValueError("the recording has no frames")
    distance = round(float(info["distance"]), 3)
    return log.demonstrations(terminated, distances=[distance])


def _start(recording: Recording, env: Env) -> npt.NDArray[np.float32]:
    base = _base(env)
    for resets in range(1, _FIRST_RESETS):
        if recording.page == env_start(base.frames_per_step, resets):
            for count in range(resets):
                observation, _ = env.reset(seed=0 if count == 0 else None)
            return np.asarray(observation)
    game = Game(recording.sincos)
    recording.prepare(game)
    observation, _ = env.reset(options={"snapshot": game.snapshot()})
    return np.asarray(observation)


def actions_of(keys: npt.NDArray[np.uint8], env: QwopEnv) -> list[int]:
    """Actions of an environment that press certain keys.

    Args:
        keys: Mask of each frame, uint8 (frames,).
        env: Has the actions and the frames per step. Q+W is as good as Q to it, O+P as O.

    Raises:
        ValueError: The keys change within a step, or no action of the environment presses them.
    """
    index: dict[int, int] = {}
    for action, mask in enumerate(env.action_keys):
        if mask != TERMINATE:
            index.setdefault(_effective(mask), action)
    per_step = env.frames_per_step
    actions = []
    for begin in range(0, len(keys), per_step):
        masks = {_effective(int(mask)) for mask in keys[begin : begin + per_step]}
        if len(masks) > 1:
            raise ValueError(f"the keys change within a step of {per_step} frames ({begin=})")
        mask = masks.pop()
        if mask not in index:
            raise ValueError(
                f"no action of the {env.action_set} set presses {Keys(mask)!r}; take action_set: "
                "full or essential"
            )
        actions.append(index[mask])
    return actions


def _effective(mask: int) -> int:
    """The keys that the game acts on: Q overrules W and O overrules P."""
    mask &= ~int(Keys.W) if mask & Keys.Q else mask
    return mask & ~int(Keys.P) if mask & Keys.O else mask


def read(paths: Sequence[str], env: Env) -> Demonstrations:
    """Reads files of all kinds: .rec of qwop-gym, recordings of this package, and .npz.

    Args:
        paths: Names or patterns such as ``data/*.rec``.
        env: A `QwopEnv`, wrapped or not, in which recordings are played.

    Returns:
        All episodes together.

    Raises:
        FileNotFoundError: Nothing has such a name.
        ValueError: A file is damaged, or cannot be played in the environment.
    """
    parts = []
    for pattern in paths:
        found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207  may be absolute
        if not found:
            raise FileNotFoundError(f"there is no file of demonstrations {pattern}")
        for path in found:
            try:
                parts.append(_read_one(path, env))
            except ValueError as error:
                text = str(error)
                raise ValueError(text if path in text else f"{path}: {text}") from None
    return joined(parts, source=list(paths), env=_arguments(env))


def _read_one(path: str, env: Env) -> Demonstrations:
    suffix = Path(path).suffix
    if suffix == ".npz":
        return Demonstrations.load(path)
    if suffix != REC_SUFFIX:
        return from_recordings([load_recording(path)], env)
    rec = load_rec(path)
    how = _arguments(env)
    # One episode at a time: the page of each holds all those before it.
    try:  # qwop-gym's program resets twice before it records, a program of one's own once
        return from_recordings(recordings_of(rec, resets=2, **how), env)
    except OtherSettingsError:
        return from_recordings(recordings_of(rec, resets=1, **how), env)


def _base(env: Env) -> QwopEnv:
    base = env.unwrapped
    if not isinstance(base, QwopEnv):
        raise TypeError(f"demonstrations are played in a QwopEnv, got {type(base).__name__}")
    return base


def _arguments(env: Env) -> dict[str, Any]:
    base = _base(env)
    return {
        "frames_per_step": base.frames_per_step,
        "action_set": base.action_set,
        "sincos": base.sincos,
    }
