"""Which replay buffers the native learners and their checkpoints know."""

from __future__ import annotations

from stable_baselines3.common.buffers import NStepReplayBuffer, ReplayBuffer

from qwop_native.sb3.compact_replay import CompactReplayBuffer
from qwop_native.sb3.prioritized_replay import PrioritizedReplayBuffer

OWN_BUFFERS = (PrioritizedReplayBuffer, CompactReplayBuffer)
"""Those of this package: they sum rewards themselves, and stock's kernel does not read them."""

BUFFERS = (ReplayBuffer, NStepReplayBuffer, *OWN_BUFFERS)
