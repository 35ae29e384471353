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
    learner = _core.ActorCritic([12, 16], [12, 16], 4, "tanh", instruction_set)
    learner.threads = threads
    weights = [weight.copy() for weight in WEIGHTS]
    moments = [[np.zeros(size, np.float32) for size in SIZES] for _ in range(2)]
    learner.bind_parameters(weights)
    learner.bind_adam(*moments, [np.zeros(1, np.float32) for _ in SIZES])
    acted = actions, values, log_probs = learner.act(OBSERVATIONS, NOISE)
    shape = (16, 4)
    rollout = [OBSERVATIONS.reshape(*shape, 12), actions.reshape(shape), values.reshape(shape)]
    learner.bind_rollout(*rollout, log_probs.reshape(shape), ADVANTAGES, RETURNS)
    found = [array.tobytes() for array in acted]
    for _ in range(2):
        logged = learner.update(
            np.arange(64),
            0.2,
            None,
            0.01,
            0.5,
            True,
            0.5,
            None,
            1e-3,
            (0.9, 0.999),
            1e-5,
            0.0,
            False,
        )
        found.append(sorted(logged.items()))
    return found + [array.tobytes() for array in (*weights, *moments[0], *moments[1])]


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("instruction_set", _core.learner_instruction_sets())
@pytest.mark.parametrize("mode", MODES)
def test_ppo(mode, instruction_set, threads):
    wanted = ppo(instruction_set, 1)
    with float_mode(mode):
        found = ppo(instruction_set, threads)
    assert found == wanted
