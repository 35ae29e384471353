"""Demonstrations that the tests make themselves."""

import torch

from qwop_native import Keys, QwopEnv
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.recording import Recorder
from qwop_native.training.imitation.sources import from_recordings

# Two threads that share busy cores wait for each other most of the time.
torch.set_num_threads(1)

ARGUMENTS = {"frames_per_step": 4, "action_set": "essential"}

# Two meters before it falls.
HOP = [6, 7, 3, 6, 2, 1, 1, 1, 5, 3, 1, 6, 2, 6, 3, 3, 8, 5, 1, 7, 3, 0, 3, 4, 6, 6, 7, 7]


def recording():
    """A run of `HOP` and the fall after it, as a recording."""
    recorder = Recorder()
    recorder.start()
    recorder.reset()
    for action in HOP:
        recorder.step(int(ACTION_SETS["essential"][action]), 4)
    while not recorder.game.game_ended:
        recorder.step(Keys.Q | Keys.P, 4)
    return recorder.recording()


def demonstrations(env=None):
    return from_recordings([recording()], env or QwopEnv(**ARGUMENTS))
