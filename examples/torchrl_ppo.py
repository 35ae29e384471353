"""PPO with TorchRL (pip install torchrl), on the native vector environment.

python examples/torchrl_ppo.py --steps 2000000
"""

from __future__ import annotations

import argparse

import gymnasium as gym
import torch
from gymnasium.vector import AutoresetMode
from tensordict.nn import TensorDictModule
from torch import nn
from torchrl.collectors import Collector
from torchrl.envs import GymWrapper, RewardSum, TransformedEnv
from torchrl.modules import MLP, ProbabilisticActor, ValueOperator
from torchrl.objectives import ClipPPOLoss
from torchrl.objectives.value import GAE

import qwop_native  # noqa: F401  registers QWOP-v1

ROLLOUT, EPOCHS, MINIBATCH = 128, 4, 1024


def make_env(games: int, seed: int) -> TransformedEnv:
    """The native vector environment; TorchRL resets ended games itself, which it calls DISABLED."""
    envs = gym.make_vec(
        "QWOP-v1",
        num_envs=games,
        frames_per_step=4,
        action_set="essential",
        autoreset_mode=AutoresetMode.DISABLED,
    )
    env = TransformedEnv(GymWrapper(envs, categorical_action_encoding=True), RewardSum())
    env.set_seed(seed)
    return env


def make_agent(env: TransformedEnv) -> tuple[ProbabilisticActor, ValueOperator]:
    """A policy and a value function."""
    actions = env.action_spec.space.n
    widths = {"num_cells": [128, 128], "activation_class": nn.Tanh}
    logits = TensorDictModule(
        MLP(in_features=60, out_features=actions, **widths), ["observation"], ["logits"]
    )
    actor = ProbabilisticActor(
        logits,
        spec=env.action_spec,
        in_keys=["logits"],
        distribution_class=torch.distributions.Categorical,
        return_log_prob=True,
    )
    return actor, ValueOperator(MLP(in_features=60, out_features=1, **widths))


def main() -> None:
    """Trains and prints the mean return of the episodes that ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=2_000_000)
    parser.add_argument("--games", type=int, default=32)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    env = make_env(args.games, args.seed)
    actor, critic = make_agent(env)
    loss_of = ClipPPOLoss(actor, critic, clip_epsilon=0.2, entropy_coeff=0.01, critic_coeff=0.5)
    estimate = GAE(gamma=0.995, lmbda=0.95, value_network=critic, average_gae=True)
    optimizer = torch.optim.Adam(loss_of.parameters(), lr=5e-4, eps=1e-5)
    collector = Collector(
        env, actor, frames_per_batch=ROLLOUT * args.games, total_frames=args.steps
    )
    steps = 0
    for rollout in collector:
        with torch.no_grad():
            estimate(rollout)
        rows = rollout.reshape(-1)
        for _ in range(EPOCHS):
            for chosen in torch.randperm(len(rows)).split(MINIBATCH):
                losses = loss_of(rows[chosen])
                loss = losses["loss_objective"] + losses["loss_critic"] + losses["loss_entropy"]
                optimizer.zero_grad()
                loss.backward()
                nn.utils.clip_grad_norm_(loss_of.parameters(), 0.5)
                optimizer.step()
        steps += len(rows)
        returns = rollout["next", "episode_reward"][rollout["next", "done"]]
        mean = returns.mean().item() if len(returns) else float("nan")
        print(f"{steps:,} steps, {len(returns)} episodes ended, mean return {mean:.2f}", flush=True)
    collector.shutdown()


if __name__ == "__main__":
    main()
