"""What a model says about itself: a commented YAML file to edit, and tables for the reference."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

import yaml

from qwop_native.settings.model import Settings, plain
from qwop_native.settings.sentences import accepted, bounds

_WIDTH = 100


def commented_yaml(settings: Settings, leave_out: tuple[str, ...] = (), last: str = "") -> str:
    """All settings with their help as comments, in YAML that reads back to equal ones.

    Args:
        settings: The settings.
        leave_out: Names of the outermost section that are not written.
        last: The name that is written last.
    """
    kept = [name for name, _ in settings if name not in (*leave_out, last)]
    kept += [last] if last else []
    return "\n\n".join("\n".join(_entry(settings, name, "")) for name in kept) + "\n"


def table(settings: Settings, leave_out: tuple[str, ...] = ()) -> str:
    """A Markdown table of a section's settings: name, default, what is accepted, help.

    Args:
        settings: The section with its defaults.
        leave_out: Names that are not listed.
    """
    rows = ["| setting | default | accepted | |", "|---|---|---|---|"]
    for name, value in settings:
        if name in leave_out or isinstance(value, Settings):
            continue
        field = type(settings).model_fields[name]
        kinds, limits = accepted(field.annotation), bounds(field.annotation, field.metadata)
        words = f"{kinds}, {limits}" if limits else kinds
        rows.append(f"| `{name}` | `{_value(value)}` | {words} | {type(settings).help_of(name)} |")
    return "\n".join(rows) + "\n"


def _entry(settings: Settings, name: str, indent: str) -> Iterator[str]:
    """Lines of one setting: its help and its value, or the settings of a section."""
    value = getattr(settings, name)
    text = type(settings).help_of(name)
    first = f"{indent}# "
    yield from textwrap.wrap(
        text, _WIDTH, initial_indent=first, subsequent_indent=first, break_on_hyphens=False
    )
    if not isinstance(value, Settings):
        yield f"{indent}{name}: {_value(value)}"
        return
    yield f"{indent}{name}:"
    for each, _ in value:
        yield from _entry(value, each, f"{indent}  ")


def _value(value: Any) -> str:
    """A value as YAML on one line."""
    if type(value) is int and abs(value) >= 10_000:
        return f"{value:_}"
    text: str = yaml.safe_dump(
        plain(value), default_flow_style=True, sort_keys=False, width=float("inf")
    )
    return text.removesuffix("\n").removesuffix("\n...")
