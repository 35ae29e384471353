"""The average of QRDQN's weights: what it is, where it is used, and that learning ignores it."""

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import sb3_contrib
import torch
from learner_reference import Every

from qwop_native.sb3 import QRDQN, QwopVecEnv
from qwop_native.sb3.checkpoint import load_checkpoint, save_checkpoint

pytestmark = pytest.mark.usefixtures("one_thread")

DECAY = 0.9


def small(**options):
    given = {
        "buffer_size": 2000,
        "learning_starts": 60,
        "batch_size": 32,
        "learning_rate": 1e-2,
        "train_freq": 1,
        "gradient_steps": 2,
        "target_update_interval": 60,
        "n_steps": 3,
        "seed": 3,
        "device": "cpu",
        "policy_kwargs": {"net_arch": [24, 16], "n_quantiles": 8},
        "ema_decay": DECAY,
        **options,
    }
    return QRDQN("MlpPolicy", QwopVecEnv(8, 4, seed=1), **given)


def weights(model):
    return [p.detach().numpy().copy() for p in model.quantile_net.parameters()]


def same(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("overlap", [False, True])
def test_it_is_the_average_of_the_weights_before_each_training(overlap, monkeypatch):
    seen, train = [], QRDQN.train

    def watched(self, **options):
        self.synchronize()
        seen.append(weights(self))
        train(self, **options)

    monkeypatch.setattr(QRDQN, "train", watched)
    model = small(overlap=overlap).learn(800)
    wanted = [each.astype(np.float64) for each in seen[0]]
    for now in seen[1:]:
        wanted = [DECAY * a + (1 - DECAY) * b for a, b in zip(wanted, now, strict=True)]
    assert len(seen) > 80
    own = weights(model)
    with model.averaged():
        for got, average in zip(weights(model), wanted, strict=True):
            np.testing.assert_allclose(got, average, atol=1e-5)
        assert not same(weights(model), own)
    assert same(weights(model), own)


@pytest.mark.parametrize("overlap", [False, True])
def test_learning_is_the_same_with_it_and_whoever_looks(overlap):
    def look(model):
        if model.num_timesteps % 80 == 0:
            with model.averaged():
                model.predict(np.zeros((3, 60), np.float32), deterministic=True)

    plain = small(overlap=overlap, ema_decay=0.0).learn(800)
    watched = small(overlap=overlap)
    watched.learn(800, callback=Every(look))
    assert watched.native_refusal is None
    assert same(weights(plain), weights(watched))
    unwatched = small(overlap=overlap).learn(800)
    assert same(unwatched._ema, watched._ema)


def test_what_acts_and_what_is_saved_meanwhile_is_the_average(tmp_path):
    model = small().learn(800)
    observations = np.random.default_rng(0).uniform(-1, 1, (200, 60)).astype(np.float32)
    own = model.predict(observations, deterministic=True)[0]
    with model.averaged():
        averaged = model.predict(observations, deterministic=True)[0]
        model.save(tmp_path / "average.zip")
    model.save(tmp_path / "own.zip")
    assert (averaged != own).any()
    assert (model.predict(observations, deterministic=True)[0] == own).all()
    stock = sb3_contrib.QRDQN.load(tmp_path / "average.zip", device="cpu")
    assert (stock.predict(observations, deterministic=True)[0] == averaged).all()
    assert not hasattr(stock, "_ema")
    again = QRDQN.load(tmp_path / "own.zip", device="cpu")
    assert same(again._ema, model._ema)


@pytest.mark.parametrize("overlap", [False, True])
def test_it_goes_on_from_a_checkpoint(tmp_path, overlap):
    path = tmp_path / "a.ckpt"

    def keep(model):
        if model.num_timesteps == 400:
            save_checkpoint(path, model)

    whole = small(overlap=overlap)
    whole.learn(800, callback=Every(keep))
    resumed = load_checkpoint(path, QwopVecEnv(8, 4, seed=1))
    resumed.learn(400, reset_num_timesteps=False)
    assert same(weights(resumed), weights(whole))
    assert same(resumed._ema, whole._ema)


def test_without_it_nothing_changes(tmp_path):
    model = small(ema_decay=0.0).learn(200)
    own = weights(model)
    with model.averaged():
        assert same(weights(model), own)
    model.save(tmp_path / "m.zip")
    loaded = sb3_contrib.QRDQN.load(tmp_path / "m.zip", device="cpu")
    assert not {"_ema", "ema_decay"} & set(vars(loaded))


def test_the_weights_come_back_after_an_error():
    model = small().learn(200)
    own, average = weights(model), model._ema
    with pytest.raises(RuntimeError, match="looked"), model.averaged():
        raise RuntimeError("looked")
    assert same(weights(model), own)
    assert model._ema is average


@pytest.mark.parametrize("decay", [-0.1, 1.0, float("nan")])
def test_bad_decays_are_refused(decay):
    with pytest.raises(ValueError, match="ema_decay must be at least 0 and below 1"):
        small(ema_decay=decay)


def test_torch_alone_averages_as_well():
    model = small()
    model.quantile_net.register_forward_hook(lambda *_: None)
    with pytest.warns(UserWarning, match="hooks"):
        model.learn(200)
    native = small().learn(200)
    for got, wanted in zip(model._ema, native._ema, strict=True):
        torch.testing.assert_close(
            torch.from_numpy(got), torch.from_numpy(wanted), atol=1e-3, rtol=0
        )
