"""The wrappers that qwop-gym's files of settings name."""

import numpy as np
import pytest

from qwop_native import QwopEnv
from qwop_native.qwop_gym.rec import load_rec
from qwop_native.wrappers import AbsorbWrapper, RecordWrapper, VerboseWrapper

FALL, FALL_BACK = 3, 7  # holding O, or Q and O, ends soon: beyond the start or before it


def play(env, action=FALL):
    _, info = env.reset()
    for steps in range(1, 1000):
        observation, _, terminated, _, info = env.step(action)
        if terminated:
            return steps, observation, info
    raise AssertionError("no end")


def test_verbose_prints_each_step_and_a_summary(capsys):
    env = VerboseWrapper(QwopEnv(frames_per_step=4, seed=1))
    steps, _, info = play(env)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == steps + 1
    assert lines[0].startswith("    1 |  3 | ..O. | ")
    assert lines[-1].startswith(f"game over: {info['distance']:.1f} m in {info['frames']} frames")
    env.disable_verbose_wrapper()
    play(env)
    assert capsys.readouterr().out == ""


def test_absorb_repeats_the_last_step_until_a_reset():
    env = AbsorbWrapper(QwopEnv(frames_per_step=4, seed=1))
    env.reset()
    steps = [env.step(FALL) for _ in range(300)]
    assert not any(terminated for _, _, terminated, _, _ in steps)
    assert env.unwrapped.game.game_ended
    np.testing.assert_array_equal(steps[-1][0], steps[-2][0])
    env.reset()
    assert (env.step(0)[0] != steps[-1][0]).any()


def test_record_writes_what_qualifies_with_what_came_before(tmp_path):
    path = tmp_path / "new" / "a.rec"
    env = RecordWrapper(QwopEnv(frames_per_step=4, seed=7), str(path), min_distance=0)
    lengths, kept = [], []
    for action in (FALL_BACK, FALL, FALL_BACK, FALL, FALL_BACK):
        steps, _, info = play(env, action)
        lengths.append(steps)
        kept.append(bool(info["distance"] >= 0))
    assert kept == [False, True, False, True, False]
    rec = load_rec(path)
    assert rec.seed == 7
    assert [len(episode.actions) for episode in rec.episodes] == lengths[:4]
    assert [not episode.skip for episode in rec.episodes] == kept[:4]
    with pytest.raises(FileExistsError, match="is there already"):
        RecordWrapper(QwopEnv(), str(path))
