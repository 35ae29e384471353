"""DQN in one file, as CleanRL writes it, on `gymnasium.make_vec`.

python examples/cleanrl_dqn.py --steps 2000000
"""

from __future__ import annotations

import argparse

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import nn

import qwop_native  # noqa: F401  registers QWOP-v1

GAMMA, BATCH, BUFFER, LEARNING_STARTS, TARGET_EVERY = 0.98, 256, 200_000, 2_000, 200


class Replay:
    """The last transitions, oldest overwritten first."""

    def __init__(self, size: int) -> None:
        self.observations = np.zeros((size, 60), np.float32)
        self.following = np.zeros((size, 60), np.float32)
        self.actions = np.zeros(size, np.int64)
        self.rewards = np.zeros(size, np.float32)
        self.terminated = np.zeros(size, np.float32)
        self.columns = (
            self.observations,
            self.actions,
            self.rewards,
            self.following,
            self.terminated,
        )
        self.added = 0

    def __len__(self) -> int:
        return min(self.added, len(self.actions))

    def add(self, *rows) -> None:
        """Keeps one step of all games: what each column of `columns` has of it."""
        places = (self.added + np.arange(len(rows[0]))) % len(self.actions)
        for column, given in zip(self.columns, rows, strict=True):
            column[places] = given
        self.added += len(places)

    def sample(self, count: int) -> list[torch.Tensor]:
        """Rows drawn with replacement, as tensors."""
        places = np.random.randint(len(self), size=count)
        return [torch.as_tensor(column[places]) for column in self.columns]


def network(actions: int) -> nn.Sequential:
    """Values of the actions."""
    return nn.Sequential(
        nn.Linear(60, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, actions)
    )


def learn(online, target, optimizer, replay) -> None:
    """One update."""
    observations, actions, rewards, following, terminated = replay.sample(BATCH)
    with torch.no_grad():
        best = target(following).max(1).values
        wanted = rewards + GAMMA * (1 - terminated) * best
    values = online(observations).gather(1, actions[:, None])[:, 0]
    loss = nn.functional.smooth_l1_loss(values, wanted)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def play(envs, online, observation, epsilon, replay):
    """One step of all games; returns the next observation and the distances of ended episodes."""
    with torch.no_grad():
        actions = online(torch.as_tensor(observation)).argmax(1).numpy()
    explores = np.random.random(len(actions)) < epsilon
    actions[explores] = np.random.randint(envs.single_action_space.n, size=explores.sum())
    shown, rewards, terminated, truncated, infos = envs.step(actions)
    ended = terminated | truncated
    following, distances = shown.copy(), []
    if ended.any():
        # What is shown after an end is the next episode's start; the transition led elsewhere.
        following[ended] = np.stack(infos["final_obs"][ended])
        distances = infos["final_info"]["distance"][ended].tolist()
    replay.add(observation, actions, rewards, following, terminated)
    return shown, distances


def main() -> None:
    """Trains and prints how far the runners get."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2_000_000)
    parser.add_argument("--games", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    np.random.seed(args.seed)
    envs = gym.make_vec(
        "QWOP-v1",
        num_envs=args.games,
        frames_per_step=4,
        action_set="essential",
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    actions = int(envs.single_action_space.n)
    online, target = network(actions), network(actions)
    target.load_state_dict(online.state_dict())
    optimizer = torch.optim.Adam(online.parameters(), lr=5e-4)
    replay, distances = Replay(BUFFER), []
    observation, _ = envs.reset(seed=args.seed)
    updates = 0
    for step in range(args.games, args.steps + 1, args.games):
        epsilon = max(0.02, 1 - step / (0.3 * args.steps))
        observation, ended = play(envs, online, observation, epsilon, replay)
        distances += ended
        if len(replay) < LEARNING_STARTS:
            continue
        learn(online, target, optimizer, replay)
        updates += 1
        if updates % TARGET_EVERY == 0:
            target.load_state_dict(online.state_dict())
            far = np.mean(distances[-100:]) if distances else float("nan")
            print(f"{step:,} steps, last 100 episodes: {far:.1f} m", flush=True)


if __name__ == "__main__":
    main()
