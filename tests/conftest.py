import os
import signal
import sys
from importlib.util import find_spec

import hypothesis
import pytest

# A shell ignores Ctrl-C for what it runs in the background, and programs hand that on to theirs.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Tests run side by side, one process a core: torch with a thread for each core would only make them
# wait for each other. Read when torch is imported, so it is set before.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A busy machine makes an example slow, which says nothing about the code.
hypothesis.settings.register_profile("project", deadline=None)
# For a long search by hand: QWOP_HYPOTHESIS=thorough pytest tests/test_game_properties.py
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=2000)
hypothesis.settings.load_profile(os.environ.get("QWOP_HYPOTHESIS", "project"))

# Folders whose tests need the packages of the extra train, which the bare engine goes without.
_OF_TRAINING = ("sb3", "training", "champion")
collect_ignore = [] if find_spec("stable_baselines3") else list(_OF_TRAINING)


@pytest.fixture
def one_thread():
    """Torch on one thread, whatever the tests before have left."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(autouse=True)
def _no_curves(monkeypatch):
    """Spares runs within a test the picture of their curves, most of a small run's time.

    `test_a_whole_run` makes one in a process of its own.
    """
    curves = sys.modules.get("qwop_native.training.curves")
    if curves is not None:
        monkeypatch.setattr(curves, "draw", lambda folder: None)
