"""Checks of the arguments that the environments share."""

from __future__ import annotations

import difflib
import inspect
import numbers
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from qwop_native import _core

BROWSER_ONLY = (
    "browser",
    "driver",
    "browser_mock",
    "stat_in_browser",
    "game_in_browser",
    "text_in_browser",
    "auto_draw",
    "loglevel",
)
"""Arguments of qwop-gym that mean something only where a browser plays the game."""

DRAWN_SEED_END = 2**31
"""Where no seed is given, one below this is drawn."""

_FLOAT32_MAX = float(np.finfo(np.float32).max)


def check_names(given: Iterable[str], *owners: type[Any]) -> None:
    """Refuses arguments that neither the constructors of `owners` nor qwop-gym have.

    Raises:
        TypeError: Such an argument was given; the message names the first of `owners`.
    """
    parameters = [each for owner in owners for each in inspect.signature(owner).parameters.values()]
    own = [each.name for each in parameters if each.kind is not inspect.Parameter.VAR_KEYWORD]
    for name in given:
        if name not in own and name not in BROWSER_ONLY:
            near = difflib.get_close_matches(name, [*own, *BROWSER_ONLY], n=1, cutoff=0.5)
            hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(own)}"
            # Python's own words first: TorchRL tries an argument and looks for them.
            raise TypeError(
                f"{owners[0].__name__}() got an unexpected keyword argument {name!r}; {hint}"
            )


def choose_action_set(action_set: str | None, reduced: bool) -> str:
    """The action set that qwop-gym's `reduced_action_set` and our `action_set` amount to.

    Raises:
        ValueError: The two contradict each other.
    """
    if reduced and action_set not in (None, "reduced"):
        raise ValueError(
            f"action_set={action_set!r} contradicts reduced_action_set=True; give one of the two"
        )
    if action_set is None:
        return "reduced" if reduced else "full"
    return action_set


def is_integer(value: Any) -> bool:
    """Whether a value is an integer of Python's or NumPy's, truth values excluded."""
    return isinstance(value, numbers.Integral) and not isinstance(value, (bool, np.bool_))


def check_seed(seed: Any) -> int:
    """The seed as an int; TypeError or ValueError unless it is an integer of at least 0."""
    return check_int("seed", seed, 0)


def check_snapshot(snapshot: Any) -> bytes:
    """The snapshot; TypeError unless it is bytes."""
    if not isinstance(snapshot, bytes):
        raise TypeError(f"a snapshot is bytes, got {type(snapshot).__name__}")
    return snapshot


def snapshot_option(options: Mapping[str, Any] | None) -> Any:
    """`options["snapshot"]` of a reset, unchecked, None without; TypeError for other options."""
    if options is not None and not isinstance(options, Mapping):
        raise TypeError(f"options must be a dict or None, got {type(options).__name__}")
    return (options or {}).get("snapshot")


def check_int(name: str, value: Any, least: int, most: int | None = None) -> int:
    """The value as an int; TypeError or ValueError unless an integer from `least` to `most`."""
    if not is_integer(value):
        raise TypeError(f"{name} must be an integer of at least {least}, got {value!r}")
    if int(value) < least:
        raise ValueError(f"{name} must be an integer of at least {least}, got {value!r}")
    if most is not None and int(value) > most:
        raise ValueError(f"{name} must be an integer of at most {most}, got {value!r}")
    return int(value)


def check_float32(name: str, value: Any) -> np.float32:
    """The value rounded to float32; TypeError unless a number, ValueError unless finite then."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not abs(float(value)) <= _FLOAT32_MAX:
        raise ValueError(f"{name} must be finite in float32, got {value!r}")
    rounded: np.float32 = np.float32(_core.nearest_float32(float(value)))
    return rounded


def check_probability(name: str, value: Any) -> float:
    """The value as a float; TypeError unless a number, ValueError unless from 0 to below 1."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name} must be a number, got {value!r}")
    if not 0 <= float(value) < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value!r}")
    return float(value)


def seed_word(seed: int) -> int:
    """The 64 bits of a checked seed that the engine's draws begin with."""
    return seed % 2**64


def check_bool(name: str, value: Any) -> bool:
    """The value as a bool; TypeError unless it is True or False."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} must be True or False, got {value!r}")
    return bool(value)
