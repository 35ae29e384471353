"""When a model is not trained by the native kernels: the warning that says so, and the versions.

The native learners override public methods of Stable-Baselines3 (`train`, `predict`,
`collect_rollouts`) with loops of their own that are tested to do what stock's do. `TESTED` is the
range of versions for which that holds; `pyproject.toml` states the same range.
"""

from __future__ import annotations

import re
import sys
import warnings
from importlib.metadata import version
from types import FrameType

TESTED = ("2.7.1", "2.10")
"""Versions of stable-baselines3 and sb3-contrib: the first tested, the first not tested."""


class SlowPathWarning(UserWarning):
    """A model is trained by Stable-Baselines3's own code, many times slower than it could be."""


def why_untested(package: str) -> str | None:
    """Why an installed package is none that the native learners were tested with.

    Args:
        package: "stable-baselines3" or "sb3-contrib".

    Returns:
        The reason, None for a version within `TESTED`.
    """
    found = version(package)
    first, end = map(_numbers, TESTED)
    if first <= _numbers(found) < end:
        return None
    return (
        f"{package} {found} is outside the tested range, {TESTED[0]} or newer and below "
        f"{TESTED[1]} (pip install '{package}>={TESTED[0]},<{TESTED[1]}')"
    )


def warn_slow(learner: str, own: str, reason: object, factor: str) -> None:
    """Warns that a model is trained by other code than the kernels.

    Args:
        learner: Name of the model's class.
        own: Whose code trains it.
        reason: Why, as the part of a sentence that follows "because".
        factor: How many times slower that is.
    """
    warnings.warn(
        f"{learner} runs on {own} because {reason}; that is {factor} slower",
        SlowPathWarning,
        stacklevel=_level_of_the_caller(),
    )


def _level_of_the_caller() -> int:
    """How far up the stack, from `warn_slow`, the code stands that called a learner."""
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and _is_a_learners(frame):
        level, frame = level + 1, frame.f_back
    return level


def _is_a_learners(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__"))
    return module.startswith(("qwop_native.sb3.", "stable_baselines3.", "sb3_contrib."))


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", text)[:3]))
