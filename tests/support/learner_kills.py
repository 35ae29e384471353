"""Kills a training at random moments until it is over; prints what became of it as JSON.

Run by test_learner_checkpoint.py in an interpreter of its own, from which it forks the trainings.

Usage: learner_kills.py FOLDER KILLS SEED
"""

import json
import os
import random
import signal
import sys
import time
from pathlib import Path

import numpy as np
import torch

from qwop_native.sb3 import QRDQN, QwopVecEnv
from qwop_native.sb3.checkpoint import Checkpoints, load_checkpoint

TOTAL = 12_000
OPTIONS = {
    "learning_rate": lambda left: 1e-3 * left,
    "buffer_size": 2000,
    "learning_starts": 800,
    "batch_size": 32,
    "gamma": 0.99,
    "train_freq": 4,
    "target_update_interval": 128,
    "exploration_fraction": 0.5,
    "exploration_initial_eps": 0.5,
    "policy_kwargs": {"net_arch": [32, 32], "n_quantiles": 40},
    "seed": 3,
    "device": "cpu",
}


def train(folder):
    env = QwopVecEnv(8, 1, max_episode_steps=100, frames_per_step=4, reduced_action_set=True)
    path = folder / "training.checkpoint"
    model = load_checkpoint(path, env) if path.exists() else QRDQN("MlpPolicy", env, **OPTIONS)
    model.learn(
        TOTAL - model.num_timesteps,
        callback=Checkpoints(path, 96),
        reset_num_timesteps=False,
    )
    state = {name: value.numpy() for name, value in model.policy.state_dict().items()}
    moments = model.policy.optimizer.state.values()
    state |= {f"adam {i}": moment["exp_avg_sq"].numpy() for i, moment in enumerate(moments)}
    state["actions"] = model.replay_buffer.actions
    state["observations"] = model.replay_buffer.observations
    state["next draw"] = np.random.rand(1)
    part = folder / "result.part.npz"
    np.savez(part, **state)
    part.rename(folder / "result.npz")


def forked(folder, wait=None):
    """Trains in another process, which is killed after a while; returns whether it was."""
    child = os.fork()
    if child == 0:
        try:
            train(folder)
            os._exit(0)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
    if wait is not None:
        time.sleep(wait)
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status) != 0:
        raise SystemExit("a training failed")
    return os.WIFSIGNALED(status)


def main(folder, kills, seed):
    torch.set_num_threads(1)
    whole, broken = folder / "whole", folder / "broken"
    for each in (whole, broken):
        each.mkdir()
    start = time.monotonic()
    forked(whole)
    duration = time.monotonic() - start
    chance = random.Random(seed)
    killed = 0
    while killed < kills and not (broken / "result.npz").exists():
        killed += forked(broken, chance.uniform(0.02, 2.5 * duration / kills))
    forked(broken)
    results = [np.load(each / "result.npz") for each in (whole, broken)]
    equal = {name: results[0][name].tobytes() == results[1][name].tobytes() for name in results[0]}
    print(json.dumps({"killed": killed, "equal": equal}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
