"""The benchmarks' own parts; what they measure is never asserted on."""

import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from qwop_native import Game

ROOT = Path(__file__).parents[1]
REPORTED = (
    "torso head leftArm leftCalf leftFoot leftForearm leftThigh "
    "rightArm rightCalf rightFoot rightForearm rightThigh"
).split()

# SWIG's own types, on import of Box2D's binding.
pytestmark = pytest.mark.filterwarnings("ignore:builtin type:DeprecationWarning")


@pytest.fixture
def benchmark(monkeypatch):
    """Imports a module of benchmarks/, which is not installed."""
    monkeypatch.setattr(sys, "path", [*sys.path, str(ROOT)])
    return lambda name: importlib.import_module(f"benchmarks.{name}")


def test_ratio_and_table(benchmark):
    report = benchmark("report")
    slow = report.Measurement("slow", "frames/s", (1000.0, 2000.0, 4000.0))
    fast = report.Measurement("fast", "frames/s", (3000.0, 5000.0, 8000.0))
    quotient = report.ratio("fast / slow", fast, slow)
    assert quotient.values == (3.0, 2.5, 2.0)
    assert (quotient.low, quotient.median, quotient.high) == (2.0, 2.5, 3.0)
    assert report.table([slow, quotient]).splitlines()[1:] == [
        "slow          2,000   1,000    4,000  frames/s",
        "fast / slow    2.50    2.00     3.00  x",
    ]


def test_ratio_of_different_repeats(benchmark):
    report = benchmark("report")
    one = report.Measurement("one", "s", (1.0,))
    two = report.Measurement("two", "s", (1.0, 2.0))
    with pytest.raises(ValueError, match="argument 2 is longer"):
        report.ratio("x", one, two)


def test_json(benchmark, tmp_path):
    report, machine = benchmark("report"), benchmark("machine")
    path = tmp_path / "out.json"
    measurements = [report.Measurement("m", "frames/s", (1.0, 3.0, 2.0))]
    report.save_json(path, "test", machine.describe("numpy"), {"frames": 1}, measurements)
    saved = json.loads(path.read_text())
    assert saved["measurements"] == [
        {"name": "m", "unit": "frames/s", "median": 2.0, "values": [1.0, 3.0, 2.0]}
    ]
    assert saved["machine"]["packages"]["numpy"] == np.__version__
    assert saved["machine"]["processor"]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("keys", [0, 1 | 4, 2 | 8])
def test_box2d_ragdoll_is_the_games(benchmark, keys):
    """The first frames after a reset, before float32 and Box2D's thicker skins tell."""
    pytest.importorskip("Box2D")
    ragdoll = benchmark("box2d_ragdoll").Box2dRagdoll()
    game = Game()
    game.start()
    game.reset()
    for frame in range(3):
        if frame:
            game.step(keys)
        ragdoll.prepare(keys if frame else 0)
        ragdoll.world.Step(0.04, 5, 5)
        bodies = [ragdoll.bodies[name] for name in REPORTED]
        poses = [(*body.position, body.angle) for body in bodies]
        assert np.abs(np.array(poses) - game.bodies[:, :3]).max() < 2e-2, frame
        assert not ragdoll.fallen


def test_peers(benchmark):
    pytest.importorskip("Box2D")
    measurements = benchmark("peers").measure(frames=200, repeats=2, seed=1, sincos="glibc")
    assert all(m.low > 0 for m in measurements)
    assert [len(m.values) for m in measurements[:5]] == [2] * 5
