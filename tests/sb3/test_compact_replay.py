"""The buffer that stores observations once: SB3's samples from half of the memory."""

import copy
import pickle

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import torch
from learner_reference import Every, drift_envs
from stable_baselines3.common.buffers import NStepReplayBuffer

from qwop_native.sb3 import QRDQN, CompactReplayBuffer, QwopVecEnv
from qwop_native.sb3._large_batch import LargeBatchKernel
from qwop_native.sb3.checkpoint import load_checkpoint, save_checkpoint
from qwop_native.training import config
from qwop_native.training.algorithms import CONFIGS, get_algorithm
from qwop_native.training.algorithms.value import keywords

pytestmark = pytest.mark.usefixtures("one_thread")

GAMES, POSITIONS = 3, 20


def buffers(added, **options):
    """Ours and SB3's with the same transitions of episodes of some steps."""
    env = drift_envs(1, size=4)
    kinds = CompactReplayBuffer, NStepReplayBuffer
    spaces = env.observation_space, env.action_space
    made = [kind(POSITIONS * GAMES, *spaces, "cpu", n_envs=GAMES, **options) for kind in kinds]
    rng = np.random.default_rng(2)
    seen = rng.standard_normal((GAMES, 4)).astype(np.float32)
    for _ in range(added):
        ends = rng.random(GAMES) < 0.2
        reached = rng.standard_normal((GAMES, 4)).astype(np.float32)
        actions, rewards = rng.integers(0, 3, GAMES), rng.standard_normal(GAMES)
        for buffer in made:
            buffer.add(seen, reached, actions, rewards, ends, [{}] * GAMES)
        again = rng.standard_normal((GAMES, 4)).astype(np.float32)
        seen = np.where(ends[:, None], again, reached)
    return made


@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("added", [7, 20, 33])
def test_samples_are_those_of_sb3s_buffer(n_steps, added, monkeypatch):
    ours, theirs = buffers(added, n_steps=n_steps, gamma=0.9)
    drawn = []
    original = np.random.randint

    def randint(*args, **options):
        drawn.append(original(*args, **options))
        return drawn[-1]

    monkeypatch.setattr(np.random, "randint", randint)
    got = ours.sample(300)
    first, games = drawn
    positions = (first + ours.pos) % POSITIONS if ours.full else first
    monkeypatch.setattr(np.random, "randint", lambda *_, **__: games)
    wanted = theirs._get_samples(positions)
    # What an episode that has ended leads to does not count, and is not kept.
    goes_on = wanted.dones[:, 0] == 0
    for name in ("observations", "actions", "dones", "rewards", "discounts"):
        torch.testing.assert_close(getattr(got, name), getattr(wanted, name), rtol=0, atol=0)
    torch.testing.assert_close(got.next_observations[goes_on], wanted.next_observations[goes_on])
    assert 20 < goes_on.sum() < 300
    assert set(positions) == set(range(ours.size())) - ({ours.pos} if ours.full else set())


def test_observations_are_stored_once_and_stay_so_in_copies():
    ours, theirs = buffers(33)
    stored = (POSITIONS + 1) * GAMES * 4 * 4
    assert ours.memory.nbytes == stored
    assert theirs.observations.nbytes + theirs.next_observations.nbytes > 1.9 * stored
    pickled = pickle.dumps(ours)
    assert len(pickled) < len(pickle.dumps(theirs)) - 0.9 * theirs.observations.nbytes
    for other in (copy.deepcopy(ours), pickle.loads(pickled)):
        np.testing.assert_array_equal(other.memory, ours.memory)
        other.next_observations[3] = 7.0
        assert (other.observations[4] == 7.0).all()
        assert not (ours.observations[4] == 7.0).any()


def test_an_episode_that_is_cut_off_is_refused():
    ours, _ = buffers(5)
    rows = np.zeros((GAMES, 4), np.float32)
    infos = [{}, {"TimeLimit.truncated": True}, {}]
    numbers = np.zeros(GAMES)
    before = pickle.dumps(ours)
    with pytest.raises(ValueError, match=r"an episode was cut off \(TimeLimit.truncated\)"):
        ours.add(rows, rows, numbers, numbers, numbers, infos)
    assert pickle.dumps(ours) == before
    with pytest.raises(ValueError, match="an episode was cut off"):
        small(drift_envs(3, size=4, limit=8)).learn(200)
    without = small(
        drift_envs(3, size=4, limit=8), replay_buffer_kwargs={"handle_timeout_termination": False}
    )
    without.learn(200)
    assert without.native_refusal is None


def test_bad_input():
    for options, said in [
        ({"n_steps": 0}, "n_steps must be 1 or more, got 0"),
        ({"optimize_memory_usage": True}, "stores observations once by itself"),
    ]:
        with pytest.raises(ValueError, match=said):
            buffers(0, **options)
    with pytest.raises(ValueError, match="n_steps is 3 and replay_buffer_kwargs has n_steps=2"):
        small(replay_buffer_kwargs={"n_steps": 2})
    with pytest.raises(ValueError, match="buffer_size must be smaller"):
        small(buffer_size=10**12)


# ---- the class ---------------------------------------------------------------------------------


def small(env=None, **options):
    given = {
        "buffer_size": 320,
        "learning_starts": 60,
        "batch_size": 32,
        "learning_rate": 1e-3,
        "train_freq": 1,
        "gradient_steps": 2,
        "target_update_interval": 60,
        "n_steps": 3,
        "gamma": 0.9,
        "seed": 3,
        "device": "cpu",
        "policy_kwargs": {"net_arch": [24, 16], "n_quantiles": 8},
        "replay_buffer_class": CompactReplayBuffer,
        **options,
    }
    return QRDQN("MlpPolicy", QwopVecEnv(8, 4, seed=1) if env is None else env, **given)


def same(one, other):
    both = zip(one.policy.parameters(), other.policy.parameters(), strict=True)
    return all(torch.equal(a, b) for a, b in both)


@pytest.mark.parametrize("overlap", [False, True])
def test_training_is_that_of_sb3s_buffer_until_it_is_full(overlap):
    options = {"buffer_size": 1600, "overlap": overlap, "exploration_per_env": True}
    compact = small(**options).learn(1500)
    other = small(**options, replay_buffer_class=None).learn(1500)
    assert type(compact._kernel) is LargeBatchKernel
    assert (compact.replay_buffer.n_steps, compact.replay_buffer.gamma) == (3, 0.9)
    assert not compact.replay_buffer.full
    assert same(compact, other)


def test_what_is_being_written_is_never_drawn(monkeypatch):
    drawn_at, original = [], LargeBatchKernel.draw_but

    def draw_but(self, buffer, count, oldest):
        drawn = original(self, buffer, count, oldest)
        drawn_at.append((oldest, set((drawn.positions - buffer.pos) % buffer.buffer_size)))
        return drawn

    monkeypatch.setattr(LargeBatchKernel, "draw_but", draw_but)
    for overlap, written in ((False, 1), (True, 2)):
        drawn_at.clear()
        small(overlap=overlap, exploration_per_env=overlap).learn(1600)
        assert len(drawn_at) > 50
        assert {oldest for oldest, _ in drawn_at} == {written}
        assert set().union(*(places for _, places in drawn_at)) == set(range(written, 40))


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("at", [160, 640])
def test_training_goes_on_from_a_checkpoint(tmp_path, overlap, at):
    """At 160 steps the buffer is half full, at 640 it has wrapped around."""
    path = tmp_path / "a.ckpt"

    def keep(model):
        if model.num_timesteps == at:
            save_checkpoint(path, model)

    whole = small(overlap=overlap, exploration_per_env=overlap)
    whole.learn(1200, callback=Every(keep))
    resumed = load_checkpoint(path, QwopVecEnv(8, 4, seed=1))
    assert np.shares_memory(
        resumed.replay_buffer.observations, resumed.replay_buffer.next_observations
    )
    resumed.learn(1200 - at, reset_num_timesteps=False)
    assert same(resumed, whole)
    np.testing.assert_array_equal(resumed.replay_buffer.memory, whole.replay_buffer.memory)


def test_a_setting_chooses_it():
    words = ["learner.optimize_memory_usage=true"]
    run = config.load(CONFIGS / "qrdqn_record.yml", words, get_algorithm("qrdqn"))
    given = keywords(run.learner, run.games.num_envs)
    assert given["replay_buffer_class"] is CompactReplayBuffer
    assert given["optimize_memory_usage"] is False
    assert given["n_steps"] == run.learner.n_steps
