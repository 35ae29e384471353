"""The fastest that this project knows: a policy, and runs found by search.

`qwop_native.training.sprint` makes the policy beside this file; the runs were found with the parts
of `qwop_native.search`, as docs/record.md tells. `qwop-native champion` proves all of them.
"""

from pathlib import Path

POLICY = Path(__file__).with_name("policy.zip")
"""A zip of Stable-Baselines3's PPO on the environment's own observation, to be played greedily
with the essential action set and one frame a step."""

FRAMES_PER_STEP = 1


def runs() -> list[Path]:
    """The recordings, by name."""
    return sorted(Path(__file__).parent.glob("*.qwop"))
