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


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("instruction_set", _core.learner_instruction_sets())
@pytest.mark.parametrize("mode", MODES)
def test_ppo(mode, instruction_set, threads):
    wanted = ppo(instruction_set, 1)
    with float_mode(mode):
        found = ppo(instruction_set, threads)
    assert found == wanted
