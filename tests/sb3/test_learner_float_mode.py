"""The learners' bits do not depend on the float mode that other libraries have set."""

import numpy as np
import pytest
from float_modes import MODES, float_mode, needs_modes

from qwop_native import _core

pytestmark = needs_modes

SIZES = [192, 16, 64, 4, 192, 16, 16, 1]
# Made beforehand: NumPy's numbers are in the mode of the thread.
RANDOM = np.random.default_rng(8)
OBSERVATIONS = RANDOM.standard_normal((64, 12)).astype(np.float32)
WEIGHTS = [(RANDOM.standard_normal(size) * 0.3).astype(np.float32) for size in SIZES]
NOISE = RANDOM.exponential(size=(64, 4)).astype(np.float32)
ADVANTAGES, RETURNS = RANDOM.standard_normal((2, 16, 4)).astype(np.float32)


def ppo(instruction_set, threads):
    """Everything that acting and two updates give."""
    learner = _core.ActorCritic(
        policy_widths=[12, 16],
        value_widths=[12, 16],
        n_actions=4,
        activation="tanh",
        instruction_set=instruction_set,
    )
    learner.threads = threads
    weights = [weight.copy() for weight in WEIGHTS]
    means, squares = ([np.zeros(size, np.float32) for size in SIZES] for _ in range(2))
    learner.bind_parameters(weights)
    steps = [np.zeros(1, np.float32) for _ in SIZES]
    learner.bind_adam(means=means, squares=squares, steps=steps)
    acted = actions, values, log_probs = learner.act(OBSERVATIONS, noise=NOISE)
    learner.bind_rollout(
        observations=OBSERVATIONS.reshape(16, 4, 12),
        actions=actions.reshape(16, 4),
        values=values.reshape(16, 4),
        log_probs=log_probs.reshape(16, 4),
        advantages=ADVANTAGES,
        returns=RETURNS,
    )
    options = _core.PpoOptions(
        clip_range=0.2,
        clip_range_values=None,
        entropy_coefficient=0.01,
        value_coefficient=0.5,
        normalize_advantages=True,
        max_grad_norm=0.5,
        target_kl=None,
    )
    adam = _core.AdamOptions(
        learning_rate=1e-3,
        betas=(0.9, 0.999),
        epsilon=1e-5,
        weight_decay=0.0,
        decoupled_weight_decay=False,
    )
    found = [array.tobytes() for array in acted]
    for _ in range(2):
        found.append(sorted(learner.update(np.arange(64), options=options, adam=adam).items()))
    return found + [array.tobytes() for array in (*weights, *means, *squares)]


VALUE_SIZES = [192, 16, 320, 20]  # of [12, 16], four actions and five quantiles
NORM_SIZES = [192, 16, 16, 16, 320, 20]  # the same with LayerNorm
VALUE_WEIGHTS = {
    len(sizes): [(RANDOM.standard_normal(size) * 0.3).astype(np.float32) for size in sizes]
    for sizes in (VALUE_SIZES, NORM_SIZES)
}
REPLAY = {
    "observations": RANDOM.standard_normal((20, 4, 12)).astype(np.float32),
    "next_observations": RANDOM.standard_normal((20, 4, 12)).astype(np.float32),
    "actions": RANDOM.integers(4, size=(20, 4, 1)),
    "rewards": RANDOM.standard_normal((20, 4)).astype(np.float32),
    "dones": (RANDOM.random((20, 4)) < 0.1).astype(np.float32),
    "timeouts": np.zeros((20, 4), np.float32),
}
POSITIONS, GAMES = RANDOM.integers(20, size=300), RANDOM.integers(4, size=300)
ADAM = {
    "learning_rate": 1e-3,
    "betas": (0.9, 0.999),
    "epsilon": 1e-8,
    "weight_decay": 0.01,
    "decoupled_weight_decay": True,
}


def bound(learner, count):
    """What the learner works on: weights, and Adam's means and squares."""
    weights = [weight.copy() for weight in VALUE_WEIGHTS[count]]
    means, squares = ([np.zeros_like(weight) for weight in weights] for _ in range(2))
    learner.bind_online(weights)
    learner.bind_target([weight.copy() for weight in VALUE_WEIGHTS[count]])
    learner.bind_adam(
        means=means, squares=squares, steps=[np.zeros(1, np.float32) for _ in weights]
    )
    learner.bind_replay(**REPLAY)
    return [*weights, *means, *squares]


def qrdqn(instruction_set, threads):
    """Everything that acting and two updates give."""
    del threads  # it has one
    learner = _core.QuantileLearner(
        widths=[12, 16],
        n_actions=4,
        n_quantiles=5,
        activation="relu",
        instruction_set=instruction_set,
    )
    arrays = bound(learner, len(VALUE_SIZES))
    found = [learner.act(OBSERVATIONS).tobytes()]
    for _ in range(2):
        loss = learner.update(
            positions=POSITIONS,
            games=GAMES,
            gamma=0.99,
            adam=_core.AdamOptions(**ADAM),
            max_grad_norm=0.5,
        )
        found.append(loss)
    return found + [array.tobytes() for array in arrays]


def large_batches(instruction_set, threads):
    """The same of the learner for large batches, with all that it has."""
    shape = _core.ValueShape(
        observation_size=12, hidden=[16], n_actions=4, n_quantiles=5, layer_norm=True
    )
    learner = _core.LargeBatchLearner(shape, instruction_set=instruction_set)
    learner.threads = threads
    arrays = bound(learner, len(NORM_SIZES))
    actor = _core.ValueActor(shape, instruction_set=instruction_set)
    actor.bind(arrays[: len(NORM_SIZES)])
    options = _core.LargeBatchOptions(
        gamma=0.99,
        n_steps=3,
        newest=19,
        munchausen=(0.9, 0.03, -1.0),
        max_grad_norm=0.5,
        adam=_core.AdamOptions(**ADAM),
    )
    found = []
    for _ in range(2):
        actor.refresh()
        found.append(actor.act(OBSERVATIONS).tobytes())
        found.append(learner.update(positions=POSITIONS, games=GAMES, options=options))
    return found + [array.tobytes() for array in arrays]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("instruction_set", _core.learner_instruction_sets())
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("results_of", [ppo, qrdqn, large_batches])
def test_bits(results_of, mode, instruction_set, threads):
    wanted = results_of(instruction_set, 1)
    with float_mode(mode):
        found = results_of(instruction_set, threads)
    assert found == wanted
