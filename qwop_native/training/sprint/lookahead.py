"""Policy improvement by trying: what each action is worth is found out by playing it.

The game holds no chance and copies cost nothing, so that the advantage of an action need not be
guessed from the actions taken, as PPO does: from a state each action is played, then the
policy itself for some steps, and then the critic is asked. The policy learns to do what was best,
the critic what the policy's own action came to.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from torch.nn import functional

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS, observations
from qwop_native.facts import ENDED, FALLEN
from qwop_native.models.finish import finished
from qwop_native.training.settings.games import GamesSettings
from qwop_native.training.sprint.games import SprintGames, step_rewards
from qwop_native.training.sprint.settings import LookaheadSettings
from qwop_native.wrappers.relative_features import FEATURES, Features
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float32]
Act = Callable[[Floats], tuple[npt.NDArray[np.int64], Floats]]
"""Greedy actions and values, (n,) each, for features (n, FEATURES)."""


class Lookahead:
    """Finds out what each action is worth in many states.

    Args:
        first: Any game of the flavour.
        games: Whose rewards count.
        settings: How far to look.
        gamma: Discount of a step.
        threads: Threads that play.
    """

    def __init__(
        self,
        first: _core.Game,
        games: GamesSettings,
        settings: LookaheadSettings,
        gamma: float,
        threads: int,
    ) -> None:
        self._games, self._steps, self._gamma = games, settings.steps, gamma
        self._masks = key_masks(ACTION_SETS["essential"])
        self._pool = _core.GamePool(
            first, num_envs=settings.states * len(self._masks), num_threads=threads
        )
        self._features = Features()

    def worth(
        self,
        source: _core.GamePool,
        rows: npt.NDArray[np.int32],
        act: Act,
        time_cost: float,
    ) -> Floats:
        """Discounted reward after each action, float32 (rows, actions).

        Args:
            source: Games that have not ended.
            rows: Which of them; not more than `LookaheadSettings.states`.
            act: The policy and its critic.
            time_cost: Of a frame, world units.
        """
        count = len(self._masks)
        before = np.repeat(source.bodies[rows, 0, 0], count)
        parents, keys = np.repeat(rows, count), np.tile(self._masks, len(rows))
        frames = self._games.frames_per_step
        self._pool.expand(source, parents=parents, keys=keys, frames=frames)
        alive = np.ones(len(keys), np.bool_)
        total, discount = np.zeros(len(keys)), 1.0
        for step in range(self._steps):
            if step:
                actions, _ = act(self._observe(len(keys)))
                self._pool.step(self._masks[actions], frames=frames)
            now, events = self._pool.bodies[: len(keys), 0, 0], self._pool.events[: len(keys)]
            done = finished(events, self._pool.score[: len(keys)])
            total += alive * discount * step_rewards(self._games, before, now, done, time_cost)
            alive &= events & (ENDED | FALLEN) == 0
            before, discount = now.copy(), discount * self._gamma
        _, values = act(self._observe(len(keys)))
        total += alive * discount * values
        return total.reshape(len(rows), count).astype(np.float32)

    def _observe(self, count: int) -> Floats:
        return self._features(observations(self._pool.bodies[:count]))


@dataclass
class Memory:
    """The latest states that were looked at, a ring.

    Attributes:
        size: States it holds at most.
    """

    size: int

    def __post_init__(self) -> None:
        self._features = np.zeros((self.size, FEATURES), np.float32)
        self._wanted = np.zeros((self.size, len(ACTION_SETS["essential"])), np.float32)
        self._values = np.zeros(self.size, np.float32)
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, self.size)

    def add(self, features: Floats, wanted: Floats, values: Floats) -> None:
        """Puts states in the places of the oldest."""
        places = (self._added + np.arange(len(values))) % self.size
        self._features[places], self._wanted[places] = features, wanted
        self._values[places] = values
        self._added += len(values)

    def draw(self, count: int, rng: np.random.Generator) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        """Features, wanted probabilities and value of some states."""
        rows = rng.integers(len(self), size=count)
        return tuple(  # type: ignore[return-value]
            th.from_numpy(column[rows]) for column in (self._features, self._wanted, self._values)
        )


class Improver:
    """Improves a model, iteration after iteration.

    Args:
        model: PPO on `Features`.
        games: Where its states come from.
        settings: How.
        rng: Source of all draws.
        threads: Threads that play.
    """

    def __init__(
        self,
        model: Any,
        games: SprintGames,
        settings: LookaheadSettings,
        rng: np.random.Generator,
        threads: int,
    ) -> None:
        self._model, self._games, self._settings, self._rng = model, games, settings, rng
        self._lookahead = Lookahead(games.line, games.settings, settings, model.gamma, threads)
        self._memory = Memory(settings.memory)
        self._optimizer = th.optim.Adam(model.policy.parameters(), settings.learning_rate)
        self._seen: Floats = games.reset()
        self.states = 0

    def iterate(self) -> dict[str, float]:
        """Looks at new states and learns from those in memory; returns what it was like."""
        gained = [self._look() for _ in range(self._settings.looks)]
        losses = np.mean([self._learn() for _ in range(self._settings.updates)], axis=0)
        return {
            "gain": float(np.mean(gained)),
            "policy_loss": float(losses[0]),
            "value_loss": float(losses[1]),
            "entropy": float(losses[2]),
        }

    def act(self, features: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        """Greedy actions and values."""
        actions, values, _ = self._model._native(training=False).act(features, True)
        return actions, values

    def _look(self) -> float:
        """Plays a step of all games, tries all actions in some; returns what the best gain."""
        settings, rng = self._settings, self._rng
        count = min(settings.states, self._games.num_envs)
        rows = rng.permutation(self._games.num_envs)[:count].astype(np.int32)
        actions, _ = self.act(self._seen)
        worth = self._lookahead.worth(self._games.pool, rows, self.act, self._games.time_cost)
        own = worth[np.arange(count), actions[rows]]
        self._memory.add(self._seen[rows], self._wanted(self._seen[rows], worth), own)
        self.states += count
        stray = rng.random(len(actions)) < settings.epsilon
        actions = np.where(stray, rng.integers(worth.shape[1], size=len(actions)), actions)
        self._games.step_async(actions)
        self._seen = self._games.step_wait()[0]
        return float((worth.max(axis=1) - own).mean())

    def _wanted(self, features: Floats, worth: Floats) -> Floats:
        """The policy's probabilities, moved towards what is worth more.

        What a trial comes to hangs on chance, as far as the critic is wrong about where it ends;
        the policy as it is keeps one state's chance from deciding.
        """
        policy = self._model.policy
        with th.no_grad():
            seen = th.from_numpy(features)
            logits = policy.action_net(policy.mlp_extractor.policy_net(seen))
            known = 0.97 * th.softmax(logits, dim=1) + 0.03 / logits.shape[1]
            scaled = th.from_numpy(worth) / self._settings.temperature
            wanted: Floats = th.softmax(known.log() + scaled, dim=1).numpy()
        return wanted

    def _learn(self) -> tuple[float, float, float]:
        settings, policy = self._settings, self._model.policy
        features, wanted, values = self._memory.draw(settings.batch_size, self._rng)
        layers = policy.mlp_extractor
        logits = policy.action_net(layers.policy_net(features))
        found = th.log_softmax(logits, dim=1)
        policy_loss = -(wanted * found).sum(1).mean()
        guessed = policy.value_net(layers.value_net(features))[:, 0]
        value_loss = functional.mse_loss(guessed, values)
        self._optimizer.zero_grad()
        (policy_loss + value_loss).backward()  # type: ignore[no-untyped-call]
        th.nn.utils.clip_grad_norm_(policy.parameters(), 0.5)
        self._optimizer.step()
        entropy = float(-(found.exp() * found).sum(1).mean().detach())
        return float(policy_loss.detach()), float(value_loss.detach()), entropy
