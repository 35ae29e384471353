"""GAIL and AIRL: PPO, or another learner of SB3's, on a reward that is learned along with it.

Episodes end when the runner falls, so how long they are says how well it runs, and a reward that is
always positive, or always negative, would teach to live long or to die soon whatever it measures.
As in discriminator-actor-critic (Kostrikov et al. 2019), an ended episode therefore goes on
in a state of its own until `horizon`: it counts as so many transitions when demonstrations and
policy are told apart, and the reward of the last step includes those of all that follow.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch as th
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.on_policy_algorithm import OnPolicyAlgorithm
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper

from qwop_native.training.imitation.demonstrations import Demonstrations
from qwop_native.training.imitation.reward_model import Features, RewardModel, Steps, loss

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AdversarialSettings:
    """How the reward is learned; the names are those of the imitation package.

    Attributes:
        demo_batch_size: Demonstrated transitions of an update, and as many of the policy's.
        n_disc_updates_per_round: Updates between two trainings of the policy.
        disc_learning_rate: Step size of Adam.
        disc_net_arch: Widths of the hidden layers.
        gen_replay_buffer_capacity: Latest transitions of the policy that are told apart; None for
            those since its last training.
        horizon: Steps to which ended episodes are continued; 0 for not at all.
        normalize_reward: Divide the reward by the running spread of its discounted sums. AIRL's has
            no bounds: what falling costs grows until the error of the value, whose gradient is
            cut off together with the policy's, leaves nothing for the policy.
    """

    demo_batch_size: int = 512
    n_disc_updates_per_round: int = 8
    disc_learning_rate: float = 3e-4
    disc_net_arch: tuple[int, ...] = (64, 64)
    gen_replay_buffer_capacity: int | None = None
    horizon: int = 1000
    normalize_reward: bool = False


class _Generated:
    """What the policy did lately, oldest first."""

    def __init__(self) -> None:
        self.parts: list[dict[str, npt.NDArray[Any]]] = []

    def add(self, **columns: npt.NDArray[Any]) -> None:
        self.parts.append(columns)

    def joined(self) -> dict[str, npt.NDArray[Any]]:
        return {name: np.concatenate([part[name] for part in self.parts]) for name in self.parts[0]}

    def keep(self, capacity: int | None) -> None:
        count = sum(len(part["actions"]) for part in self.parts)
        while self.parts and (capacity is None or count > capacity):
            count -= len(self.parts.pop(0)["actions"])


class LearnedReward(VecEnvWrapper):
    """Gives the learned reward instead of the environment's, and keeps what it was given for.

    Args:
        venv: The environment; observations of any width.
        demonstrations: Of the same observations and actions.
        settings: How the reward is learned.
        gamma: The generator's discount.
        airl: AIRL's form of the reward instead of GAIL's.
        seed: Of the model and of its batches.

    Raises:
        ValueError: The demonstrations are not of the environment's kind.
    """

    def __init__(
        self,
        venv: VecEnv,
        demonstrations: Demonstrations,
        settings: AdversarialSettings,
        gamma: float,
        airl: bool,
        seed: int,
    ) -> None:
        super().__init__(venv)
        shape, n_actions = venv.observation_space.shape, int(getattr(venv.action_space, "n", 0))
        assert shape is not None
        demonstrations.require(shape[0], n_actions)
        self.demonstrations, self.settings, self.gamma = demonstrations, settings, gamma
        self.rng = np.random.default_rng(seed)
        self.features = Features(demonstrations.observations)
        with th.random.fork_rng(devices=[]):
            th.manual_seed(seed)
            self.model = RewardModel(shape[0], n_actions, settings.disc_net_arch, gamma, airl)
        self.optimizer = th.optim.Adam(self.model.parameters(), settings.disc_learning_rate)
        self.generated = _Generated()
        self._observations: Floats = np.zeros((0, 0), np.float32)
        self._actions = np.zeros(self.num_envs, np.int64)
        self._lengths = np.zeros(self.num_envs, np.int64)

    def reset(self) -> Floats:
        """Starts an episode in each game."""
        observations = self.venv.reset()
        assert isinstance(observations, np.ndarray)
        self._observations = observations.copy()
        self._lengths[:] = 0
        return observations

    def step_async(self, actions: npt.NDArray[Any]) -> None:
        """Hands the actions on and notes them."""
        self._actions = np.array(actions, np.int64)
        self.venv.step_async(actions)

    def step_wait(self) -> Any:
        """Takes the step; the environment's own reward stays in the episode's `r`."""
        observations, _, dones, infos = self.venv.step_wait()
        assert isinstance(observations, np.ndarray)
        following = observations.copy()
        ended = np.zeros(self.num_envs, np.bool_)
        for game in np.flatnonzero(dones):
            following[game] = infos[game]["terminal_observation"]
            ended[game] = not infos[game].get("TimeLimit.truncated", False)
        self._lengths += 1
        remaining = np.where(ended, np.maximum(self.settings.horizon - self._lengths, 0), 0)
        columns = {
            "observations": self._observations,
            "actions": self._actions,
            "following": following,
            "ended": ended,
            "remaining": remaining,
        }
        self.generated.add(**columns)
        rewards = self.rewards(columns)
        self._observations = observations.copy()
        self._lengths[dones] = 0
        return observations, rewards, dones, infos

    def rewards(self, columns: dict[str, npt.NDArray[Any]]) -> Floats:
        """Learned reward of transitions, what follows an end included, float32 (transitions,)."""
        with th.no_grad():
            given = self.model.reward(self.steps(columns, None, None)).numpy()
            remaining = columns["remaining"]
            if remaining.any():
                after = float(self.model.reward(self.absorbed(1))[0])
                # gamma + gamma^2 + … + gamma^remaining
                factor = remaining.astype(np.float64)
                if self.gamma < 1:
                    factor = self.gamma * (1 - self.gamma**factor) / (1 - self.gamma)
                given = given + (after * factor).astype(np.float32)
        rewards: Floats = given.astype(np.float32)
        return rewards

    def absorbed(self, count: int) -> Steps:
        """Transitions within the state after the end of an episode."""
        nothing, ones = th.zeros(count, len(self.features.mean)), th.ones(count)
        actions = th.zeros(count, dtype=th.int64)
        return Steps(nothing, actions, nothing, ones, ones, th.zeros(count))

    def steps(
        self,
        columns: dict[str, npt.NDArray[Any]],
        chosen: npt.NDArray[np.int64] | None,
        policy: OnPolicyAlgorithm | None,
    ) -> Steps:
        """Transitions as the reward model takes them.

        Args:
            columns: "observations", "actions", "following", "ended".
            chosen: Which of them; -1 for one within the state after the end; None for all.
            policy: Whose log-probabilities are wanted; None for zeros.
        """
        index = np.arange(len(columns["actions"])) if chosen is None else np.maximum(chosen, 0)
        absorbed = np.zeros(len(index)) if chosen is None else chosen < 0
        observations, actions = columns["observations"][index], columns["actions"][index]
        log_probability = th.zeros(len(index))
        mark = th.as_tensor(absorbed.astype(np.float32))
        if policy is not None:
            with th.no_grad():
                distribution = policy.policy.get_distribution(
                    th.as_tensor(observations, device=policy.device)
                )
                chance = distribution.log_prob(th.as_tensor(actions, device=policy.device))
            log_probability = chance.cpu() * (1 - mark)
        return Steps(
            self.features(observations),
            th.as_tensor(actions),
            self.features(columns["following"][index]),
            th.as_tensor(columns["ended"][index].astype(np.float32)),
            mark,
            log_probability,
        )

    def update(self, policy: OnPolicyAlgorithm) -> dict[str, float]:
        """Makes the updates between two trainings of the policy.

        Returns:
            Means of "loss" and "accuracy".
        """
        data, settings = self.demonstrations, self.settings
        lengths = np.maximum(settings.horizon - data.lengths, 0) * data.ended
        demonstrated: dict[str, npt.NDArray[Any]] = {
            "observations": data.observations,
            "actions": data.actions,
            "following": data.next_observations,
            "ended": data.dones,
        }
        generated = self.generated.joined()
        whose = policy if self.model.shaped else None
        totals = np.zeros(2)
        for _ in range(settings.n_disc_updates_per_round):
            batches = [
                self.steps(columns, self._draw(len(columns["actions"]), int(after)), whose)
                for columns, after in (
                    (demonstrated, lengths.sum()),
                    (generated, generated["remaining"].sum()),
                )
            ]
            cost, right = loss(self.model, *batches)
            self.optimizer.zero_grad()
            cost.backward()  # type: ignore[no-untyped-call]
            self.optimizer.step()
            totals += [cost.item(), right]
        self.generated.keep(settings.gen_replay_buffer_capacity)
        return dict(
            zip(("loss", "accuracy"), totals / settings.n_disc_updates_per_round, strict=True)
        )

    def _draw(self, transitions: int, after: int) -> npt.NDArray[np.int64]:
        """Transitions of a batch, each as likely, of which `after` more are beyond an end (-1)."""
        drawn = self.rng.integers(transitions + after, size=self.settings.demo_batch_size)
        drawn[drawn >= transitions] = -1
        return drawn


class RewardTraining(BaseCallback):
    """Trains the reward each time the generator has played, before it is trained itself."""

    def __init__(self, rewards: LearnedReward) -> None:
        super().__init__()
        self._rewards = rewards

    def _on_step(self) -> bool:
        return True

    def _on_rollout_end(self) -> None:
        assert isinstance(self.model, OnPolicyAlgorithm)
        for name, value in self._rewards.update(self.model).items():
            self.logger.record(f"reward_model/{name}", value)
