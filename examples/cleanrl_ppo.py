"""PPO in one file, as CleanRL writes it, on `gymnasium.make_vec`.

python examples/cleanrl_ppo.py --steps 2000000
"""

from __future__ import annotations

import argparse

import gymnasium as gym
import numpy as np
import torch
from gymnasium.vector import AutoresetMode
from torch import nn
from torch.distributions import Categorical

import qwop_native  # noqa: F401  registers QWOP-v1

ROLLOUT, EPOCHS, MINIBATCHES = 128, 4, 4
GAMMA, LAMBDA, CLIP, ENTROPY, VALUE = 0.995, 0.95, 0.2, 0.01, 0.5


class Agent(nn.Module):
    """A policy and a value function side by side."""

    def __init__(self, observations: int, actions: int) -> None:
        super().__init__()
        self.policy = _mlp(observations, actions, 0.01)
        self.value = _mlp(observations, 1, 1.0)


def _mlp(inputs: int, outputs: int, scale: float) -> nn.Sequential:
    layers = [nn.Linear(inputs, 128), nn.Linear(128, 128), nn.Linear(128, outputs)]
    for layer, gain in zip(layers, (2**0.5, 2**0.5, scale), strict=True):
        nn.init.orthogonal_(layer.weight, gain)
        nn.init.zeros_(layer.bias)
    return nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])


@torch.no_grad()
def collect(envs, agent, observation, distances):
    """Plays ROLLOUT steps; returns what was seen and done, and the last observation."""
    rows = []
    for _ in range(ROLLOUT):
        chosen = Categorical(logits=agent.policy(observation))
        action = chosen.sample()
        following, reward, terminated, truncated, infos = envs.step(action.numpy())
        reward = torch.as_tensor(reward, dtype=torch.float32)
        ended = terminated | truncated
        if ended.any():
            distances.extend(infos["final_info"]["distance"][ended])
        for game in np.flatnonzero(truncated & ~terminated):
            # A time limit is no end: what would have followed counts.
            last = torch.as_tensor(infos["final_obs"][game])
            reward[game] += GAMMA * agent.value(last).item()
        value = agent.value(observation)[:, 0]
        rows.append(
            (observation, action, chosen.log_prob(action), value, reward, torch.tensor(ended))
        )
        observation = torch.as_tensor(following)
    return [torch.stack(column) for column in zip(*rows, strict=True)], observation


@torch.no_grad()
def advantages(agent, values, rewards, ended, last):
    """Generalized advantage estimates, shape (ROLLOUT, games)."""
    following, estimate = agent.value(last)[:, 0], torch.zeros(values.shape[1])
    estimates = torch.zeros_like(values)
    for step in reversed(range(ROLLOUT)):
        goes_on = 1.0 - ended[step].float()
        delta = rewards[step] + GAMMA * following * goes_on - values[step]
        estimate = delta + GAMMA * LAMBDA * goes_on * estimate
        estimates[step], following = estimate, values[step]
    return estimates


def update(agent, optimizer, rollout, estimates):
    """Learns from one rollout."""
    observations, actions, before, values = (each.flatten(0, 1) for each in rollout[:4])
    estimates = estimates.flatten()
    returns = estimates + values
    for _ in range(EPOCHS):
        for rows in torch.randperm(len(actions)).chunk(MINIBATCHES):
            chosen = Categorical(logits=agent.policy(observations[rows]))
            ratio = (chosen.log_prob(actions[rows]) - before[rows]).exp()
            gain = (estimates[rows] - estimates[rows].mean()) / (estimates[rows].std() + 1e-8)
            clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
            policy_loss = -torch.minimum(gain * ratio, gain * clipped).mean()
            value_loss = (agent.value(observations[rows])[:, 0] - returns[rows]).square().mean()
            loss = policy_loss + VALUE * value_loss - ENTROPY * chosen.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(agent.parameters(), 0.5)
            optimizer.step()


def main() -> None:
    """Trains and prints how far the runners get."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2_000_000)
    parser.add_argument("--games", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    envs = gym.make_vec(
        "QWOP-v1",
        num_envs=args.games,
        frames_per_step=4,
        action_set="essential",
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    agent = Agent(60, int(envs.single_action_space.n))
    optimizer = torch.optim.Adam(agent.parameters(), lr=5e-4, eps=1e-5)
    observation = torch.as_tensor(envs.reset(seed=args.seed)[0])
    steps, distances = 0, []
    while steps < args.steps:
        rollout, observation = collect(envs, agent, observation, distances)
        estimates = advantages(agent, *rollout[3:], observation)
        update(agent, optimizer, rollout, estimates)
        steps += ROLLOUT * args.games
        far = np.mean(distances[-100:]) if distances else float("nan")
        print(f"{steps:,} steps, last 100 episodes: {far:.1f} m", flush=True)


if __name__ == "__main__":
    main()
