"""PPO on its better episodes: which transitions are kept, and that only those are learned from."""

from collections import deque

import numpy as np
import pytest
import torch
from stable_baselines3.common.logger import Logger

from qwop_native.sb3 import QwopVecEnv
from qwop_native.training.success_filter import FilteredPPO, KeptRolloutBuffer, Outcomes

ENV = {"frames_per_step": 4, "action_set": "essential", "max_episode_steps": 40}


def seen_at(*meters):
    """Observations of runners that have come so far."""
    observations = np.zeros((len(meters), 60), np.float32)
    observations[:, 0] = (np.array(meters) * 10 - 520) / 530
    return observations


def kept(ends, reached, share=0.5, only_successes=False, latest=()):
    """What is kept of a rollout of six steps in two games.

    Args:
        ends: Step, game, meters and success of the episodes that end in it.
        reached: Meters of the games at its end.
        share: As for `Outcomes`.
        only_successes: As for `Outcomes`.
        latest: Meters of episodes before it.
    """
    venv = QwopVecEnv(2, 1, **ENV)
    buffer = KeptRolloutBuffer(6, venv.observation_space, venv.action_space, n_envs=2)
    outcomes = Outcomes(share, only_successes, deque(latest, maxlen=100))
    outcomes.model = type("Model", (), {"logger": Logger(None, []), "num_timesteps": 0})()
    for step in range(6):
        dones, infos = np.zeros(2, np.bool_), [{}, {}]
        for at, game, meters, success in ends:
            if at == step:
                dones[game] = True
                infos[game] = {"distance": meters, "is_success": success}
        outcomes.update_locals({"dones": dones, "infos": infos, "n_steps": step})
        outcomes.on_step()
    outcomes.update_locals({"rollout_buffer": buffer, "new_obs": seen_at(*reached)})
    outcomes.on_rollout_end()
    return buffer.kept.T.astype(int).tolist()


def test_the_farther_half_of_the_episodes_is_kept():
    ends = [(1, 0, 2.0, False), (2, 1, 9.0, False), (4, 0, 8.0, False)]
    # The median is 8 m: of the episodes that go on, the one at 10 m is beyond it.
    assert kept(ends, (10.0, 1.0)) == [[0, 0, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0]]


def test_earlier_episodes_set_the_measure():
    ends = [(1, 0, 2.0, False), (2, 1, 9.0, False)]
    latest = [1.0] * 20
    assert kept(ends, (0.0, 0.5), latest=latest) == [[1, 1, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0]]
    assert kept([], (0.0, 2.0), latest=latest) == [[0] * 6, [1] * 6]
    assert kept([], (0.0, 2.0)) == [[1] * 6, [1] * 6]  # nothing is known yet


def test_only_successes():
    ends = [(1, 0, 101.0, True), (2, 1, 99.0, False)]
    assert kept(ends, (50.0, 2.0), only_successes=True) == [[1, 1, 0, 0, 0, 0], [0] * 6]


def test_batches_hold_the_kept_transitions_and_each_once():
    venv = QwopVecEnv(3, 1, **ENV)
    buffer = KeptRolloutBuffer(5, venv.observation_space, venv.action_space, n_envs=3)
    for step in range(5):
        numbers = np.arange(3, dtype=np.float32) + 10 * step
        buffer.add(
            np.repeat(numbers[:, None], 60, axis=1),
            np.zeros(3),
            numbers,
            np.zeros(3),
            torch.zeros(3),
            torch.zeros(3),
        )
    buffer.kept = np.random.default_rng(0).random((5, 3)) < 0.5
    expected = [
        10 * step + game for step in range(5) for game in range(3) if buffer.kept[step, game]
    ]
    drawn = [batch.observations[:, 0] for batch in buffer.get(4)]
    assert sorted(torch.cat(drawn).tolist()) == expected
    assert max(map(len, drawn)) == 4
    assert sorted(next(buffer.get()).observations[:, 0].tolist()) == expected


@pytest.mark.parametrize("only_successes", [False, True])
def test_a_training(only_successes):
    model = FilteredPPO(
        "MlpPolicy",
        QwopVecEnv(4, 1, seed=1, **ENV),
        n_steps=64,
        batch_size=32,
        n_epochs=1,
        seed=1,
        device="cpu",
        only_successes=only_successes,
        keep_share=0.3,
    )
    before = [p.detach().clone() for p in model.policy.parameters()]
    model.learn(600)
    changed = any((a != b).any() for a, b in zip(before, model.policy.parameters(), strict=True))
    assert changed != only_successes  # a beginner has no success to learn from
    assert model.rollout_buffer.kept.mean() < 0.8
    assert len(model.latest_distances) > 4
