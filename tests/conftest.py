import os

import hypothesis

# A busy machine makes an example slow, which says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
# For a long search by hand: QWOP_HYPOTHESIS=thorough pytest tests/test_game_properties.py
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("QWOP_HYPOTHESIS", "project"))
