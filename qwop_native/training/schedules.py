"""Step sizes that change during a run, written as in qwop-gym: lin_decay_0.03_0.0001_0.75."""

from __future__ import annotations

import re
from collections.abc import Callable

Schedule = Callable[[float], float]
"""Value by the part of the run that is still to come: 1 at its start, 0 at its end."""

_NUMBER = r"(\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?)"
_FORMS = "const_V, lin_decay_V0_V1_F or exp_decay_V0_V1_F_N"


def parse(value: float | str, name: str) -> float | Schedule:
    """Turns a setting into what SB3 takes: a number or a schedule.

    qwop-gym's `lin_decay` ignores its last value and falls to zero early; here it does as it is
    documented. `exp_decay` makes N equal steps at equal distances, the first one after F / N.

    Args:
        value: A number, or text of one of the three forms; N is 10 where it is left out.
        name: The setting, for messages.

    Returns:
        The number, or a function that a zip of SB3 keeps without this package.

    Raises:
        ValueError: The text is of no such form or its numbers make no schedule.
    """
    if not isinstance(value, str):
        return value
    constant = re.fullmatch(f"const_{_NUMBER}", value)
    if constant:
        return float(constant[1])
    linear = re.fullmatch(f"lin_decay_{_NUMBER}_{_NUMBER}_{_NUMBER}", value)
    stepwise = re.fullmatch(rf"exp_decay_{_NUMBER}_{_NUMBER}_{_NUMBER}(?:_(\d+))?", value)
    found = linear or stepwise
    if not found:
        raise ValueError(f"{name} must be a number, {_FORMS}, got {value!r}")
    first, last, fraction = (float(found[group]) for group in (1, 2, 3))
    steps = int(stepwise[4] or 10) if stepwise else 1
    if not (first > 0 and last > 0 and 0 < fraction <= 1 and steps >= 1):
        raise ValueError(
            f"{name} needs values above 0, a fraction above 0 and at most 1 and at least one step, "
            f"got {value!r}"
        )
    return _line(first, last, fraction) if linear else _steps(first, last, fraction, steps)


# Functions within functions: cloudpickle stores those whole, not by the name of this module.
def _line(first: float, last: float, fraction: float) -> Schedule:
    def schedule(progress_remaining: float) -> float:
        done = min((1.0 - progress_remaining) / fraction, 1.0)
        return first + done * (last - first)

    return schedule


def _steps(first: float, last: float, fraction: float, steps: int) -> Schedule:
    def schedule(progress_remaining: float) -> float:
        done = min((1.0 - progress_remaining) / fraction, 1.0)
        made = int(done * steps + 1e-9)  # 0.3 / 0.1 is a little less than 3
        return float(first * (last / first) ** (made / steps))

    return schedule
