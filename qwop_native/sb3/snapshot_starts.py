"""Episodes of `QwopVecEnv` that start in the middle of earlier runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from qwop_native.envs.arguments import check_seed
from qwop_native.envs.env import Observation
from qwop_native.sb3.vec_env import QwopVecEnv
from qwop_native.wrappers.snapshot_pool import SnapshotPool

Step = tuple[Observation, npt.NDArray[np.float32], npt.NDArray[np.bool_], list[dict[str, Any]]]


class SnapshotStarts(VecEnvWrapper):
    """Starts some of the episodes at moments of a pool, all along the track.

    A runner that falls at 20 m never sees the hurdle; here it practises it from the first minute.
    Return and length of such an episode count from its start; `distance`, `frames` and `time` are
    the run's, so keep such episodes out of statistics: the info of each ended episode has
    `start_distance`, meters, 0 where it began at the line.

    Args:
        venv: A `QwopVecEnv`, wrapped or not; `RichVecObservation` goes around this, not inside.
        pool: The moments, or files to take them from (see `SnapshotPool.read`).
        probability: Of an episode to start from the pool.
        seed: Of the draws; None takes the one that `seed` gets, as a model seeds its games, and one
            at random until then.

    Attributes:
        start_keys: Mask of the keys held where each game's episode started, uint8 (num_envs,).

    Raises:
        TypeError: There is no `QwopVecEnv` inside.
        FileNotFoundError: There is no such file.
        ValueError: The pool is empty or of another `sincos`, a file is damaged, or the probability
            is not one.
    """

    def __init__(
        self,
        venv: VecEnv,
        pool: SnapshotPool | str | Sequence[str],
        probability: float = 0.5,
        seed: int | None = None,
    ) -> None:
        if not isinstance(venv.unwrapped, QwopVecEnv):
            raise TypeError(
                f"SnapshotStarts needs a QwopVecEnv, got {type(venv.unwrapped).__name__}"
            )
        if not 0 <= probability <= 1:
            raise ValueError(f"probability must be from 0 to 1, got {probability!r}")
        if not isinstance(pool, SnapshotPool):
            pool = SnapshotPool.read([pool] if isinstance(pool, str) else pool)
        pool.require(venv.unwrapped.template.sincos)
        super().__init__(venv)
        self.pool = pool
        self.probability = probability
        self._has_own_seed = seed is not None
        self._rng = np.random.default_rng(None if seed is None else check_seed(seed))
        self.start_keys = np.zeros(self.num_envs, np.uint8)
        self._start_distance = np.zeros(self.num_envs)

    def seed(self, seed: int | None = None) -> Sequence[int | None]:
        """Seeds the games, and the draws unless they have a seed of their own."""
        if seed is not None and not self._has_own_seed:
            self._rng = np.random.default_rng(check_seed(seed))
        return self.venv.seed(seed)

    def reset(self) -> Observation:
        """Starts an episode in each game.

        Returns:
            Observations, float32 (num_envs, 60).
        """
        observations = self.venv.reset()
        assert isinstance(observations, np.ndarray)
        self._choose_starts(observations, np.arange(self.num_envs))
        return observations

    def step_wait(self) -> Step:
        """Takes the step; what is new in the infos of ended games is `start_distance`."""
        observations, rewards, dones, infos = self.venv.step_wait()
        assert isinstance(observations, np.ndarray)
        ended = np.flatnonzero(dones)
        for game in ended:
            infos[game]["start_distance"] = float(self._start_distance[game])
        self._choose_starts(observations, ended)
        return observations, rewards, dones, infos

    def _choose_starts(self, observations: Observation, games: npt.NDArray[np.int64]) -> None:
        self._start_distance[games] = self.start_keys[games] = 0
        for game in games[self._rng.random(len(games)) < self.probability].tolist():
            moment = self.pool.draw(self._rng)
            observations[game] = self.venv.env_method("start_at", moment.snapshot, indices=[game])[
                0
            ]
            self._start_distance[game], self.start_keys[game] = moment.distance, moment.keys
