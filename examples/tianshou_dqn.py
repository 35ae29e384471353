"""DQN with Tianshou 2 (pip install tianshou).

python examples/tianshou_dqn.py --epochs 100

Tianshou steps vector environments of its own, one gymnasium environment a game. The games are the
native ones, but each step of each is a call from Python.
"""

from __future__ import annotations

import argparse

import gymnasium as gym
from tianshou.algorithm import DQN
from tianshou.algorithm.modelfree.dqn import DiscreteQLearningPolicy
from tianshou.algorithm.optim import AdamOptimizerFactory
from tianshou.data import Collector, VectorReplayBuffer
from tianshou.env import DummyVectorEnv
from tianshou.trainer import OffPolicyTrainerParams
from tianshou.utils.net.common import Net

import qwop_native  # noqa: F401  registers QWOP-v1


def make() -> gym.Env:
    """One game."""
    return gym.make("QWOP-v1", frames_per_step=4, action_set="essential")


def main() -> None:
    """Trains and prints the mean return of greedy episodes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--steps", type=int, default=20_000, help="steps of an epoch")
    parser.add_argument("--games", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    training, test = (DummyVectorEnv([make] * count) for count in (args.games, 4))
    training.seed(args.seed)
    test.seed(args.seed)
    actions = make().action_space
    network = Net(state_shape=60, action_shape=actions.n, hidden_sizes=[128, 128])
    policy = DiscreteQLearningPolicy(
        model=network, action_space=actions, eps_training=0.1, eps_inference=0.01
    )
    algorithm = DQN(
        policy=policy,
        optim=AdamOptimizerFactory(lr=5e-4),
        gamma=0.98,
        n_step_return_horizon=3,
        target_update_freq=200,
    )
    replay = VectorReplayBuffer(200_000, args.games)
    result = algorithm.run_training(
        OffPolicyTrainerParams(
            training_collector=Collector(algorithm, training, replay, exploration_noise=True),
            test_collector=Collector(algorithm, test),
            max_epochs=args.epochs,
            epoch_num_steps=args.steps,
            collection_step_num_env_steps=args.games * 4,
            test_step_num_episodes=4,
            batch_size=256,
            update_step_num_gradient_steps_per_sample=1 / 16,
            show_progress=False,
        )
    )
    print(f"best mean return of 4 greedy episodes: {result.best_score:.2f}")


if __name__ == "__main__":
    main()
