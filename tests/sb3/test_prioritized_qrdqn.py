"""Prioritized replay: the buffer against SB3's, and QRDQN's updates from it against torch."""

import copy
import pickle

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import torch
from learner_reference import Every, drift_envs
from stable_baselines3.common.buffers import NStepReplayBuffer

from qwop_native.sb3 import DQN, QRDQN, PrioritizedReplayBuffer, QwopVecEnv, SlowPathWarning
from qwop_native.sb3 import _torch_update as twin
from qwop_native.sb3._drawn import Drawn
from qwop_native.sb3._large_batch import LargeBatchKernel
from qwop_native.sb3.checkpoint import load_checkpoint, save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")


# ---- the buffer --------------------------------------------------------------------------------


def buffer_of(kind, rng, positions=20, games=3, added=33, **options):
    env = drift_envs(1, size=4)
    buffer = kind(
        positions * games,
        env.observation_space,
        env.action_space,
        "cpu",
        n_envs=games,
        **options,
    )
    for _ in range(added):
        ends = rng.random(games) < 0.2
        infos = [{"TimeLimit.truncated": bool(end and rng.random() < 0.5)} for end in ends]
        rows = rng.standard_normal((2, games, 4)).astype(np.float32)
        buffer.add(*rows, rng.integers(0, 3, games), rng.standard_normal(games), ends, infos)
    return buffer


@pytest.mark.parametrize("n_steps", [1, 4])
@pytest.mark.parametrize("added", [7, 33])
def test_samples_are_those_of_sb3s_buffer(n_steps, added, monkeypatch):
    options = {"added": added, "n_steps": n_steps, "gamma": 0.9}
    ours, theirs = (
        buffer_of(kind, np.random.default_rng(2), **options)
        for kind in (PrioritizedReplayBuffer, NStepReplayBuffer)
    )
    rng = np.random.default_rng(3)
    positions, games = rng.integers(0, ours.size(), 200), rng.integers(0, 3, 200)
    got = ours.samples(Drawn(positions, games))
    monkeypatch.setattr(np.random, "randint", lambda *_, **__: games)
    wanted = theirs._get_samples(positions)
    for one, other in zip(got, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6)


def test_new_transitions_have_the_greatest_priority_and_errors_become_priorities():
    buffer = buffer_of(
        PrioritizedReplayBuffer, np.random.default_rng(0), added=4, alpha=0.5, epsilon=0.25
    )
    np.testing.assert_array_equal(buffer.priorities[:4], 1.0)
    assert not buffer.priorities[4:].any()
    errors = np.array([2.0, 0.0, 8.75], np.float32)
    buffer.update_priorities(Drawn(np.array([1, 2, 2]), np.array([0, 1, 2]), None, errors))
    assert buffer.priorities[1, 0] == 1.5
    assert buffer.priorities[2].tolist() == [1.0, 0.5, 3.0]
    np.random.seed(0)
    drawn = buffer.draw(50)
    at = buffer.priorities[drawn.positions, drawn.games]
    np.testing.assert_allclose(drawn.importance, (at / at.min()) ** -0.4, rtol=1e-6)
    assert drawn.importance.max() == 1.0
    buffer.stored(4)
    assert buffer.priorities[4].tolist() == [3.0] * 3
    buffer.reset()
    assert not buffer.priorities.any()
    with pytest.raises(ValueError, match="nothing to draw"):
        buffer.draw(3)


def test_buffers_are_copied_and_pickled_with_their_priorities():
    buffer = buffer_of(PrioritizedReplayBuffer, np.random.default_rng(0))
    buffer.update_priorities(buffer.draw(8)._replace(errors=np.arange(8, dtype=np.float32)))
    for other in (copy.deepcopy(buffer), pickle.loads(pickle.dumps(buffer))):
        np.testing.assert_array_equal(other.priorities, buffer.priorities)
        np.random.seed(1)
        drawn = buffer.draw(30)
        np.random.seed(1)
        again = other.draw(30)
        assert all(np.array_equal(*pair) for pair in zip(drawn, again, strict=True))
        other.retire(2)
        assert buffer.priorities[2].all()


def test_bad_input():
    for options, said in [
        ({"alpha": -0.1}, "alpha must be from 0 to 1, got -0.1"),
        ({"alpha": float("nan")}, "alpha must be from 0 to 1, got nan"),
        ({"beta": 1.5}, "beta must be from 0 to 1, got 1.5"),
        ({"epsilon": 0.0}, "epsilon must be above 0 and finite, got 0.0"),
        ({"n_steps": 0}, "n_steps must be 1 or more, got 0"),
        ({"optimize_memory_usage": True}, "needs optimize_memory_usage to be False"),
    ]:
        with pytest.raises(ValueError, match=said):
            buffer_of(PrioritizedReplayBuffer, np.random.default_rng(0), **options)
    buffer = buffer_of(PrioritizedReplayBuffer, np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"must be of shape \(20, 3\), got \(3, 20\)"):
        buffer.priorities = np.ones((3, 20))
    drawn = buffer.draw(2)
    before = buffer.priorities
    drawn.errors[1] = np.nan
    with pytest.raises(ValueError, match="a loss is not finite"):
        buffer.update_priorities(drawn)
    np.testing.assert_array_equal(buffer.priorities, before)
    with pytest.raises(ValueError, match="n_steps is 3 and replay_buffer_kwargs has n_steps=2"):
        small(replay_buffer_kwargs={"n_steps": 2})
    with pytest.raises(ValueError, match="buffer_size must be smaller"):
        small(buffer_size=10**12)


# ---- the class ---------------------------------------------------------------------------------


def small(env=None, **options):
    given = {
        "buffer_size": 300,
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
        "policy_kwargs": {"net_arch": [24, 16], "n_quantiles": 8, "layer_norm": True},
        "replay_buffer_class": PrioritizedReplayBuffer,
        "replay_buffer_kwargs": {"alpha": 0.6},
        **options,
    }
    return QRDQN("MlpPolicy", drift_envs(3, size=4) if env is None else env, **given)


def parameters(model):
    return [p.detach().numpy().copy() for p in model.policy.parameters()]


def same(one, other):
    both = zip(parameters(one), parameters(other), strict=True)
    equal = all(np.array_equal(a, b) for a, b in both)
    return equal and np.array_equal(one.replay_buffer.priorities, other.replay_buffer.priorities)


TARGETS = {"plain": {}, "double": {"double_q": True}, "munchausen": {"munchausen_alpha": 0.9}}


@pytest.mark.parametrize("targets", TARGETS)
def test_updates_are_the_twins(targets):
    native, other = (small(**TARGETS[targets]).learn(400) for _ in range(2))
    assert type(native._kernel) is LargeBatchKernel
    assert native.native_refusal is None
    assert (native.replay_buffer.n_steps, native.replay_buffer.gamma) == (3, 0.9)
    assert same(native, other)
    assert np.unique(native.replay_buffer.priorities).size > 50
    state = np.random.get_state()
    native.train(5, 32)
    np.random.set_state(state)
    before = other.replay_buffer.priorities
    twin.train(other, other.target_options, 5, 32)
    assert (other.replay_buffer.priorities != before).sum() > 32
    for got, wanted in zip(parameters(native), parameters(other), strict=True):
        np.testing.assert_allclose(got, wanted, atol=2e-5)
    np.testing.assert_allclose(
        native.replay_buffer.priorities, other.replay_buffer.priorities, rtol=2e-3
    )


def test_losses_of_transitions_have_the_batchs_mean():
    model = small().learn(150)
    batch = model.replay_buffer.sample(64)
    given = batch, model.quantile_net, model.quantile_net_target, 0.9, model.target_options
    losses = twin.losses_of(*given)
    assert losses.shape == (64,)
    torch.testing.assert_close(losses.mean(), twin.loss_of(*given))


def test_without_kernels_torch_does_the_same():
    """A hook refuses the kernels: the same draws, and so almost the same parameters."""
    native = small().learn(120)
    refused = small()
    refused.quantile_net.register_forward_hook(lambda *_: None)
    with pytest.warns(SlowPathWarning, match="hooks"):
        refused.learn(120)
    for got, wanted in zip(parameters(native), parameters(refused), strict=True):
        np.testing.assert_allclose(got, wanted, atol=2e-4)
    np.testing.assert_allclose(
        native.replay_buffer.priorities, refused.replay_buffer.priorities, rtol=2e-2
    )


def test_another_learner_draws_all_alike():
    model = DQN(
        "MlpPolicy",
        drift_envs(2, size=4),
        buffer_size=100,
        learning_starts=20,
        replay_buffer_class=PrioritizedReplayBuffer,
        device="cpu",
    )
    with pytest.warns(SlowPathWarning, match="the replay buffer is PrioritizedReplayBuffer"):
        model.learn(60)
    assert set(np.unique(model.replay_buffer.priorities)) == {0.0, 1.0}


def overlapping(env=None, **options):
    return small(
        QwopVecEnv(8, 4, seed=1) if env is None else env,
        overlap=True,
        exploration_per_env=True,
        **options,
    )


def test_the_position_that_is_written_is_never_drawn(monkeypatch):
    drawn_at, original = [], PrioritizedReplayBuffer.draw

    def draw(self, count):
        drawn = original(self, count)
        drawn_at.append((self.full, bool((drawn.positions == self.pos).any())))
        return drawn

    monkeypatch.setattr(PrioritizedReplayBuffer, "draw", draw)
    overlapping().learn(800)
    assert len(drawn_at) > 100
    assert {full for full, _ in drawn_at} == {False, True}
    assert not any(written for _, written in drawn_at)


def test_updates_beside_the_games_are_reproducible():
    """On one thread, on two, and with somebody who waits for updates again and again."""
    models = []
    for threads, callback in ((1, None), (2, None), (2, Every(lambda model: model.synchronize()))):
        torch.set_num_threads(threads)
        model = overlapping(batch_size=256)  # of several slices, which threads share
        model.learn(960, callback=callback)
        models.append(model)
    assert models[0].native_refusal is None
    assert same(*models[:2])
    assert same(models[0], models[2])


@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("at", [160, 640])
def test_training_goes_on_from_a_checkpoint(tmp_path, overlap, at):
    """At 160 steps the buffer is half full, at 640 it has wrapped around."""
    path = tmp_path / "a.ckpt"

    def keep(model):
        if model.num_timesteps == at:
            save_checkpoint(path, model)

    whole = overlapping(replay_buffer_kwargs={"alpha": 0.6, "beta": 0.7})
    whole.overlap = overlap
    whole.learn(1200, callback=Every(keep))
    resumed = load_checkpoint(path, QwopVecEnv(8, 4, seed=1))
    assert resumed.num_timesteps == at
    assert resumed.overlap == overlap
    assert (resumed.replay_buffer.alpha, resumed.replay_buffer.beta) == (0.6, 0.7)
    resumed.learn(1200 - at, reset_num_timesteps=False)
    assert resumed.num_timesteps == whole.num_timesteps
    assert same(resumed, whole)
    assert resumed.replay_buffer.greatest_priorities == whole.replay_buffer.greatest_priorities


def test_zips_load_in_stock(tmp_path):
    import sb3_contrib

    model = small(policy_kwargs={"net_arch": [24], "n_quantiles": 8}).learn(100)
    model.save(tmp_path / "m.zip")
    observations = np.random.default_rng(0).standard_normal((50, 4)).astype(np.float32)
    wanted = model.predict(observations, deterministic=True)[0]
    stock = sb3_contrib.QRDQN.load(tmp_path / "m.zip", env=drift_envs(3, size=4), device="cpu")
    np.testing.assert_array_equal(stock.predict(observations, deterministic=True)[0], wanted)
    again = QRDQN.load(tmp_path / "m.zip", env=drift_envs(3, size=4), device="cpu")
    for loaded in (stock, again):
        assert type(loaded.replay_buffer) is PrioritizedReplayBuffer
        assert (loaded.replay_buffer.n_steps, loaded.replay_buffer.gamma) == (3, 0.9)
