"""PPO with RLlib's new API stack (pip install 'ray[rllib]').

python examples/rllib_ppo.py --iterations 100

RLlib asks gymnasium for a vector environment by the id, so each of its runners steps one native
engine. Ray starts processes of its own, in which `make` registers the environment.
"""

from __future__ import annotations

import argparse

import gymnasium as gym
from ray.rllib.algorithms.ppo import PPOConfig
from ray.rllib.core.rl_module.default_model_config import DefaultModelConfig

import qwop_native  # noqa: F401  registers QWOP-v1


def config(games: int, steps: int, seed: int) -> PPOConfig:
    """Settings of a run."""
    return (
        PPOConfig()
        # The part before the colon is imported by gymnasium wherever the environment is made.
        .environment(
            "qwop_native:QWOP-v1", env_config={"frames_per_step": 4, "action_set": "essential"}
        )
        .env_runners(
            num_env_runners=0,
            num_envs_per_env_runner=games,
            gym_env_vectorize_mode=gym.VectorizeMode.VECTOR_ENTRY_POINT,
        )
        .rl_module(
            model_config=DefaultModelConfig(fcnet_hiddens=[128, 128], fcnet_activation="tanh")
        )
        .training(
            lr=5e-4,
            gamma=0.995,
            lambda_=0.95,
            clip_param=0.2,
            vf_clip_param=1000.0,
            entropy_coeff=0.01,
            num_epochs=4,
            train_batch_size_per_learner=steps,
            minibatch_size=min(steps, 1024),
        )
        .debugging(seed=seed)
    )


def main() -> None:
    """Trains and prints the mean return of the episodes that ended."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=100)
    parser.add_argument("--games", type=int, default=32)
    parser.add_argument("--steps", type=int, default=4096, help="steps of an iteration")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    algorithm = config(args.games, args.steps, args.seed).build_algo()
    for _ in range(args.iterations):
        result = algorithm.train()
        runners = result["env_runners"]
        steps, mean = (
            runners["num_env_steps_sampled_lifetime"],
            runners.get("episode_return_mean", float("nan")),
        )
        print(f"{int(steps):,} steps, mean return {mean:.2f}", flush=True)
    algorithm.stop()


if __name__ == "__main__":
    main()
