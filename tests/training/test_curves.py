"""Curves of a run: split times of its episodes, and a picture without empty panels."""

import json

import numpy as np
import pytest

from qwop_native import QwopEnv
from qwop_native.training.curves import draw
from qwop_native.training.splits import NAMES, Splits


def torso(meters):
    """Observations of games whose torsos are so far, float32 (n, 60)."""
    observations = np.zeros((len(meters), 60), np.float32)
    observations[:, 0] = QwopEnv().pos_x.normalize(np.array(meters, np.float32) * 10)
    return observations


def play(splits, *steps, success=False, frames=300, counts=True):
    """Two games; the first one's episode ends in the last step."""
    running = np.zeros(2, np.bool_)
    for meters in steps[:-1]:
        splits.step(torso(meters), running)
    splits.step(torso([95.0, steps[-1][1]]), np.array([True, False]))  # the next one starts there
    info = {
        "terminal_observation": torso([steps[-1][0]])[0],
        "is_success": success,
        "frames": frames,
    }
    splits.end(0, info, counts)


def test_splits_are_told_to_the_step():
    splits = Splits()
    play(splits, [4.0, 0.0], [10.5, 0.0], [19.0, 0.0], [31.0, 0.0])
    assert splits.means() == pytest.approx(
        {"split_10m": 5.0, "split_20m": 10.0, "split_30m": 10.0}, rel=1e-6
    )
    play(splits, [11.0, 0.0], [12.0, 0.0], frames=60)
    assert splits.means()["split_10m"] == pytest.approx((5.0 + 1.0) / 2)


def test_a_finish_ends_the_last_split_wherever_the_torso_is():
    splits = Splits()
    play(splits, [50.0, 0.0], [91.0, 0.0], [99.2, 0.0], success=True, frames=1200)
    assert list(splits.means()) == list(NAMES)
    assert splits.means()["split_100m"] == 40.0


def test_what_began_elsewhere_does_not_count():
    splits = Splits()
    play(splits, [85.0, 0.0], [86.0, 0.0], counts=False)
    assert splits.means() == {}


def test_splits_go_on_after_a_checkpoint():
    whole, first, second = Splits(), Splits(), Splits()
    play(whole, [12.0, 3.0], [12.0, 9.0])
    play(first, [12.0, 3.0], [12.0, 9.0])
    second.restore(json.loads(json.dumps(first.state())))
    for splits in (whole, second):
        play(splits, [12.0, 11.0], [22.0, 13.0])
    assert whole.means() == second.means()
    assert whole.state() == second.state()


def test_a_picture_has_panels_for_what_there_is_only(tmp_path, monkeypatch):
    pytest.importorskip("matplotlib")
    from matplotlib.figure import Figure

    made = []
    monkeypatch.setattr(Figure, "savefig", lambda self, *_, **__: made.append(self))
    point = {"user/distance": 3.0, "user/is_success": 0.0, "user/split_10m": 9.0}
    lines = [{"steps": steps, **point, "user/best_frames": 1500.0} for steps in (9000, 10_000)]
    (tmp_path / "history.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert draw(tmp_path) == tmp_path / "curves.png"
    axes = made[0].axes
    titles = [each.get_title(loc="left") for each in axes]
    assert titles == ["distance, m", "frames to 100 m", "split times of training episodes, s"]
    assert {each.get_xlim() for each in axes} == {(9000, 10_000)}
    assert all(each.lines for each in axes)


def test_without_points_there_is_no_picture(tmp_path):
    assert draw(tmp_path) is None
    (tmp_path / "history.jsonl").write_text('{"steps": 5}\n')
    assert draw(tmp_path) is None
