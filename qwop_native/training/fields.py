"""Settings as typed dataclass fields: what each accepts, and how a wrong one is refused."""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

# PyYAML reads these as strings: YAML 1.1 asks for a dot and a sign in the exponent.
_SCIENTIFIC = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+")

_LIMITS: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "at_least": ("at least", lambda value, limit: value >= limit),
    "above": ("above", lambda value, limit: value > limit),
    "at_most": ("at most", lambda value, limit: value <= limit),
}


def setting(default: Any, **limits: Any) -> Any:
    """A dataclass field with limits.

    Args:
        default: The value when none is given.
        **limits: `at_least`, `above` and `at_most` for numbers, `one_of` for anything.
    """
    return dataclasses.field(default=default, metadata=limits)


def require(holds: bool, name: str, accepted: str, value: object) -> None:
    """Raises ValueError naming the setting, what it accepts and what it got, unless `holds`."""
    if not holds:
        raise ValueError(f"{name} must be {accepted}, got {value!r}")


def fill(
    owner: type[Any], given: Mapping[str, Any], at: str = "", default: Any | None = None
) -> Any:
    """Makes a dataclass from plain settings.

    Args:
        owner: The dataclass. Fields of a dataclass type are sections of their own.
        given: Values by field name, as YAML has them.
        at: What stands before the names in messages, such as "learner.".
        default: Has the values that are not given; None where the fields' own defaults do.

    Returns:
        The dataclass with each value of its field's type and within its limits.

    Raises:
        ValueError: A key is unknown or a value is not accepted.
    """
    hints = typing.get_type_hints(owner)
    refuse_unknown(given, hints, at)
    fields = {field.name: field for field in dataclasses.fields(owner)}
    values = {
        name: _coerce(value, hints[name], at + name, _default(fields[name]))
        for name, value in given.items()
    }
    for name, value in values.items():
        _check_limits(value, fields[name].metadata, at + name)
    return owner(**values) if default is None else dataclasses.replace(default, **values)


def _default(field: dataclasses.Field[Any]) -> Any | None:
    """What a section has that is given in part."""
    return None if field.default_factory is dataclasses.MISSING else field.default_factory()


def paths(owner: type[Any], at: str = "") -> list[str]:
    """Dotted names of all fields of a dataclass and of the sections in it."""
    found = []
    for name, hint in typing.get_type_hints(owner).items():
        found.append(at + name)
        if dataclasses.is_dataclass(hint):
            found += paths(typing.cast(type[Any], hint), f"{at}{name}.")
    return found


def refuse_unknown(
    given: Iterable[str], known: Iterable[str], at: str = "", elsewhere: Iterable[str] = ()
) -> None:
    """Raises ValueError for the first unknown key, with the most similar known one.

    Args:
        given: Keys of a section.
        known: Keys that it may have.
        at: What stands before the section's keys in messages.
        elsewhere: Dotted names in other sections, for keys that are merely in the wrong one.
    """
    own = {name: at + name for name in known}
    leaves = {**{name.rpartition(".")[2]: name for name in elsewhere}, **own}
    for name in given:
        if name in own:
            continue
        near = difflib.get_close_matches(str(name), leaves, n=1)
        hint = f"did you mean {leaves[near[0]]!r}?" if near else f"there are: {', '.join(own)}"
        raise ValueError(f"unknown setting {at + str(name)!r}; {hint}")


def plain(value: Any) -> Any:
    """Dataclasses, tuples and mappings as the dicts and lists that YAML knows."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def number(value: Any) -> Any:
    """Turns text such as 32e6 or 1e-4 into the number it means; leaves the rest alone."""
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value):
        return float(value)
    return value


def _check_limits(value: Any, limits: Mapping[str, Any], name: str) -> None:
    each_of = value if isinstance(value, tuple) else (value,)
    if "one_of" in limits:
        options = limits["one_of"]
        accepted = f"one of {', '.join(map(str, options))}"
        require(all(each in options for each in each_of), name, accepted, value)
    bounds = {key: limit for key, limit in limits.items() if key in _LIMITS}
    accepted = " and ".join(f"{_LIMITS[key][0]} {limit}" for key, limit in bounds.items())
    for each in each_of:
        if isinstance(each, (int, float)):
            holds = all(_LIMITS[key][1](each, limit) for key, limit in bounds.items())
            require(holds, name, accepted, value)


def _coerce(value: Any, wanted: Any, name: str, default: Any | None = None) -> Any:
    """Returns the value as the wanted type, or raises ValueError naming the setting."""
    if isinstance(wanted, types.UnionType):
        return _coerce_union(value, typing.get_args(wanted), name)
    if dataclasses.is_dataclass(wanted):
        require(isinstance(value, Mapping) or value is None, name, "key: value pairs", value)
        return fill(typing.cast(type[Any], wanted), value or {}, f"{name}.", default)
    origin = typing.get_origin(wanted)
    if origin is tuple:
        require(isinstance(value, (list, tuple)), name, "a list", value)
        return tuple(_coerce(item, typing.get_args(wanted)[0], name) for item in value)
    if origin is dict:
        require(isinstance(value, Mapping) or value is None, name, "key: value pairs", value)
        return {str(key): number(item) for key, item in (value or {}).items()}
    if wanted in (bool, str):
        kind = "true or false" if wanted is bool else "text"
        require(isinstance(value, wanted), name, kind, value)
        return value
    if wanted is Any:
        return number(value)
    return _coerce_number(value, wanted, name)


def _coerce_union(value: Any, options: tuple[Any, ...], name: str) -> Any:
    if value is None and type(None) in options:
        return None
    options = tuple(option for option in options if option is not type(None))
    # Text that stands for a number is one, where both are accepted.
    if len(options) > 1 and str in options and isinstance(number(value), str):
        return value
    wanted = next(option for option in options if option is not str or len(options) == 1)
    return _coerce(value, wanted, name)


def _coerce_number(value: Any, wanted: Any, name: str) -> int | float:
    given = number(value)
    usable = isinstance(given, (int, float)) and not isinstance(given, bool)
    if wanted is int:
        whole = usable and math.isfinite(given) and given == int(given)
        require(whole, name, "a whole number", value)
        return int(given)
    require(usable and math.isfinite(given), name, "a finite number", value)
    return float(given)
