"""The benchmark of the record's QR-DQN: both sides are what they say, and their ratio is told."""

import pytest

pytest.importorskip("sb3_contrib")

from qwop_native.benchmarking import record_training
from qwop_native.benchmarking.record_training import PlainTorch
from qwop_native.sb3 import QRDQN


def test_the_record_is_measured_beside_plain_torch(monkeypatch):
    # Small enough for a test; the settings of the algorithm stay the record's.
    monkeypatch.setattr(record_training, "_BUFFER", 20_000)
    monkeypatch.setattr(record_training, "_STEPS", {"plain torch": 2, "native": 2})
    monkeypatch.setattr(record_training, "THREADS", (1,))
    made = {}
    make = record_training._model
    monkeypatch.setattr(record_training, "_model", lambda kind: made.setdefault(kind, make(kind)))
    plain, native, times = record_training.measure(1)
    assert (made[QRDQN]._kernel is not None, made[QRDQN].native_refusal) == (True, None)
    assert made[PlainTorch]._kernel is None
    assert made[QRDQN].overlap
    assert times.median == pytest.approx(native.median / plain.median)
    assert times.name == "qrdqn-record: native / plain torch, 1 thread"


def test_more_cores_than_there_are_is_said():
    wanted = 4096
    with (
        pytest.raises(ValueError, match=f"needs {wanted} cores, this program may use"),
        record_training._cores(wanted),
    ):
        pass
