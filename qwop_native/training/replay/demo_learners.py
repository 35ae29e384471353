"""DQN and QRDQN that replay by priority and learn from demonstrations as well (DQfD).

Each batch mixes own experience with demonstrations, which a margin can pull above all other actions
(Hester et al. 2018). The zips are those of SB3's DQN and sb3-contrib's QRDQN.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import sb3_contrib
import stable_baselines3
import torch as th
from stable_baselines3.common.off_policy_algorithm import OffPolicyAlgorithm
from torch.nn import functional

from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.replay.prioritized import Indices, PrioritizedReplayBuffer


@dataclass(frozen=True)
class ReplaySettings:
    """What is replayed.

    Attributes:
        prioritized: Draw own experience by priority instead of all alike.
        per_alpha: How much the error decides, from 0 to 1.
        per_beta: How much of the bias is corrected at first, from 0 to 1; all of it in the end.
        per_epsilon: Added to each error.
        demo_injection_ratio: Part of each batch that is demonstrations, from 0 to below 1.
        demo_prefill_count: Demonstrated transitions put into the replay buffer at the start.
        margin: By how much a demonstrated action's value is to exceed all others'.
        margin_weight: Weight of that in the loss; 0 for none.
    """

    prioritized: bool = False
    per_alpha: float = 0.6
    per_beta: float = 0.4
    per_epsilon: float = 1e-6
    demo_injection_ratio: float = 0.25
    demo_prefill_count: int = 0
    margin: float = 0.8
    margin_weight: float = 0.0


class _Batch(NamedTuple):
    indices: Indices  # in the prioritized replay buffer
    own: int  # the rows before this one are own experience, the others demonstrations
    observations: th.Tensor
    actions: th.Tensor
    next_observations: th.Tensor
    dones: th.Tensor
    rewards: th.Tensor
    weights: th.Tensor


class _FromDemonstrations(OffPolicyAlgorithm):
    """What the two learners have in common.

    Args:
        *args: As for the class of SB3's.
        replay: What is replayed.
        demonstrations: Of the model's observations and actions; None for none.
        **kwargs: As for the class of SB3's.

    Raises:
        ValueError: The demonstrations are not of the model's kind.
    """

    def __init__(
        self,
        *args: Any,
        replay: ReplaySettings = ReplaySettings(),
        demonstrations: Demonstrations | None = None,
        **kwargs: Any,
    ) -> None:
        self.replay, self.demonstrations = replay, demonstrations
        super().__init__(*args, **kwargs)

    def _setup_model(self) -> None:
        if self.n_steps > 1:
            raise ValueError(f"n_steps must be 1 with demonstrations, got {self.n_steps}")
        if self.replay.prioritized:
            self.replay_buffer_class = PrioritizedReplayBuffer
            self.replay_buffer_kwargs = {
                "alpha": self.replay.per_alpha,
                "epsilon": self.replay.per_epsilon,
            }
        super()._setup_model()
        if self.demonstrations is not None:
            shape = self.observation_space.shape
            assert shape is not None
            self.demonstrations.require(shape[0], int(getattr(self.action_space, "n", 0)))
            self._prefill(self.demonstrations)

    def replay_from(self, replay: ReplaySettings, demonstrations: Demonstrations | None) -> None:
        """Gives a model that was loaded what its zip does not hold; its own experience is lost.

        Raises:
            ValueError: The demonstrations are not of the model's kind.
        """
        policy, optimizer = self.policy, self.policy.optimizer
        self.replay, self.demonstrations = replay, demonstrations
        self.replay_buffer = self.replay_buffer_class = None
        self._setup_model()
        self.policy = policy
        self.policy.optimizer = optimizer
        self._create_aliases()  # type: ignore[attr-defined]

    def _prefill(self, data: Demonstrations) -> None:
        buffer = self.replay_buffer
        assert buffer is not None
        count = min(self.replay.demo_prefill_count, len(data))
        for begin in range(0, count - self.n_envs + 1, self.n_envs):
            rows = slice(begin, begin + self.n_envs)
            buffer.add(
                data.observations[rows],
                data.next_observations[rows],
                data.actions[rows],
                data.rewards[rows],
                data.dones[rows],
                [{}] * self.n_envs,
            )

    def _excluded_save_params(self) -> list[str]:
        # What is left out is not needed to act, and could not be read where this module is not.
        own = ["replay", "demonstrations", "replay_buffer_class", "replay_buffer_kwargs"]
        return [*super()._excluded_save_params(), *own]

    def train(self, gradient_steps: int, batch_size: int = 100) -> None:
        """Makes updates on batches of own experience and demonstrations."""
        self.policy.set_training_mode(True)
        self._update_learning_rate(self.policy.optimizer)
        totals = np.zeros(2)
        for _ in range(gradient_steps):
            batch = self._batch(batch_size)
            losses, errors, values = self._losses(batch)
            loss = (losses * batch.weights[:, 0]).mean()
            margin = self._margin_loss(values[batch.own :], batch.actions[batch.own :])
            totals += [loss.item(), margin.item()]
            self.policy.optimizer.zero_grad()
            (loss + self.replay.margin_weight * margin).backward()  # type: ignore[no-untyped-call]
            longest = getattr(self, "max_grad_norm", None)
            if longest is not None:
                th.nn.utils.clip_grad_norm_(self.policy.parameters(), longest)
            self.policy.optimizer.step()
            if isinstance(self.replay_buffer, PrioritizedReplayBuffer) and batch.own:
                self.replay_buffer.update_priorities(
                    batch.indices, errors[: batch.own].detach().cpu().numpy()
                )
        self._n_updates += gradient_steps
        self.logger.record("train/n_updates", self._n_updates, exclude="tensorboard")
        for name, total in zip(("loss", "margin_loss"), totals, strict=True):
            self.logger.record(f"train/{name}", total / gradient_steps)

    def _batch(self, size: int) -> _Batch:
        data = self.demonstrations
        shown = 0 if data is None else round(size * self.replay.demo_injection_ratio)
        buffer, own = self.replay_buffer, size - shown
        assert buffer is not None
        indices: Indices = np.zeros(0, np.int64)
        weights = th.ones(own, 1, device=self.device)
        if isinstance(buffer, PrioritizedReplayBuffer):
            beta = self.replay.per_beta
            beta += (1 - beta) * (1 - self._current_progress_remaining)
            samples, weights, indices = buffer.draw(own, beta, self._vec_normalize_env)
        else:
            samples = buffer.sample(own, env=self._vec_normalize_env)
        parts: list[th.Tensor] = [
            samples.observations,
            samples.actions.long(),
            samples.next_observations,
            samples.dones,
            samples.rewards,
            weights,
        ]
        if data is not None and shown:
            rows = np.random.randint(len(data), size=shown)
            demonstrated = (
                data.observations[rows],
                data.actions[rows, None],
                data.next_observations[rows],
                data.dones[rows, None].astype(np.float32),
                data.rewards[rows, None],
                np.ones((shown, 1), np.float32),
            )
            parts = [
                th.cat([one, th.as_tensor(other, device=self.device)])
                for one, other in zip(parts, demonstrated, strict=True)
            ]
        return _Batch(indices, own, *parts)

    def _margin_loss(self, values: th.Tensor, actions: th.Tensor) -> th.Tensor:
        """By how much the best other action comes too close to the demonstrated one, on average."""
        if not len(values) or not self.replay.margin_weight:
            return th.zeros((), device=self.device)
        margins = th.full_like(values, self.replay.margin).scatter(1, actions, 0.0)
        return ((values + margins).max(1).values - values.gather(1, actions)[:, 0]).mean()

    def _losses(self, batch: _Batch) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        """Loss (batch,) and error (batch,) of each transition, values (batch, actions)."""
        raise NotImplementedError


class DemoDQN(_FromDemonstrations, stable_baselines3.DQN):
    """SB3's DQN with prioritized replay and demonstrations."""

    def _losses(self, batch: _Batch) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        with th.no_grad():
            after = self.q_net_target(batch.next_observations).max(1, keepdim=True).values
            target = batch.rewards + (1 - batch.dones) * self.gamma * after
        values = self.q_net(batch.observations)
        chosen = values.gather(1, batch.actions)
        losses = functional.smooth_l1_loss(chosen, target, reduction="none")[:, 0]
        return losses, (target - chosen)[:, 0], values


class DemoQRDQN(_FromDemonstrations, sb3_contrib.QRDQN):
    """sb3-contrib's QRDQN with prioritized replay and demonstrations; the loss is the priority."""

    def _losses(self, batch: _Batch) -> tuple[th.Tensor, th.Tensor, th.Tensor]:
        count, quantiles = len(batch.observations), self.n_quantiles
        with th.no_grad():
            after = self.quantile_net_target(batch.next_observations)
            best = after.mean(1, keepdim=True).argmax(2, keepdim=True)
            after = after.gather(2, best.expand(count, quantiles, 1))[:, :, 0]
            target = batch.rewards + (1 - batch.dones) * self.gamma * after
        every = self.quantile_net(batch.observations)
        chosen = every.gather(2, batch.actions[..., None].expand(count, quantiles, 1))[:, :, 0]
        delta = target[:, None, :] - chosen[:, :, None]
        size = delta.abs()
        huber = th.where(size > 1, size - 0.5, delta**2 / 2)
        middles = (th.arange(quantiles, device=self.device) + 0.5) / quantiles
        weighted = (middles[None, :, None] - (delta.detach() < 0).float()).abs() * huber
        losses = weighted.sum(1).mean(1)
        return losses, losses, every.mean(1)
