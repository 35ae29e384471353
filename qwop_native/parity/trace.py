"""The file in which a recording of the real game is kept.

A trace holds a digest of every row's bits, and whole rows at intervals, so that every number the
browser gave is verified although few are stored. Layout, all integers little-endian::

    8 bytes     QWOPTRC and a zero byte
    u32         format version
    u32, bytes  header: its length, JSON in UTF-8
    sections    tape (UTF-8), digests (u64 each), whole rows (bytes of all rows, column by
                column); each as u32 length before and u32 length after zlib compression, and
                the compressed bytes
    32 bytes    SHA-256 of everything before
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwop_native.atomic import whole_file
from qwop_native.facts import FLAVORS
from qwop_native.parity.env_tape import EnvTape, parse_env_tape
from qwop_native.recording.rows import LAYOUTS, Difference, Rows, digests, first_difference
from qwop_native.recording.tape import Tape, parse_tape

MAGIC = b"QWOPTRC\0"
VERSION = 1
SUFFIX = ".trace"
_MAX_HEADER = 1 << 16
_MAX_SECTION = 1 << 28
_CHECKSUM = 32


@dataclass(frozen=True)
class Provenance:
    """Where a trace comes from.

    Attributes:
        description: What the trace shows.
        browser: Name and build of the browser, for a person.
        version: The browser's version.
        options: Arguments and environment variables given to the browser beyond the usual.
        sincos: The flavor of sine and cosine found in it.
        game_files: SHA-256 of each file of the game, by name.
        command: The command that made the recording.
    """

    description: str
    browser: str
    version: str
    options: str
    sincos: str
    game_files: Mapping[str, str]
    command: str


@dataclass(frozen=True)
class Mismatch:
    """The first row of a trace that was not reproduced.

    Attributes:
        row: Index of the first row whose digest differs.
        difference: The first difference in the first whole row from there on that shows one.
    """

    row: int
    difference: Difference | None

    def __str__(self) -> str:
        text = f"row {self.row} is the first with other bits"
        return f"{text}; {self.difference}" if self.difference else text


@dataclass(frozen=True)
class Trace:
    """A recording of the real game or of the environment in it.

    Attributes:
        provenance: Where it comes from.
        tape: What was done: a key tape, or the actions of an environment.
        env: Arguments of the environment; None for a recording of the game.
        interval: Every how many rows a whole row is kept; the last is always kept.
        digests: Hash of each row, uint64 of shape (rows,).
        keyframes: The rows kept, shape (number of `keyframe_rows`,).
    """

    provenance: Provenance
    tape: Tape | EnvTape
    env: Mapping[str, Any] | None
    interval: int
    digests: NDArray[np.uint64]
    keyframes: Rows

    @property
    def kind(self) -> str:
        """Either "game" or "env"."""
        return "game" if self.env is None else "env"

    @property
    def keyframe_rows(self) -> NDArray[np.intp]:
        """Indices of the rows kept whole."""
        return keyframe_rows(len(self.digests), self.interval)

    def mismatch(self, rows: Rows) -> Mismatch | None:
        """Compares rows computed elsewhere with the recorded ones.

        Args:
            rows: All rows of the tape, shape (number of rows,).

        Returns:
            The first mismatch, or None when every bit of every row is equal.

        Raises:
            ValueError: The number or the kind of the rows is wrong.
        """
        if rows.dtype != LAYOUTS[self.kind] or rows.shape != self.digests.shape:
            raise ValueError(
                f"the trace has {self.digests.shape} rows of {self.kind}, got {rows.shape} "
                f"of {rows.dtype}"
            )
        unequal = digests(rows) != self.digests
        if not unequal.any():
            return None
        row = int(unequal.argmax())
        kept = self.keyframe_rows
        later = kept >= row
        difference = first_difference(rows[kept[later]], self.keyframes[later])
        if difference:
            whole = int(kept[later][difference.row])
            difference = Difference(**{**vars(difference), "row": whole})
        return Mismatch(row, difference)


def keyframe_rows(rows: int, interval: int) -> NDArray[np.intp]:
    """Indices of the rows that a trace keeps whole: every interval-th and the last."""
    return np.union1d(np.arange(0, rows, interval), [rows - 1]).astype(np.intp)


def make_trace(
    provenance: Provenance,
    tape: Tape | EnvTape,
    rows: Rows,
    interval: int = 100,
    env: Mapping[str, Any] | None = None,
) -> Trace:
    """Makes a trace of the rows that a browser gave.

    Args:
        provenance: Where they come from.
        tape: What was done.
        rows: All rows, shape (number of rows,).
        interval: Every how many rows a whole row is kept.
        env: Arguments of the environment, for its recordings.

    Returns:
        The trace.

    Raises:
        ValueError: The rows do not fit the tape, or the interval is not positive.
    """
    layout = LAYOUTS["game" if env is None else "env"]
    if interval < 1 or rows.dtype != layout or rows.shape != (tape.rows,) or not tape.rows:
        raise ValueError(
            f"a tape of {tape.rows} rows and an interval of {interval} do not fit "
            f"{rows.shape} rows of {rows.dtype}"
        )
    kept = keyframe_rows(len(rows), interval)
    return Trace(provenance, tape, env, interval, digests(rows), rows[kept])


def write_trace(path: str | os.PathLike[str], trace: Trace) -> None:
    """Writes a trace; the file appears under its name only when it is whole.

    Raises:
        FileNotFoundError: The folder does not exist.
    """
    header = {
        "kind": trace.kind,
        "rows": len(trace.digests),
        "interval": trace.interval,
        "env": dict(trace.env) if trace.env is not None else None,
        **{**vars(trace.provenance), "game_files": dict(trace.provenance.game_files)},
    }
    text = json.dumps(header, sort_keys=True, indent=1).encode()
    size = trace.keyframes.dtype.itemsize
    whole = np.frombuffer(trace.keyframes.tobytes(), np.uint8).reshape(-1, size)
    sections = (str(trace.tape).encode(), trace.digests.tobytes(), whole.T.tobytes())
    data = MAGIC + struct.pack("<II", VERSION, len(text)) + text
    for section in sections:
        packed = zlib.compress(section, 9)
        data += struct.pack("<II", len(section), len(packed)) + packed
    with whole_file(path) as file:
        file.write(data + hashlib.sha256(data).digest())


def read_trace(path: str | os.PathLike[str]) -> Trace:
    """Reads a trace.

    Args:
        path: A file that `write_trace` wrote.

    Returns:
        The trace.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file is damaged, or of another version.
    """
    data = Path(path).read_bytes()
    try:
        return parse_trace(data)
    except ValueError as error:
        raise ValueError(f"{path} is not a readable trace: {error}") from error


def parse_trace(data: bytes) -> Trace:
    """Reads a trace from the bytes of its file.

    Raises:
        ValueError: The bytes are damaged, or of another version.
    """
    if data[: len(MAGIC)] != MAGIC:
        raise ValueError("it does not begin as a trace does")
    reader = _Reader(data[:-_CHECKSUM], len(MAGIC))
    (version,) = reader.numbers("<I")
    if version != VERSION:
        raise ValueError(f"it is of version {version}, this program reads version {VERSION}")
    if hashlib.sha256(data[:-_CHECKSUM]).digest() != data[-_CHECKSUM:]:
        raise ValueError("its checksum is wrong")
    return _parse_body(reader)


def _parse_body(reader: _Reader) -> Trace:
    (length,) = reader.numbers("<I")
    if length > _MAX_HEADER:
        raise ValueError(f"its header has {length} bytes, at most {_MAX_HEADER} are accepted")
    header = _parse_header(reader.take(length))
    rows, interval, layout = header["rows"], header["interval"], LAYOUTS[header["kind"]]
    kept = len(keyframe_rows(rows, interval))
    text = reader.section().decode()
    tape = parse_tape(text) if header["kind"] == "game" else parse_env_tape(text)
    hashes = np.frombuffer(reader.section(rows * 8), dtype="<u8")
    columns = np.frombuffer(reader.section(kept * layout.itemsize), np.uint8)
    reader.end()
    whole = np.frombuffer(columns.reshape(layout.itemsize, kept).T.tobytes(), layout)
    if tape.rows != rows:
        raise ValueError(f"its tape makes {tape.rows} rows, its header says {rows}")
    if not np.array_equal(digests(whole), hashes[keyframe_rows(rows, interval)]):
        raise ValueError("its rows do not have the digests it lists")
    provenance = Provenance(**{name: header[name] for name in Provenance.__dataclass_fields__})
    return Trace(provenance, tape, header["env"], interval, hashes, whole)


def _parse_header(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text.decode())
    except RecursionError:
        raise ValueError("its header is nested too deeply") from None
    strings = [name for name in Provenance.__dataclass_fields__ if name != "game_files"]
    expected = {"kind", "rows", "interval", "env", "game_files", *strings}
    if not isinstance(header, dict) or set(header) != expected:
        raise ValueError(f"its header must have exactly the entries {sorted(expected)}")
    files = header["game_files"]
    checks = {
        "kind": header["kind"] in ("game", "env"),
        "rows": _is_count(header["rows"]),
        "interval": _is_count(header["interval"]),
        "env": isinstance(header["env"], dict) == (header["kind"] == "env"),
        "game_files": isinstance(files, dict) and all(isinstance(f, str) for f in files.values()),
        "sincos": header["sincos"] in FLAVORS,
        **{name: isinstance(header[name], str) for name in strings if name != "sincos"},
    }
    for name, good in checks.items():
        if not good:
            raise ValueError(f"its header entry {name!r} is not acceptable: {header[name]!r}")
    return header


def _is_count(value: object) -> bool:
    return type(value) is int and 1 <= value < 1 << 31


class _Reader:
    """Takes pieces off the front of some bytes and never reads beyond them."""

    def __init__(self, data: bytes, start: int) -> None:
        self._data = data
        self._at = start

    def take(self, length: int) -> bytes:
        if length > len(self._data) - self._at:
            raise ValueError("it ends too early")
        self._at += length
        return self._data[self._at - length : self._at]

    def numbers(self, layout: str) -> tuple[int, ...]:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def section(self, expected: int | None = None) -> bytes:
        length, packed = self.numbers("<II")
        if length > _MAX_SECTION or (expected is not None and length != expected):
            raise ValueError(f"a section of {length} bytes stands where {expected} are expected")
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(self.take(packed), length or 1)
        except zlib.error as error:
            raise ValueError(f"a section cannot be unpacked: {error}") from None
        if len(data) != length or not unpacker.eof or unpacker.unused_data:
            raise ValueError("a section does not unpack to the length it states")
        return data

    def end(self) -> None:
        if self._at != len(self._data):
            raise ValueError(f"{len(self._data) - self._at} bytes follow its last section")
