"""What pydantic refuses, in one sentence: the setting, what it accepts, what was given."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import AliasChoices, BaseModel, ValidationError
from pydantic.fields import FieldInfo

_UNKNOWN = ("extra_forbidden", "invalid_key")
_KINDS: dict[Any, tuple[str, str]] = {  # one, and several in a list
    int: ("a whole number", "whole numbers"),
    float: ("a finite number", "finite numbers"),
    bool: ("true or false", "true or false"),
    str: ("text", "texts"),
    dict: ("key: value pairs", "key: value pairs"),
    type(None): ("null", "nulls"),
}


@dataclass(frozen=True)
class Place:
    """Where in the settings something is.

    Attributes:
        path: Keys that lead there, as they were given.
        owner: The section that it belongs to.
        annotation: Type of what is accepted there.
        metadata: Of the field, with its limits.
    """

    path: tuple[str, ...]
    owner: type[BaseModel]
    annotation: Any
    metadata: tuple[Any, ...] = ()

    @staticmethod
    def names(name: str, field: FieldInfo) -> list[str]:
        """All names that a setting may be given by, its own first."""
        alias = field.validation_alias
        others = alias.choices if isinstance(alias, AliasChoices) else [alias] if alias else []
        return [name, *(str(each) for each in others if each != name)]

    @classmethod
    def find(cls, owner: type[BaseModel], location: Sequence[int | str]) -> Place:
        """Follows pydantic's location as far as it consists of keys."""
        place = cls((), owner, owner)
        for part in location:
            section, kind = _section(place.annotation), _dict(place.annotation)
            if section is not None:
                field = next(
                    (f for n, f in section.model_fields.items() if part in cls.names(n, f)), None
                )
                path = (*place.path, str(part))
                if field is None:
                    return cls(path, section, None)
                place = cls(path, section, field.annotation, tuple(field.metadata))
            elif kind is not None:
                place = cls((*place.path, str(part)), place.owner, typing.get_args(kind)[1])
            else:
                break
        return place


def explain(
    error: ValidationError,
    owner: type[BaseModel],
    given: Mapping[str, Any],
    at: str = "",
    elsewhere: Sequence[str] = (),
) -> str:
    """One sentence about the first thing that is wrong; an unknown key comes first.

    Args:
        error: Of pydantic.
        owner: The settings.
        given: What was given.
        at: What stands before the names.
        elsewhere: Dotted names of other sections.
    """
    problems = error.errors(include_url=False)
    unknown = [each for each in problems if each["type"] in _UNKNOWN]
    if unknown:
        return _unknown(Place.find(owner, unknown[0]["loc"]), at, elsewhere)
    place = Place.find(owner, problems[0]["loc"])
    here = [each for each in problems if Place.find(owner, each["loc"]).path == place.path]
    # Of a union's branches the one whose type fits tells more.
    problem = next(
        (each for each in here if not each["type"].endswith(("_type", "_required"))), None
    )
    name = at + ".".join(place.path)
    if problem is None:
        return f"{name} must be {_wanted(place)}, got {_got(here[0], given, place)!r}"
    if problem["type"] == "missing":
        return f"{name} is missing; it must be {_wanted(place)}"
    if problem["type"] == "value_error":
        text = str(problem["ctx"]["error"])
        return text if not place.path or _section(place.annotation) else f"{name} {text}"
    limits = bounds(place.annotation, place.metadata)
    if not problem["type"].startswith(("greater", "less")) or not limits:
        limits = _wanted(place)
    return f"{name} must be {limits}, got {_got(problem, given, place)!r}"


def unknown_key(
    name: str, known: Iterable[str], at: str = "", elsewhere: Iterable[str] = ()
) -> str:
    """What to say about a key that is not known: the most similar known one, or all.

    Args:
        name: The key.
        known: Keys of its section.
        at: What stands before the section's keys.
        elsewhere: Dotted names in other sections, for keys that are merely in the wrong one.
    """
    own = {each: at + each for each in known}
    leaves = {**{each.rpartition(".")[2]: each for each in elsewhere}, **own}
    near = difflib.get_close_matches(name, leaves, n=1)
    hint = f"did you mean {leaves[near[0]]!r}?" if near else f"there are: {', '.join(own)}"
    return f"unknown setting {at + name!r}; {hint}"


def accepted(annotation: Any) -> str:
    """The kinds of values that a type stands for, in words."""
    words = [_words(kind) for kind in _alternatives(annotation)]
    if words[:1] == ["a whole number"] and "a finite number" in words:
        words.remove("a whole number")
    return " or ".join(dict.fromkeys(words))


def bounds(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """The limits of a number, or of the numbers of a list, in words; none are an empty text."""
    found = [*_limits(annotation), *(limit for each in metadata for limit in _limits_of(each))]
    words = {Ge: "at least", Gt: "above", Le: "at most", Lt: "below"}
    values = {Ge: "ge", Gt: "gt", Le: "le", Lt: "lt"}
    texts = [
        f"{words[kind]} {getattr(each, values[kind])}"
        for kind in words
        for each in found
        if isinstance(each, kind)
    ]
    return " and ".join(dict.fromkeys(texts))


def _unknown(place: Place, at: str, elsewhere: Sequence[str]) -> str:
    *section, name = place.path
    at = "".join([at, *(f"{each}." for each in section)])
    for own, field in place.owner.model_fields.items():
        names = Place.names(own, field)
        if name in names:
            other = next(each for each in names if each != name)
            return f"{at}{other} and {at}{name} mean the same; give one of the two"
    return unknown_key(name, place.owner.model_fields, at, () if section else elsewhere)


def _got(problem: Any, given: Mapping[str, Any], place: Place) -> Any:
    """What was given: of a list all of it, not the one item."""
    whole: Any = given
    if not any(isinstance(part, int) for part in problem["loc"]):
        return problem["input"]
    for key in place.path:
        if not isinstance(whole, Mapping) or key not in whole:
            return problem["input"]
        whole = whole[key]
    return tuple(whole) if isinstance(whole, list) else whole


def _wanted(place: Place) -> str:
    """What is accepted, without the null that stands for nothing at all."""
    return accepted(place.annotation).removesuffix(" or null")


def _words(kind: Any) -> str:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        several = {_KINDS[each][1] for each in _alternatives(arguments[0]) if each in _KINDS}
        return " ".join(["a list", *(f"of {each}" for each in sorted(several))])
    if origin is Literal:
        return (
            f"one of {', '.join(map(word, arguments))}" if len(arguments) > 1 else word(*arguments)
        )
    if origin is dict or (isinstance(kind, type) and issubclass(kind, BaseModel)):
        return _KINDS[dict][0]
    return _KINDS.get(kind, ("a value of another kind", ""))[0]


def word(value: object) -> str:
    """A value as YAML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)


def _alternatives(annotation: Any) -> list[Any]:
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _alternatives(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [kind for each in typing.get_args(annotation) for kind in _alternatives(each)]
    return [annotation]


def _limits(annotation: Any) -> list[Any]:
    found = [] if typing.get_origin(annotation) is not Annotated else annotation.__metadata__
    limits = [limit for each in found for limit in _limits_of(each)]
    for inner in typing.get_args(annotation):
        if typing.get_origin(annotation) is not Literal:
            limits += _limits(inner)
    return limits


def _limits_of(metadata: Any) -> list[Any]:
    return metadata.metadata if isinstance(metadata, FieldInfo) else [metadata]


def _section(annotation: Any) -> type[BaseModel] | None:
    for kind in _alternatives(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind
    return None


def _dict(annotation: Any) -> Any:
    kinds = _alternatives(annotation)
    return next((kind for kind in kinds if typing.get_origin(kind) is dict), None)
