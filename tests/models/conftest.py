import pytest

pytest.importorskip("stable_baselines3")
pytest.importorskip("sb3_contrib")
