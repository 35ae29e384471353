"""The base of all settings: pydantic's strict checks on values as YAML gives them."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, ValidationInfo, field_validator
from typing_extensions import Self

from qwop_native.settings.sentences import Place, explain

# PyYAML reads these as strings: YAML 1.1 asks for a dot and a sign in the exponent.
_SCIENTIFIC = re.compile(r"[-+]?(\d[\d_]*\.?\d*|\.\d+)[eE][-+]?\d+")

Natural = Annotated[int, Field(ge=0)]
"""A whole number of at least 0."""
Count = Annotated[int, Field(ge=1)]
"""A whole number of at least 1."""
Positive = Annotated[float, Field(gt=0)]
"""A number above 0."""
NonNegative = Annotated[float, Field(ge=0)]
"""A number of at least 0."""
Share = Annotated[float, Field(ge=0, le=1)]
"""A number from 0 to 1."""
PositiveShare = Annotated[float, Field(gt=0, le=1)]
"""A number above 0, at most 1."""


class Settings(BaseModel):
    """Settings of one section: each field is a setting with its default, range and help.

    Values are checked strictly, after what YAML cannot say has been put right: 32e6 is a number,
    a list is a tuple, an empty section has its defaults.
    """

    model_config = ConfigDict(
        strict=True,
        extra="forbid",
        frozen=True,
        allow_inf_nan=False,
        protected_namespaces=(),
    )

    @field_validator("*", mode="before")
    @classmethod
    def _as_meant(cls, value: Any, info: ValidationInfo) -> Any:
        field = cls.model_fields[str(info.field_name)]
        default = field.get_default(call_default_factory=True)
        if isinstance(default, Settings) and (value is None or isinstance(value, Mapping)):
            return default._with(value or {})
        return _as_meant(value, field.annotation)

    def _with(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Values of a section that is given in part, by the names under which they are given."""
        kept = {
            name: getattr(self, name)
            for name, field in type(self).model_fields.items()
            if not given.keys() & set(Place.names(name, field))
        }
        return {**kept, **given}

    @classmethod
    def of(cls, given: Mapping[str, Any], at: str = "", elsewhere: Sequence[str] = ()) -> Self:
        """Settings from plain values, as YAML has them.

        Args:
            given: Values by name; those left out keep their defaults.
            at: What stands before the names in messages, such as "learner.".
            elsewhere: Dotted names of other sections, for keys that are in the wrong one.

        Raises:
            ValueError: A key is unknown or a value is not accepted; one sentence.
        """
        try:
            return cls.model_validate(dict(given))
        except ValidationError as error:
            raise ValueError(explain(error, cls, given, at, elsewhere)) from None

    def changed(self, **values: Any) -> Self:
        """A copy with some values changed, checked anew.

        Raises:
            ValueError: A name is unknown or a value is not accepted.
        """
        return self.of({**dict(self), **values})

    def plain(self) -> dict[str, Any]:
        """The settings as the dicts and lists that YAML knows."""
        return {name: plain(value) for name, value in self}

    @classmethod
    def paths(cls, at: str = "") -> list[str]:
        """Dotted names of all settings and of those in sections."""
        found = []
        for name, field in cls.model_fields.items():
            found.append(at + name)
            kind = field.annotation
            if isinstance(kind, type) and issubclass(kind, Settings):
                found += kind.paths(f"{at}{name}.")
        return found

    @classmethod
    def help_of(cls, name: str) -> str:
        """What a setting is for; a subclass that only changes a default inherits the text."""
        for owner in cls.__mro__:
            field = getattr(owner, "model_fields", {}).get(name)
            if field is not None and field.description:
                return str(field.description)
        return ""


def plain(value: Any) -> Any:
    """Settings, tuples and mappings as the dicts and lists that YAML knows."""
    if isinstance(value, Settings):
        return value.plain()
    if isinstance(value, Mapping):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, (tuple, list)) else value


def number(value: Any) -> Any:
    """Turns text such as 32e6 or 1e-4 into the number it means; leaves the rest alone."""
    if isinstance(value, str) and _SCIENTIFIC.fullmatch(value):
        return float(value)
    return value


def _as_meant(value: Any, annotation: Any) -> Any:
    """What a value of YAML means where one of a type is wanted; the check itself comes after."""
    kinds = _kinds(annotation)
    origins = {typing.get_origin(kind) or kind: kind for kind in kinds}
    if value is None and dict in origins and type(None) not in origins:
        return {}
    if isinstance(value, (list, tuple)) and tuple in origins:
        item = (*typing.get_args(origins[tuple]), Any)[0]
        return tuple(_as_meant(each, item) for each in value)
    if isinstance(value, Mapping) and dict in origins:
        item = (*typing.get_args(origins[dict]), Any, Any)[1]
        return {str(key): _as_meant(each, item) for key, each in value.items()}
    return _as_number(value, origins)


def _as_number(value: Any, kinds: Mapping[Any, Any]) -> Any:
    if Any in kinds:
        return number(value)
    if not {int, float} & kinds.keys():
        return value
    value = number(value)
    if float not in kinds and isinstance(value, float) and value.is_integer():
        return int(value)
    if int not in kinds and type(value) is int and abs(value) < 2**1000:
        return float(value)
    return value


def _kinds(annotation: Any) -> list[Any]:
    """The alternatives of a type, without what is annotated."""
    origin = typing.get_origin(annotation)
    if origin is Annotated:
        return _kinds(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [kind for each in typing.get_args(annotation) for kind in _kinds(each)]
    return [annotation]
