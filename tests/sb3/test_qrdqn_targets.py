"""Double-Q, Munchausen and n-step QRDQN in torch against a float64 reference."""

import functools

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import quantile_reference as reference
import sb3_contrib
import torch
from learner_reference import drift_envs
from stable_baselines3.common.buffers import NStepReplayBuffer
from stable_baselines3.common.type_aliases import ReplayBufferSamples
from torch import nn

from qwop_native.sb3 import QRDQN
from qwop_native.sb3._targets import TargetOptions, scaled_log_policy, target_quantiles
from qwop_native.sb3._torch_update import loss_of, train

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    # Not all of this has native kernels.
    pytest.mark.filterwarnings("ignore::qwop_native.sb3.SlowPathWarning"),
]

OPTIONS = {
    "plain": {},
    "double": {"double_q": True},
    "munchausen": {"munchausen_alpha": 0.9},
    "munchausen warm": {"munchausen_alpha": 0.5, "munchausen_tau": 2.0, "munchausen_clip": -0.3},
}
QUANTILES, ACTIONS, BATCH = 8, 5, 6


def small(layer_norm=False, activation=nn.ReLU, **options):
    given = {
        "buffer_size": 400,
        "learning_starts": 50,
        "batch_size": 16,
        "learning_rate": 1e-3,
        "gamma": 0.9,
        "target_update_interval": 40,
        "exploration_initial_eps": 0.5,
        "seed": 3,
        "device": "cpu",
        "policy_kwargs": {
            "net_arch": [7, 6],
            "n_quantiles": QUANTILES,
            "layer_norm": layer_norm,
            "activation_fn": activation,
        },
        **options,
    }
    return QRDQN("MlpPolicy", drift_envs(2, size=4, n_actions=ACTIONS), **given)


def random_batch(rng, dtype):
    def tensor(array):
        return torch.tensor(array, dtype=dtype)

    return ReplayBufferSamples(
        observations=tensor(rng.standard_normal((BATCH, 4))),
        actions=torch.tensor(rng.integers(0, ACTIONS, (BATCH, 1))),
        next_observations=tensor(rng.standard_normal((BATCH, 4))),
        dones=tensor(rng.random((BATCH, 1)) < 0.3),
        rewards=tensor(rng.standard_normal((BATCH, 1))),
        discounts=tensor(0.9 ** rng.integers(1, 4, (BATCH, 1))),
    )


def with_wide_heads(model, layer_norm, dtype):
    """Networks far enough from each other and from 0 for the choices to differ."""
    torch.manual_seed(1)
    for network in (model.quantile_net, model.quantile_net_target):
        with torch.no_grad():
            network.quantile_net[-1].weight.normal_(0, 1.0)
            for module in network.quantile_net:
                if isinstance(module, nn.LayerNorm):
                    module.weight.uniform_(0.5, 1.5)
                    module.bias.normal_(0, 0.2)
    model.policy.to(dtype)
    kinds = {nn.ReLU: "relu", nn.Tanh: "tanh"}
    activation = kinds[model.policy_kwargs["activation_fn"]]
    return [
        reference.Network(network.quantile_net.state_dict(), layer_norm, activation)
        for network in (model.quantile_net, model.quantile_net_target)
    ]


def functions(model):
    """Both networks without SB3's way in, which makes float32 of everything."""
    return [
        lambda seen, layers=network.quantile_net: layers(seen).view(-1, QUANTILES, ACTIONS)
        for network in (model.quantile_net, model.quantile_net_target)
    ]


def rows_of(batch):
    columns = (
        batch.observations,
        batch.actions[:, 0],
        batch.next_observations,
        batch.dones[:, 0],
        batch.rewards[:, 0],
        batch.discounts[:, 0],
    )
    return list(zip(*(column.double().numpy() for column in columns), strict=True))


def expected(batch, online, aim, options):
    """Targets, loss and gradients of the reference."""

    def shaped(network):
        return lambda seen: network.forward(seen).reshape(QUANTILES, ACTIONS)

    wanted, total, gradients = [], 0.0, None
    for seen, action, *rest in rows_of(batch):
        row = (seen, int(action), *rest)
        made = reference.target(row, shaped(online), shaped(aim), options, QUANTILES, ACTIONS)
        wanted.append(made)
        current = shaped(online)(seen)[:, int(action)]
        loss, of_current = reference.loss(current, made)
        of_output = np.zeros((QUANTILES, ACTIONS))
        of_output[:, int(action)] = of_current / BATCH
        found = online.backward(of_output.ravel())
        total += loss / BATCH
        gradients = found if gradients is None else list(map(np.add, gradients, found))
    return np.array(wanted), total, gradients


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
@pytest.mark.parametrize("layer_norm", [False, True])
@pytest.mark.parametrize("case", OPTIONS)
def test_targets_loss_and_gradients_are_the_references(case, layer_norm, activation, dtype):
    model, options = small(layer_norm, activation), TargetOptions(**OPTIONS[case])
    online, aim = with_wide_heads(model, layer_norm, dtype)
    batch = random_batch(np.random.default_rng(4), dtype)
    wanted, loss, gradients = expected(batch, online, aim, options)
    tolerance = 1e-10 if dtype == torch.float64 else 2e-5
    made = target_quantiles(batch, *functions(model), model.gamma, options)
    assert not made.requires_grad
    np.testing.assert_allclose(made, wanted, rtol=tolerance, atol=tolerance)
    found = loss_of(batch, *functions(model), model.gamma, options)
    assert found.item() == pytest.approx(loss, rel=tolerance)
    found.backward()
    for parameter, gradient in zip(model.quantile_net.parameters(), gradients, strict=True):
        np.testing.assert_allclose(parameter.grad, gradient, rtol=tolerance, atol=tolerance)
    assert all(parameter.grad is None for parameter in model.quantile_net_target.parameters())


def test_the_cases_differ():
    model = small()
    with_wide_heads(model, False, torch.float64)
    batch = random_batch(np.random.default_rng(4), torch.float64)
    made = [
        target_quantiles(batch, *functions(model), model.gamma, TargetOptions(**options))
        for options in OPTIONS.values()
    ]
    for i, one in enumerate(made):
        assert all((one - other).abs().max() > 0.1 for other in made[:i])


def test_the_soft_policy_bears_large_values_and_small_temperatures():
    values = torch.tensor([[1e6, 1e6 - 0.01, -1e6], [0.0, 0.0, 0.0]])
    for tau in (1e-6, 0.03, 10.0):
        scaled = scaled_log_policy(values, tau)
        assert torch.isfinite(scaled).all()
        torch.testing.assert_close((scaled / tau).exp().sum(dim=1), torch.ones(2))
        torch.testing.assert_close(
            scaled[1], torch.full((3,), -tau * np.log(3), dtype=scaled.dtype)
        )


# ---- training ----------------------------------------------------------------------------------


def trained(steps=600, **options):
    model = small(**options)
    model.learn(steps)
    return model


@pytest.mark.parametrize("n_steps", [1, 3])
def test_the_same_target_trains_as_stock(n_steps):
    # The torch update with sb3-contrib's own target takes the same draws to the same parameters.
    def stocks(model, **given):
        sb3_contrib.QRDQN.train(model, **given)

    def twins(model, **given):
        train(model, TargetOptions(), **given)

    made = []
    for updates in (stocks, twins):
        model = small(n_steps=n_steps)
        model.train = functools.partial(updates, model)
        model.learn(600)
        made.append(model)
    stock, twin = made
    assert twin._n_updates == stock._n_updates > 50
    for name, value in stock.policy.state_dict().items():
        assert torch.equal(twin.policy.state_dict()[name], value), name


@pytest.mark.parametrize("case", ["double", "munchausen"])
@pytest.mark.parametrize("n_steps", [1, 3])
def test_a_training_with_each_target_is_reproducible_and_another_one(case, n_steps):
    runs = [trained(n_steps=n_steps, **OPTIONS[case]) for _ in range(2)]
    plain = trained(n_steps=n_steps)
    states = [model.policy.state_dict() for model in (*runs, plain)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])
    assert not all(torch.equal(states[0][name], states[2][name]) for name in states[0])
    assert runs[0]._n_updates > 50


def test_adamw_clipping_and_epsilon_take_effect():
    policy = {
        "net_arch": [8],
        "n_quantiles": QUANTILES,
        "optimizer_class": torch.optim.AdamW,
        "optimizer_kwargs": {"eps": 1e-5, "weight_decay": 0.01},
    }
    model = trained(double_q=True, max_grad_norm=1e-3, policy_kwargs=policy)
    assert type(model.policy.optimizer) is torch.optim.AdamW
    assert model.policy.optimizer.param_groups[0]["eps"] == 1e-5
    train(model, model.target_options, 1, 16)  # in torch, whose gradients stay
    norm = sum(float(p.grad.square().sum()) for p in model.quantile_net.parameters()) ** 0.5
    assert norm <= 1e-3 * (1 + 1e-4)


# ---- n-step returns ----------------------------------------------------------------------------


@pytest.mark.parametrize("steps_stored", [9, 20, 21, 47])  # 20: full; beyond: wrapped around
@pytest.mark.parametrize("n_steps", [1, 3, 5, 30])
def test_n_step_returns_are_those_of_a_walk_through_each_episode(n_steps, steps_stored):
    games, gamma, positions = 3, 0.9, 20
    env = drift_envs(games, size=2)
    buffer = NStepReplayBuffer(
        positions * games,
        env.observation_space,
        env.action_space,
        "cpu",
        n_envs=games,
        n_steps=n_steps,
        gamma=gamma,
    )
    rng = np.random.default_rng(7)
    history = [[] for _ in range(games)]
    for step in range(steps_stored):
        ended = rng.random(games) < 0.2
        cut_off = ended & (rng.random(games) < 0.5)
        rewards = rng.standard_normal(games)
        seen = np.full((games, 2), step, np.float32)
        infos = [{"TimeLimit.truncated": bool(cut)} for cut in cut_off]
        buffer.add(seen, seen + 1, np.zeros((games, 1)), rewards, ended, infos)
        for game in range(games):
            history[game].append(
                (np.float32(rewards[game]), ended[game], cut_off[game], seen[game] + 1)
            )
    oldest = max(steps_stored - positions, 0)
    checked = 0
    for position in range(min(steps_stored, positions)):
        np.random.seed(position)
        sample = buffer._get_samples(np.full(12, position))
        np.random.seed(position)
        of_game = np.random.randint(0, games, size=12)
        for row, game in enumerate(of_game):
            start = int(sample.observations[row, 0]) - oldest
            remembered = history[game][oldest:]
            total, following, done, discount = reference.n_step(remembered, start, n_steps, gamma)
            assert float(sample.rewards[row]) == pytest.approx(total, rel=1e-5, abs=1e-6)
            np.testing.assert_array_equal(sample.next_observations[row], following)
            assert float(sample.dones[row]) == done
            assert float(sample.discounts[row]) == pytest.approx(discount, rel=1e-6)
            checked += 1
    assert checked == 12 * min(steps_stored, positions)


def test_the_model_takes_its_returns_from_that_buffer():
    model = small(n_steps=4, munchausen_alpha=0.9)
    assert type(model.replay_buffer) is NStepReplayBuffer
    assert (model.replay_buffer.n_steps, model.replay_buffer.gamma) == (4, 0.9)


# ---- bad input ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"n_steps": 0}, "n_steps must be 1 or more, got 0"),
        (
            {"batch_size": 401},
            "batch_size must not be larger than buffer_size, which is 400, got 401",
        ),
        ({"munchausen_alpha": 1.0}, r"munchausen_alpha must be in \[0, 1\), got 1.0"),
        ({"munchausen_alpha": -0.1}, r"munchausen_alpha must be in \[0, 1\), got -0.1"),
        ({"munchausen_alpha": float("nan")}, "munchausen_alpha must be in"),
        ({"munchausen_tau": 0.0}, "munchausen_tau must be above 0 and finite, got 0.0"),
        ({"munchausen_clip": 0.5}, "munchausen_clip must be 0 or less, got 0.5"),
        ({"munchausen_alpha": 0.5, "double_q": True}, "double_q or munchausen_alpha, not both"),
        (
            {"buffer_size": 10**12},
            r"a replay buffer of 1,000,000,000,000 transitions takes 48428.8 GiB and "
            r"[\d.]+ GiB of memory are available: buffer_size must be smaller",
        ),
    ],
)
def test_bad_options_are_refused_in_one_sentence(options, said):
    with pytest.raises(ValueError, match=said):
        small(**options)
