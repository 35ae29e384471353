"""The file of a recording: text, described in ``docs/recordings.md``."""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from qwop_native.recording.grid import Grid, Masks, key_events
from qwop_native.recording.tape import MAX_UPDATES, Event, Tape, joined, parse_events
from qwop_native.text_files import lines_of

SUFFIX = ".qwop"
VERSION = 1
_MAGIC = "qwop-recording"
_NAME = re.compile(r"([a-z][a-z0-9_]*):(?: (.*))?")
_HASH = re.compile(r"([0-9]{1,9}) ([0-9a-f]{16})")
_SECTIONS = ("page", "keys", "hashes")
_OWN = (*_SECTIONS, "sincos", "frames_per_step", "action_set", "terminated", "end")


class Fields(NamedTuple):
    """What a file says; `Recording` has the same attributes."""

    keys: Masks
    sincos: str
    page: Tape
    grid: Grid | None
    hashes: dict[int, int]
    metadata: dict[str, Any]


def to_text(recording: Any) -> str:
    """The text of a recording's file.

    Args:
        recording: A `Recording`, or `Fields`.

    Raises:
        ValueError: Something in the metadata is not of JSON's kinds, or has a name that is not
            made of lower-case letters, digits and _, or is one of the file's own.
    """
    values: dict[str, Any] = {"sincos": recording.sincos}
    if recording.grid:
        values["frames_per_step"] = recording.grid.frames_per_step
        values["action_set"] = recording.grid.action_set
        if recording.grid.terminated:
            values["terminated"] = True
    for name in recording.metadata:
        if not _NAME.fullmatch(f"{name}:") or name in _OWN:
            raise ValueError(f"{name!r} cannot be the name of something kept with a recording")
    values.update(recording.metadata)
    lines = [f"{_MAGIC} {VERSION}"]
    lines += [f"{name}: {_json(name, value)}" for name, value in values.items()]
    lines += ["page:", *_wrapped(recording.page.events)]
    lines += [f"keys: {len(recording.keys)}", *_wrapped(key_events(recording.keys))]
    lines.append("hashes:")
    lines += [f"  {frame} {recording.hashes[frame]:016x}" for frame in sorted(recording.hashes)]
    return "\n".join([*lines, "end", ""])


def read_fields(text: str) -> Fields:
    """Reads the text of a recording's file.

    Raises:
        ValueError: It is not one, or damaged.
    """
    lines = lines_of(text)
    first = lines[0].split() if lines else []
    if len(first) != 2 or first[0] != _MAGIC:
        raise ValueError(f"not a recording of qwop-native: its first line is not '{_MAGIC} 1'")
    if first[1] != str(VERSION):
        raise ValueError(f"this is version {first[1][:20]} of the format, only {VERSION} is known")
    if lines[-1].strip() != "end":
        raise ValueError("the recording is cut off: its last line is not 'end'")
    values, sections = _split(lines[1:-1])
    missing = [name for name in (*_SECTIONS[:2], "sincos") if name not in values]
    if missing:
        raise ValueError(f"the recording has no '{missing[0]}:'")
    keys = _keys(sections["keys"])
    if len(keys) != _number(values.pop("keys"), "keys", 0):
        raise ValueError(f"'keys:' gives another number of frames than the {len(keys)} that follow")
    page = Tape(tuple(joined(_events(sections["page"]))))
    hashes = _hashes(sections.get("hashes", []))
    sincos, grid = values.pop("sincos"), _grid(values)
    metadata = {name: value for name, value in values.items() if name not in _SECTIONS}
    if not isinstance(sincos, str):
        raise ValueError(f"'sincos:' must be a name in quotation marks, got {sincos!r}")
    return Fields(keys, sincos, page, grid, hashes, metadata)


def _split(lines: list[str]) -> tuple[dict[str, Any], dict[str, list[tuple[int, str]]]]:
    """Values by name, and the numbered lines of each section."""
    values: dict[str, Any] = {}
    sections: dict[str, list[tuple[int, str]]] = {}
    section: list[tuple[int, str]] | None = None
    for number, line in enumerate(lines, start=2):
        words = line.split("#", 1)[0].rstrip() if section is not None else line.rstrip()
        if line.startswith("#") or not words:
            continue
        if line[0] == " ":
            if section is None:
                raise ValueError(f"line {number} is indented, but belongs to no section")
            section.append((number, words.strip()))
            continue
        match = _NAME.fullmatch(line.rstrip())
        if not match:
            raise ValueError(f"line {number} is not understood: {line[:60]!r}")
        name, value = match.groups()
        if name in values:
            raise ValueError(f"line {number}: there is a second '{name}:'")
        section = sections.setdefault(name, []) if name in _SECTIONS else None
        values[name] = _value(name, value, number)
    return values, sections


def _value(name: str, text: str | None, number: int) -> Any:
    if not text and name in ("page", "hashes"):
        return None
    try:
        return json.loads(text or "", parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise ValueError(f"line {number}: the value of '{name}:' is not JSON") from None


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _json(name: str, value: Any) -> str:
    try:
        text = json.dumps(value, allow_nan=False)
        if json.loads(text) != value:
            raise ValueError("it reads back differently")
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"{name!r} cannot be kept with a recording: {error}") from None
    return text


def _wrapped(events: Iterable[Event]) -> Iterator[str]:
    text = " ".join(str(event) for event in events)
    yield from textwrap.wrap(
        text, 100, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False
    )


def _events(lines: list[tuple[int, str]]) -> Iterator[Event]:
    for number, words in lines:
        try:
            yield from parse_events(words)
        except ValueError as error:
            raise ValueError(f"line {number}: {str(error).partition(': ')[2]}") from None


def _keys(lines: list[tuple[int, str]]) -> Masks:
    events = list(_events(lines))
    other = [event.kind for event in events if event.kind != "keys"]
    if other:
        raise ValueError(f"'{other[0]}' cannot stand among the keys of a run")
    if sum(event.count for event in events) > MAX_UPDATES:
        raise ValueError(f"a recording may have at most {MAX_UPDATES} frames")
    masks = np.array([event.keys for event in events], np.uint8)
    return np.repeat(masks, [event.count for event in events])


def _hashes(lines: list[tuple[int, str]]) -> dict[int, int]:
    hashes: dict[int, int] = {}
    for number, words in lines:
        match = _HASH.fullmatch(words)
        if not match or int(match[1]) in hashes:
            raise ValueError(f"line {number} must be a frame and a new hash of 16 hex digits")
        hashes[int(match[1])] = int(match[2], 16)
    return hashes


def _grid(values: dict[str, Any]) -> Grid | None:
    """Takes the grid out of the values."""
    names = ("frames_per_step", "action_set", "terminated")
    frames, action_set, terminated = (values.pop(name, None) for name in names)
    if frames is None and action_set is None and terminated is None:
        return None
    if not isinstance(action_set, str) or terminated not in (None, False, True):
        raise ValueError("'frames_per_step:' and 'action_set:' are not both there, or damaged")
    return Grid(_number(frames, "frames_per_step", 1), action_set, bool(terminated))


def _number(value: Any, name: str, least: int) -> int:
    if type(value) is not int or value < least:
        raise ValueError(f"'{name}:' must be a whole number of at least {least}, got {value!r}")
    return value
