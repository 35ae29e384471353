"""Demonstrations: made by playing, of any length, and kept whole."""

import numpy as np
import pytest
from gymnasium.wrappers import TimeLimit
from imitation_demonstrations import ARGUMENTS, HOP, demonstrations, recording

from qwop_native import Keys, QwopEnv
from qwop_native.qwop_gym.rec import Rec, RecEpisode
from qwop_native.training.imitation.demonstrations import Demonstrations, joined
from qwop_native.training.imitation.sources import actions_of, collect, from_recordings, read
from qwop_native.wrappers import RichObservation


def scripted(actions):
    """A policy that does not look."""
    left = iter(actions)
    return lambda _observation: next(left, 6)


def test_a_recording_is_played_exactly():
    data = demonstrations()
    assert data.actions[: len(HOP)].tolist() == HOP
    game = recording().play()
    env = QwopEnv(**ARGUMENTS)
    last = env.pos_x.denormalize(data.next_observations[-1, 0])
    assert last == pytest.approx(game.bodies[0, 0], abs=1e-4)
    assert data.dones.tolist() == [False] * (len(data) - 1) + [True]
    assert data.rewards[-1] < -5  # the cost of the fall
    np.testing.assert_array_equal(data.observations[1:], data.next_observations[:-1])
    assert data.about["distances"] == [round(float(game.bodies[0, 0]) / 10, 3)]


def test_recordings_of_an_environment_keep_every_reward():
    played = collect(scripted(HOP), QwopEnv(**ARGUMENTS), 1)
    rec = Rec(0, (RecEpisode(tuple(played.actions.tolist())),))
    env = QwopEnv(**ARGUMENTS)
    env.reset(seed=0)
    env.reset()
    rewards = [env.step(action)[1] for action in played.actions.tolist()]
    del env
    assert rec.episodes
    assert played.rewards[1:] == pytest.approx(np.array(rewards[1:], np.float32))


def test_rec_files(tmp_path):
    env = QwopEnv(**ARGUMENTS)
    env.reset(seed=0)
    episodes = []
    for skip in (True, False, False):
        env.reset()
        actions, over = [], False
        while not over:
            count = len(actions)
            actions.append(HOP[count + 3 * len(episodes)] if count < 10 else 6)
            observation, _, over, *_ = env.step(actions[-1])
        episodes.append(RecEpisode(tuple(actions), skip))
    Rec(0, tuple(episodes)).save(tmp_path / "runs.rec")
    data = read([str(tmp_path / "*.rec")], QwopEnv(**ARGUMENTS))
    assert data.lengths.tolist() == [len(each.actions) for each in episodes[1:]]
    assert data.actions.tolist() == [*episodes[1].actions, *episodes[2].actions]
    assert data.ended.all()
    assert data.next_observations[-1].tobytes() == observation.tobytes()


def test_lengths_differ_and_limits_are_no_ends():
    env = TimeLimit(QwopEnv(**ARGUMENTS), 20)
    data = collect(lambda observation: 0 if observation[0] < 0 else 6, env, 3)
    assert data.lengths.tolist() == [20, 19, 18]
    assert not data.dones.any()
    assert not data.ended.any()
    falls = collect(lambda _: 6, QwopEnv(**ARGUMENTS), 3)
    assert falls.ended.all()
    both = joined([data, falls])
    assert both.lengths.tolist() == [*data.lengths, *falls.lengths]
    assert [len(both.actions[each]) for each in both.episodes()] == both.lengths.tolist()
    with pytest.raises(ValueError, match=r"no episode reached 50 m; they reached -?0\."):
        collect(lambda _: 6, QwopEnv(**ARGUMENTS), 2, min_distance=50)


def test_files(tmp_path):
    data = demonstrations()
    path = tmp_path / "demos.npz"
    data.save(path)
    loaded = Demonstrations.load(path)
    for name in ("observations", "actions", "rewards", "next_observations", "dones", "bounds"):
        assert getattr(loaded, name).tobytes() == getattr(data, name).tobytes()
    assert dict(loaded.about) == dict(data.about)
    assert read([str(path)], QwopEnv(**ARGUMENTS)).about["env"]["frames_per_step"] == 4
    whole = path.read_bytes()
    (tmp_path / "bad.npz").write_bytes(whole[:-300])
    with pytest.raises(ValueError, match=r"bad\.npz is not a whole file of demonstrations"):
        Demonstrations.load(tmp_path / "bad.npz")
    with pytest.raises(FileNotFoundError, match=r"no file of demonstrations .*none\.npz"):
        read([str(tmp_path / "none.npz")], QwopEnv())


def test_files_of_qwop_rl(tmp_path):
    data = demonstrations()
    np.savez(
        tmp_path / "demos.npz",
        obs=np.concatenate([data.observations] * 2),
        actions=np.concatenate([data.actions] * 2),
        rewards=np.concatenate([data.rewards] * 2),
        next_obs=np.concatenate([data.next_observations] * 2),
        dones=np.concatenate([data.dones] * 2),
    )
    assert Demonstrations.load(tmp_path / "demos.npz").lengths.tolist() == [len(data)] * 2


def test_observations_are_those_of_the_wrapped_environment():
    data = demonstrations(RichObservation(QwopEnv(**ARGUMENTS)))
    assert data.observations.shape[1] > 100
    np.testing.assert_array_equal(data.observations[:, :60], demonstrations().observations)
    with pytest.raises(ValueError, match="columns, the model has 60"):
        data.require(60, 9)
    with pytest.raises(ValueError, match="collect them with the model's action set"):
        data.require(data.observations.shape[1], 3)


def test_keys_become_actions():
    env = QwopEnv(frames_per_step=2, action_set="reduced")
    both = Keys.Q | Keys.W
    assert actions_of(np.array([both, Keys.Q, Keys.O, Keys.O], np.uint8), env) == [1, 3]
    with pytest.raises(ValueError, match="change within a step"):
        actions_of(np.array([1, 2], np.uint8), env)
    with pytest.raises(ValueError, match="no action of the reduced set presses"):
        actions_of(np.array([5, 5], np.uint8), env)
    with pytest.raises(ValueError, match="essential"):
        from_recordings([recording()], QwopEnv(frames_per_step=4, action_set="reduced"))
    with pytest.raises(ValueError, match="sincos"):
        from_recordings([recording()], QwopEnv(sincos="fdlibm"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"actions": np.zeros(3, np.int64)}, "equally long"),
        ({"bounds": np.array([0, 5])}, "bounds"),
        ({"bounds": np.array([0, 3, 3, 4])}, "bounds"),
        ({"next_observations": np.zeros((4, 2), np.float32)}, "equally long"),
    ],
)
def test_refusals(change, message):
    columns = {
        "observations": np.zeros((4, 3), np.float32),
        "actions": np.zeros(4, np.int64),
        "rewards": np.zeros(4, np.float32),
        "next_observations": np.zeros((4, 3), np.float32),
        "dones": np.zeros(4, np.bool_),
        "bounds": np.array([0, 4]),
    }
    Demonstrations(**columns)
    with pytest.raises(ValueError, match=message):
        Demonstrations(**{**columns, **change})
