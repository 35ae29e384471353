"""The fastest that this project knows: a policy, and runs found by search.

The files beside this one are made by `python -m train.sprint` and `qwop-native search`;
`qwop-native champion` proves what is said of them.
"""

from pathlib import Path

POLICY = Path(__file__).with_name("policy.zip")
"""A zip of Stable-Baselines3's PPO on the environment's own observation, to be played greedily
with the essential action set and three frames a step."""

FRAMES_PER_STEP = 3


def runs() -> list[Path]:
    """The recordings, fastest first within each flavour of sine and cosine."""
    return sorted(Path(__file__).parent.glob("*.qwop"))
