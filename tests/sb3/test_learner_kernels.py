"""The learner's kernels against torch, in float64 and in float32, for every instruction set."""

import numpy as np
import pytest

pytest.importorskip("sb3_contrib")

import torch
from learner_reference import ISAS, Problem, arrays

from qwop_native import _core

GAMMA = 0.997
ADAM = {
    "learning_rate": 1e-3,
    "betas": (0.9, 0.999),
    "epsilon": 0.01 / 64,
    "weight_decay": 0.0,
    "decoupled_weight_decay": False,
    "max_grad_norm": None,
}

SMALLEST = {"widths": [3], "n_actions": 2, "n_quantiles": 2, "activation": "relu"}

SHAPES = {
    "recipe": {"widths": (60, 64, 64), "batch": 64},
    "odd": {"widths": (7, 33, 19, 5), "n_actions": 3, "n_quantiles": 51, "batch": 37},
    "tiny": {"widths": (1, 1), "n_actions": 1, "n_quantiles": 1, "batch": 1},
    "no hidden layer": {"widths": (11,), "n_actions": 4, "n_quantiles": 8, "batch": 20},
    "tanh": {"widths": (20, 48, 48), "activation": "tanh", "n_quantiles": 64, "batch": 32},
    "wide": {"widths": (30, 130, 70), "n_actions": 18, "n_quantiles": 130, "batch": 100},
}


@pytest.fixture(params=ISAS)
def isa(request):
    return request.param


def relative_error(found, wanted):
    wanted = np.asarray(wanted).reshape(-1)
    return np.abs(found - wanted).max() / np.abs(wanted).max()


@pytest.mark.parametrize("shape", SHAPES)
def test_gradients_equal_the_reference_in_float64(isa, shape):
    options = dict(SHAPES[shape])
    batch = options.pop("batch")
    problem = Problem(isa=isa, **options)
    assert problem.learner.instruction_set == isa
    drawn = problem.draw(batch)
    loss, gradients = problem.gradients(*drawn, GAMMA)
    wanted_loss, wanted = problem.reference(*drawn, GAMMA)
    assert loss == pytest.approx(wanted_loss, rel=1e-6)
    for found, reference in zip(gradients, wanted, strict=True):
        assert relative_error(found, reference) < 1e-6


@pytest.mark.parametrize("shape", ["recipe", "odd"])
def test_gradients_equal_stock_in_float32(isa, shape):
    options = dict(SHAPES[shape])
    batch = options.pop("batch")
    problem = Problem(isa=isa, seed=1, **options)
    drawn = problem.draw(batch)
    loss, gradients = problem.gradients(*drawn, GAMMA)
    stock_loss, stock = problem.reference(*drawn, GAMMA, torch.float32)
    assert loss == pytest.approx(stock_loss, rel=1e-6)
    for found, reference in zip(gradients, stock, strict=True):
        assert relative_error(found, reference) < 1e-6


def quantiles_only(isa, current, targets):
    """A problem whose current quantiles and targets are given: the biases of a head that sees 0."""
    n = len(current)
    problem = Problem(isa=isa, widths=(3,), n_actions=1, n_quantiles=n, positions=1, games=1)
    problem.observations[:] = problem.next_observations[:] = 0
    problem.rewards[:] = problem.dones[:] = 0
    with torch.no_grad():
        problem.online[0].bias[:] = torch.tensor(current)
        problem.target[0].bias[:] = torch.tensor(targets)
    return problem


NEAR_ONE = np.nextafter(np.float32(1), np.float32([0, 2])).tolist()


@pytest.mark.parametrize(
    ("current", "targets"),
    [
        ([0.0] * 40, [0.0] * 40),  # all differences zero
        (np.linspace(-3, 3, 40), [1.5] * 40),  # all targets equal, as after the end of an episode
        ([0.0, 1.0, -1.0, 2.0, *NEAR_ONE], [1.0, 0.0, 2.0, -1.0, *NEAR_ONE]),  # at the corners
        (np.linspace(-1e4, 1e4, 77), np.linspace(-1.1e4, 0.9e4, 77)),  # a wide spread
        (30 + np.linspace(0, 1e-4, 50), 30 + np.linspace(0, 1e-4, 50)),  # a narrow one, far off
        (np.linspace(5, -5, 64), np.linspace(-5, 5, 64)),  # in descending order
        ([2.5], [-7.0]),
    ],
)
def test_loss_of_given_quantiles(isa, current, targets):
    problem = quantiles_only(isa, np.float32(current), np.float32(targets))
    drawn = np.zeros(1, int), np.zeros(1, int)
    loss, gradients = problem.gradients(*drawn, 1.0)
    wanted_loss, wanted = problem.reference(*drawn, 1.0)
    assert loss == pytest.approx(wanted_loss, rel=1e-6, abs=1e-12)
    np.testing.assert_allclose(gradients[1], wanted[1], rtol=0, atol=1e-6 * np.abs(wanted[1]).max())


@pytest.mark.parametrize("place", ["current", "target", "reward"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_not_hidden(isa, place, value):
    problem = quantiles_only(isa, np.float32([1, 2, 3]), np.float32([3, 2, 1]))
    with torch.no_grad():
        if place == "current":
            problem.online[0].bias[1] = value
        elif place == "target":
            problem.target[0].bias[1] = value
        else:
            problem.rewards[:] = value
    problem.learner.invalidate()
    drawn = np.zeros(1, int), np.zeros(1, int)
    loss, gradients = problem.gradients(*drawn, 1.0)
    wanted_loss, _ = problem.reference(*drawn, 1.0)
    assert np.isnan(gradients[1]).any()
    assert not np.isfinite(wanted_loss)
    assert not np.isfinite(loss)


VARIANTS = {
    "adam": {},
    "clipped": {"max_grad_norm": 0.5},
    "clipped seldom": {"max_grad_norm": 30.0},
    "weight decay": {"weight_decay": 0.01},
    "adamw": {"weight_decay": 0.01, "decoupled_weight_decay": True},
    "betas": {"betas": (0.5, 0.9), "epsilon": 1e-8},
}


def torch_optimizer(parameters, adam):
    kind = torch.optim.AdamW if adam["decoupled_weight_decay"] else torch.optim.Adam
    return kind(
        parameters,
        lr=adam["learning_rate"],
        betas=adam["betas"],
        eps=adam["epsilon"],
        weight_decay=adam["weight_decay"],
    )


@pytest.mark.parametrize("variant", VARIANTS)
def test_updates_equal_adams(isa, variant):
    adam = {**ADAM, **VARIANTS[variant]}
    options = {"widths": (12, 24, 17), "n_actions": 4, "n_quantiles": 30}
    problem, other = Problem(isa=isa, **options), Problem(**options)
    optimizer = torch_optimizer(other.online.parameters(), adam)
    drawn = [problem.draw(32) for _ in range(300)]
    for batch in drawn:
        problem.update(*batch, GAMMA, **adam)
        _, gradients = other.reference(*batch, GAMMA, torch.float32)
        for parameter, gradient in zip(other.online.parameters(), gradients, strict=True):
            parameter.grad = torch.tensor(gradient)
        if adam["max_grad_norm"] is not None:
            torch.nn.utils.clip_grad_norm_(other.online.parameters(), adam["max_grad_norm"])
        optimizer.step()
    state = [optimizer.state[p] for p in other.online.parameters()]
    for i, wanted in enumerate(arrays(other.online.parameters())):
        assert relative_error(problem.parameters[i].reshape(-1), wanted) < 2e-6
        mean = state[i]["exp_avg"].numpy()
        assert relative_error(problem.means[i].reshape(-1), mean) < 2e-5
        square = state[i]["exp_avg_sq"].numpy()
        assert relative_error(problem.squares[i].reshape(-1), square) < 2e-5
        assert problem.steps[i] == 300


def test_updates_are_the_same_each_time(isa):
    problems = [Problem(isa=isa, seed=3) for _ in range(2)]
    drawn = [problems[0].draw(64) for _ in range(20)]
    for problem in problems:
        for batch in drawn:
            problem.update(*batch, GAMMA, **ADAM)
    for a, b in zip(problems[0].parameters, problems[1].parameters, strict=True):
        assert a.tobytes() == b.tobytes()


@pytest.mark.parametrize("shape", SHAPES)
def test_greedy_actions(isa, shape):
    options = dict(SHAPES[shape])
    batch = options.pop("batch")
    problem = Problem(isa=isa, **options)
    for _ in range(3):
        observations = problem.normal(batch, problem.observations.shape[-1])
        values = problem.online(torch.tensor(observations))
        values = values.view(-1, problem.n_quantiles, problem.n_actions).mean(dim=1)
        wanted = values.argmax(dim=1).numpy()
        values = values.detach().numpy()
        found = problem.learner.act(observations)
        assert found.dtype == np.int64
        rows = np.arange(batch)
        gap = np.abs(values[rows, found] - values[rows, wanted])
        assert (gap <= 1e-5 * np.abs(values).max()).all()
        problem.update(*problem.draw(batch), GAMMA, **ADAM)  # acts on the new weights


def test_equal_values_are_decided_as_by_torch(isa):
    problem = quantiles_only(isa, np.float32([1, 2]), np.float32([1, 2]))
    several = Problem(isa=isa, widths=(3,), n_actions=6, n_quantiles=2)
    with torch.no_grad():
        for parameter in several.online.parameters():
            parameter.zero_()
    several.learner.invalidate()
    assert several.learner.act(np.zeros((4, 3), np.float32)).tolist() == [0] * 4
    with torch.no_grad():
        several.online[0].bias[[3, 5]] = float("nan")
    several.learner.invalidate()
    assert several.learner.act(np.zeros((1, 3), np.float32)).tolist() == [3]
    assert problem.learner.act(np.zeros((0, 3), np.float32)).tolist() == []


def test_changes_of_whole_tensors_are_noticed(isa):
    problem = Problem(isa=isa)
    observations = problem.normal(50, 60)
    before = problem.learner.act(observations)
    with torch.no_grad():
        for parameter in problem.online.parameters():
            parameter.mul_(-1.0)
    values = problem.online(torch.tensor(observations)).view(50, 200, 9).mean(dim=1)
    after = problem.learner.act(observations)
    assert (before != after).any()
    np.testing.assert_array_equal(after, values.argmax(dim=1))
    drawn = problem.draw(64)
    with torch.no_grad():
        for parameter in problem.target.parameters():
            parameter.data.mul_(0.5)
    _, gradients = problem.gradients(*drawn, GAMMA)
    for found, wanted in zip(gradients, problem.reference(*drawn, GAMMA)[1], strict=True):
        assert relative_error(found, wanted) < 1e-6


def test_batches_of_changing_size(isa):
    problem = Problem(isa=isa, widths=(9, 21), n_actions=4, n_quantiles=25)
    for batch in (3, 50, 1, 64, 17):
        drawn = problem.draw(batch)
        loss, gradients = problem.gradients(*drawn, GAMMA)
        wanted_loss, wanted = problem.reference(*drawn, GAMMA)
        assert loss == pytest.approx(wanted_loss, rel=1e-6)
        for found, reference in zip(gradients, wanted, strict=True):
            assert relative_error(found, reference) < 1e-6
        assert len(problem.learner.act(problem.normal(2 * batch, 9))) == 2 * batch


def test_denormals_do_not_linger(isa):
    # One action is never taken: its weights' averages decay to nothing.
    problem = Problem(isa=isa, widths=(4, 8), n_actions=2, n_quantiles=4)
    problem.update(*problem.draw(16), GAMMA, **ADAM)
    problem.actions[:] = 0
    for _ in range(1200):
        problem.update(*problem.draw(16), GAMMA, **ADAM)
    untouched = np.abs(problem.means[2][1::2])
    assert (untouched < 1e-36).all()
    assert ((untouched == 0) | (untouched >= np.finfo(np.float32).tiny)).all()
    assert np.float32(1e-40) * np.float32(0.5) != 0  # the caller's arithmetic is as it was


def test_time_is_measured_on_request():
    problem = Problem()
    problem.update(*problem.draw(64), GAMMA, **ADAM)
    assert set(problem.learner.seconds.values()) == {0.0}
    problem.learner.measure_time(True)
    problem.update(*problem.draw(64), GAMMA, **ADAM)
    assert list(problem.learner.seconds) == [
        "gather",
        "target",
        "forward",
        "loss",
        "backward",
        "weights",
        "refresh",
    ]
    assert all(seconds > 0 for seconds in problem.learner.seconds.values())
    problem.learner.measure_time(False)
    assert set(problem.learner.seconds.values()) == {0.0}


def test_instruction_set_from_the_environment(monkeypatch):
    for name in ISAS:
        monkeypatch.setenv("QWOP_NATIVE_ISA", name)
        assert _core.QuantileLearner(**SMALLEST).instruction_set == name
        assert _core.QuantileLearner(**SMALLEST, instruction_set=ISAS[0]).instruction_set == ISAS[0]
    monkeypatch.setenv("QWOP_NATIVE_ISA", "mmx")
    with pytest.raises(ValueError, match=f"'mmx' is not available here.*{ISAS[-1]}"):
        _core.QuantileLearner(**SMALLEST)


class TestBadInput:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (([], 2, 2, "relu"), "1 or more"),
            (([3, 0], 2, 2, "relu"), "1 or more"),
            (([3], 0, 2, "relu"), "1 or more"),
            (([3], 2, 0, "relu"), "1 or more"),
            (([3], 2, 2, "gelu"), "'relu' or 'tanh', got 'gelu'"),
        ],
    )
    def test_of_the_constructor(self, arguments, message):
        with pytest.raises(ValueError, match=message):
            _core.QuantileLearner(**dict(zip(SMALLEST, arguments, strict=True)))

    def test_of_tensors(self):
        problem = Problem(widths=(4, 8), n_actions=2, n_quantiles=4)
        good = problem.parameters
        with pytest.raises(ValueError, match="must be 4 arrays, got 3"):
            problem.learner.bind_online(good[:3])
        with pytest.raises(ValueError, match="number 1 must hold 8 numbers, got 9"):
            problem.learner.bind_target([good[0], np.zeros(9, np.float32), *good[2:]])
        with pytest.raises(TypeError, match="contiguous arrays of float32"):
            problem.learner.bind_online([good[0].astype(np.float64), *good[1:]])
        with pytest.raises(TypeError, match="contiguous arrays of float32"):
            problem.learner.bind_online([np.zeros((4, 8), np.float32).T, *good[1:]])
        with pytest.raises(ValueError, match="step number 0 must hold 1 numbers"):
            problem.learner.bind_adam(
                means=problem.means, squares=problem.squares, steps=problem.means
            )

    def test_of_the_replay_buffer(self):
        problem = Problem(widths=(4, 8), n_actions=2, n_quantiles=4)
        problem.rewards = problem.rewards[:-1]
        with pytest.raises(ValueError, match="observations must hold"):
            problem.bind_replay()

    def test_of_a_batch(self):
        problem = Problem(widths=(4, 8), n_actions=2, n_quantiles=4, positions=10, games=2)
        before = [p.copy() for p in problem.parameters]
        zero = np.zeros(1, int)
        for positions, games in [([10], [0]), ([-1], [0]), ([0], [2]), ([0], [-1])]:
            with pytest.raises(ValueError, match="outside the replay buffer"):
                problem.update(np.array(positions), np.array(games), GAMMA, **ADAM)
        with pytest.raises(ValueError, match="same size"):
            problem.update(zero, np.zeros(2, int), GAMMA, **ADAM)
        with pytest.raises(ValueError, match="same size, 1 or more"):
            problem.update(zero[:0], zero[:0], GAMMA, **ADAM)
        problem.actions[0, 0] = 2
        with pytest.raises(ValueError, match="holds the action 2, but there are 2"):
            problem.update(zero, zero, GAMMA, **ADAM)
        for a, b in zip(before, problem.parameters, strict=True):
            assert a.tobytes() == b.tobytes()

    def test_of_observations(self):
        problem = Problem(widths=(4, 8), n_actions=2, n_quantiles=4)
        with pytest.raises(ValueError, match=r"shape \(rows, 4\)"):
            problem.learner.act(np.zeros((2, 5), np.float32))
        with pytest.raises(TypeError):
            problem.learner.act(np.zeros((2, 4)))

    def test_of_the_order_of_calls(self):
        learner = _core.QuantileLearner(
            widths=[4, 8], n_actions=2, n_quantiles=4, activation="relu"
        )
        zero = np.zeros(1, int)
        with pytest.raises(RuntimeError, match="bind the parameters"):
            learner.act(np.zeros((1, 4), np.float32))
        with pytest.raises(RuntimeError, match="bind the parameters"):
            learner.update(
                positions=zero,
                games=zero,
                gamma=GAMMA,
                adam=_core.AdamOptions(**{k: v for k, v in ADAM.items() if k != "max_grad_norm"}),
                max_grad_norm=None,
            )
