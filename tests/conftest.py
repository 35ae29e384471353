import os
from importlib.util import find_spec

import hypothesis

# A busy machine makes an example slow, which says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
# For a long search by hand: QWOP_HYPOTHESIS=thorough pytest tests/test_game_properties.py
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("QWOP_HYPOTHESIS", "project"))

# These need the packages of the extra train, which checks of the bare engine go without.
_OF_TRAINING = """
test_demonstrations.py test_imitation_learning.py test_prioritized_replay.py
test_rich_observation.py test_shaping.py test_snapshot_starts.py test_start_at.py
"""
collect_ignore = [] if find_spec("stable_baselines3") else _OF_TRAINING.split()
