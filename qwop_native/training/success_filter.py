"""PPO that learns from its better episodes only, as qwop-python's does from its successes."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from typing import Any

import numpy as np
import numpy.typing as npt
from stable_baselines3 import PPO
from stable_baselines3.common.buffers import RolloutBuffer
from stable_baselines3.common.callbacks import BaseCallback, CallbackList
from stable_baselines3.common.type_aliases import RolloutBufferSamples
from stable_baselines3.common.vec_env import VecEnv

from qwop_native.facts import UNITS_PER_METER
from qwop_native.wrappers.rich_columns import Poses

_LATEST = 100  # episodes that a share is taken of


class KeptRolloutBuffer(RolloutBuffer):
    """A rollout of which some transitions are drawn, and the others are not.

    Attributes:
        kept: Which ones, bool (steps, games).
    """

    kept: npt.NDArray[np.bool_]

    def reset(self) -> None:
        """Empties the buffer; all of what comes is kept at first."""
        super().reset()
        self.kept = np.ones((self.buffer_size, self.n_envs), np.bool_)

    def get(self, batch_size: int | None = None) -> Generator[RolloutBufferSamples, None, None]:
        """Batches of the kept transitions in random order."""
        assert self.full
        if not self.generator_ready:
            names = ("observations", "actions", "values", "log_probs", "advantages", "returns")
            for name in names:
                setattr(self, name, self.swap_and_flatten(getattr(self, name)))
            self.generator_ready = True
        indices = np.random.permutation(np.flatnonzero(self.swap_and_flatten(self.kept)))
        size = batch_size or len(indices)
        for start in range(0, len(indices), size):
            yield self._get_samples(indices[start : start + size])


class Outcomes(BaseCallback):
    """Sorts the episodes of a rollout by how far they got, at its end.

    Args:
        share: Part of the latest 100 episodes, the farthest, that is learned from.
        only_successes: Whether only episodes that end beyond 100 m are.
        latest: Meters of the latest episodes, which it continues.
    """

    def __init__(self, share: float, only_successes: bool, latest: deque[float]) -> None:
        super().__init__()
        self._share, self._only_successes, self._latest = share, only_successes, latest
        self._ended: list[tuple[int, int, float, bool]] = []

    def _on_step(self) -> bool:
        for game in np.flatnonzero(self.locals["dones"]).tolist():
            info: dict[str, Any] = self.locals["infos"][game]
            distance = float(info["distance"])
            self._latest.append(distance)
            self._ended.append(
                (game, int(self.locals["n_steps"]), distance, bool(info["is_success"]))
            )
        return True

    def _on_rollout_end(self) -> None:
        buffer: KeptRolloutBuffer = self.locals["rollout_buffer"]
        least = np.quantile(self._latest, 1 - self._share) if self._latest else -np.inf
        begins = np.zeros(buffer.n_envs, np.int64)
        for game, step, distance, success in self._ended:
            good = success or (not self._only_successes and distance >= least)
            buffer.kept[begins[game] : step + 1, game] = good
            begins[game] = step + 1
        # An episode that goes on is one of the better ones if it is beyond them already.
        reached = Poses(np.asarray(self.locals["new_obs"])).x[:, 0] / UNITS_PER_METER
        for game, begin in enumerate(begins.tolist()):
            buffer.kept[begin:, game] = not self._only_successes and reached[game] >= least
        self.logger.record("filter/kept", float(buffer.kept.mean()))
        self.logger.record("filter/least_distance", float(least))


class FilteredPPO(PPO):
    """PPO on the transitions of its better episodes.

    Args:
        policy: As for PPO.
        env: As for PPO.
        keep_share: See `Outcomes`.
        only_successes: See `Outcomes`.
        **kwargs: As for PPO.
    """

    def __init__(
        self,
        policy: Any,
        env: Any,
        *,
        keep_share: float = 0.5,
        only_successes: bool = False,
        **kwargs: Any,
    ) -> None:
        self.keep_share, self.only_successes = keep_share, only_successes
        self.latest_distances: deque[float] = deque(maxlen=_LATEST)
        super().__init__(policy, env, rollout_buffer_class=KeptRolloutBuffer, **kwargs)

    def collect_rollouts(
        self,
        env: VecEnv,
        callback: BaseCallback,
        rollout_buffer: RolloutBuffer,
        n_rollout_steps: int,
    ) -> bool:
        """Plays, and decides which episodes are learned from."""
        outcomes = Outcomes(self.keep_share, self.only_successes, self.latest_distances)
        both = CallbackList([callback, outcomes])
        both.model = outcomes.model = self  # the one that is given has begun already
        return super().collect_rollouts(env, both, rollout_buffer, n_rollout_steps)

    def train(self) -> None:
        """Makes the updates of PPO; none where no transition is kept."""
        if self.rollout_buffer.kept.any():  # type: ignore[attr-defined]
            super().train()
