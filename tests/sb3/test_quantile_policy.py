"""The policy with LayerNorm and the features seen from the torso: in stock's hands, and in zips."""

import copy

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import gymnasium as gym
import sb3_contrib
import stable_baselines3
import torch
from learner_reference import drift_envs
from torch import nn

from qwop_native import _core
from qwop_native.envs.spaces import observations
from qwop_native.models.starts import line_starts
from qwop_native.sb3 import QRDQN, QuantilePolicy, QwopVecEnv, RelativeFeatures
from qwop_native.wrappers.relative_features import FEATURES, Features

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    # Not all of this has native kernels.
    pytest.mark.filterwarnings("ignore::qwop_native.sb3.SlowPathWarning"),
]

SMALL = {
    "buffer_size": 2000,
    "learning_starts": 100,
    "batch_size": 16,
    "seed": 3,
    "device": "cpu",
}


def make(env, policy="MlpPolicy", kind=QRDQN, **options):
    kwargs = {"net_arch": [12, 9], "n_quantiles": 6, **options.pop("policy_kwargs", {})}
    return kind(policy, env, policy_kwargs=kwargs, **{**SMALL, **options})


def qwop():
    return QwopVecEnv(4, 1, max_episode_steps=60, frames_per_step=3, action_set="essential")


@pytest.fixture(scope="module")
def seen():
    """Observations of runners under random keys, float32 (n, 60)."""
    rng = np.random.default_rng(5)
    pool = _core.GamePool(line_starts("glibc", 0)[0], num_envs=32, num_threads=1)
    rows = []
    for _ in range(40):
        pool.step(rng.integers(0, 16, 32).astype(np.uint8), frames=3)
        rows.append(observations(pool.bodies))
    return np.concatenate(rows)


# ---- LayerNorm ---------------------------------------------------------------------------------


def test_layer_norm_follows_each_hidden_linear():
    model = make(drift_envs(), policy_kwargs={"layer_norm": True, "activation_fn": nn.Tanh})
    assert type(model.policy) is QuantilePolicy
    for network in (model.quantile_net, model.quantile_net_target):
        kinds = [type(module) for module in network.quantile_net]
        assert kinds == [*[nn.Linear, nn.LayerNorm, nn.Tanh] * 2, nn.Linear]
    assert [tuple(p.shape) for p in model.quantile_net.parameters()] == [
        *((12, 12), (12,), (12,), (12,)),
        *((9, 12), (9,), (9,), (9,)),
        *((30, 9), (30,)),
    ]
    held = model.policy.optimizer.param_groups[0]["params"]
    assert list(map(id, held)) == list(map(id, model.quantile_net.parameters()))


@pytest.mark.parametrize("policy", ["MlpPolicy", QuantilePolicy])
def test_without_layer_norm_the_parameters_are_stocks(policy):
    kwargs = {"layer_norm": False}
    model = make(drift_envs(), policy, policy_kwargs=kwargs)
    stock = make(drift_envs(), kind=sb3_contrib.QRDQN)
    assert type(model.policy) is (
        QuantilePolicy if policy is QuantilePolicy else type(stock.policy)
    )
    states = model.policy.state_dict(), stock.policy.state_dict()
    assert states[0].keys() == states[1].keys()
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert kwargs == {"layer_norm": False}


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("layer_norm", [False, True])
def test_zips_load_and_act_in_stock(layer_norm, relative, seen, tmp_path):
    policy = {"layer_norm": layer_norm}
    if relative:
        policy["features_extractor_class"] = RelativeFeatures
    model = make(qwop(), policy_kwargs=policy, munchausen_alpha=0.9, n_steps=3)
    model.learn(600)
    with torch.no_grad():  # what little it has learned would be one action everywhere
        model.quantile_net.quantile_net[-1].weight.normal_(generator=torch.manual_seed(1))
    model.save(tmp_path / "model.zip")
    stock = sb3_contrib.QRDQN.load(tmp_path / "model.zip")
    again = QRDQN.load(tmp_path / "model.zip", env=qwop())
    wanted = model.predict(seen, deterministic=True)[0]
    assert len(np.unique(wanted)) > 1
    for loaded in (stock, again):
        np.testing.assert_array_equal(loaded.predict(seen, deterministic=True)[0], wanted)
        for name, value in model.policy.state_dict().items():
            assert torch.equal(loaded.policy.state_dict()[name], value), name
    assert again.target_options == model.target_options
    assert (again.munchausen_alpha, again.n_steps) == (0.9, 3)
    again.learn(200, reset_num_timesteps=False)


def test_a_policy_alone_can_be_saved(tmp_path, seen):
    model = make(
        qwop(), policy_kwargs={"layer_norm": True, "features_extractor_class": RelativeFeatures}
    )
    model.policy.save(tmp_path / "policy")
    loaded = QuantilePolicy.load(tmp_path / "policy")
    wanted = model.policy.predict(seen, deterministic=True)[0]
    np.testing.assert_array_equal(loaded.predict(seen, deterministic=True)[0], wanted)


def test_a_foreign_zip_is_refused_and_nothing_is_loaded(tmp_path):
    plain, normed = (
        make(drift_envs(), policy_kwargs={"layer_norm": layer_norm, "net_arch": [12, 12]})
        for layer_norm in (False, True)
    )
    networks = (
        "Linear 12-12, Linear 12-12, Linear 12-30",
        "Linear 12-12, LayerNorm 12, Linear 12-12, LayerNorm 12, Linear 12-30",
    )
    for model, foreign, (own, other) in (
        (normed, plain, networks[::-1]),
        (plain, normed, networks),
    ):
        before = copy.deepcopy(model.policy.state_dict())
        foreign.save(tmp_path / "foreign.zip")
        said = f"the parameters are of {other}, but the policy has {own}"
        for given in (tmp_path / "foreign.zip", foreign.get_parameters()):
            with pytest.raises(ValueError, match=f"^{said}$"):
                model.set_parameters(given)
        after = model.policy.state_dict()
        assert all(torch.equal(before[name], after[name]) for name in before)


def test_a_zip_of_another_algorithm_is_refused(tmp_path):
    stable_baselines3.PPO("MlpPolicy", drift_envs(), device="cpu").save(tmp_path / "ppo.zip")
    with pytest.raises(ValueError, match=r"QRDQN takes .* got ActorCriticPolicy"):
        QRDQN.load(tmp_path / "ppo.zip")


# ---- features ----------------------------------------------------------------------------------


def test_the_features_are_those_of_numpy(seen):
    extractor = RelativeFeatures(gym.spaces.Box(-1, 1, (60,), np.float32))
    assert extractor.features_dim == FEATURES == 76
    assert not extractor.state_dict()
    assert not list(extractor.parameters())
    edges = np.tile(np.linspace(-1, 1, 400, dtype=np.float32)[:, None], (1, 60))
    for rows in (seen, edges):
        made = extractor(torch.from_numpy(rows)).numpy()
        assert made.dtype == np.float32
        np.testing.assert_allclose(made, Features()(rows), rtol=1e-6, atol=1e-6)


def test_columns_behind_the_observation_are_passed_on(seen):
    extractor = RelativeFeatures(gym.spaces.Box(-1, 1, (64,), np.float32))
    more = np.random.default_rng(1).uniform(-1, 1, (len(seen), 4)).astype(np.float32)
    made = extractor(torch.from_numpy(np.hstack([seen, more]))).numpy()
    wanted = Features()(seen)
    linear, ramps = np.split(wanted, [60], axis=1)
    np.testing.assert_allclose(made, np.hstack([linear, more, ramps]), rtol=1e-6, atol=1e-6)


def test_features_of_another_observation_are_refused():
    with pytest.raises(ValueError, match=r"shape \(60,\), .* got \(12,\)"):
        make(drift_envs(), policy_kwargs={"features_extractor_class": RelativeFeatures})
