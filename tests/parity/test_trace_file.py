"""The trace file: what is written reads back, and damage of any kind is refused."""

import hashlib
import json
import random
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwop_native.parity.env_tape import parse_env_tape
from qwop_native.parity.trace import (
    MAGIC,
    Provenance,
    make_trace,
    parse_trace,
    read_trace,
    write_trace,
)
from qwop_native.recording.rows import ENV_ROW, GAME_ROW
from qwop_native.recording.tape import parse_tape

ORIGIN = Provenance(
    description="made up",
    browser="none",
    version="0",
    options="",
    sincos="glibc",
    game_files={"QWOP.min.js": "00"},
    command="qwop-native parity record",
)
TAPE = parse_tape("click Q*30 reset")


def made_up_rows(count=TAPE.rows, kind=GAME_ROW, seed=0):
    return np.frombuffer(np.random.default_rng(seed).bytes(count * kind.itemsize), kind)


@pytest.fixture(scope="module")
def file_bytes(tmp_path_factory):
    path = tmp_path_factory.mktemp("traces") / "a.trace"
    write_trace(path, make_trace(ORIGIN, TAPE, made_up_rows(), interval=8))
    return path.read_bytes()


def with_checksum(body):
    return body + hashlib.sha256(body).digest()


@pytest.mark.parametrize("interval", [1, 7, 31, 32, 500])
def test_a_trace_reads_back(tmp_path, interval):
    trace = make_trace(ORIGIN, TAPE, made_up_rows(), interval)
    write_trace(tmp_path / "a.trace", trace)
    read = read_trace(tmp_path / "a.trace")
    assert read.provenance == trace.provenance
    assert read.tape == trace.tape
    assert read.keyframes.tobytes() == trace.keyframes.tobytes()
    assert read.mismatch(made_up_rows()) is None
    assert read.keyframe_rows[-1] == TAPE.rows - 1


def test_an_environments_trace_reads_back(tmp_path):
    tape = parse_env_tape("reset 3*5 1 reset 0")
    rows = made_up_rows(tape.rows, ENV_ROW)
    trace = make_trace(ORIGIN, tape, rows, 3, env={"frames_per_step": 4})
    write_trace(tmp_path / "e.trace", trace)
    read = read_trace(tmp_path / "e.trace")
    assert (read.tape, read.env, read.kind) == (tape, {"frames_per_step": 4}, "env")
    assert read.mismatch(rows) is None


def test_a_mismatch_is_found_in_rows_not_kept_whole():
    rows = made_up_rows()
    trace = make_trace(ORIGIN, TAPE, rows, interval=8)
    other = rows.copy()
    other["head_torque"][5] += 1.0
    assert trace.mismatch(other).row == 5
    assert trace.mismatch(other).difference is None
    other["bodies"][16, 0, 1] = 0.5
    mismatch = trace.mismatch(other)
    assert (mismatch.row, mismatch.difference.row) == (5, 16)
    assert mismatch.difference.where == "torso.y"


def test_rows_of_another_number_are_refused():
    trace = make_trace(ORIGIN, TAPE, made_up_rows())
    with pytest.raises(ValueError, match="rows of game"):
        trace.mismatch(made_up_rows(5))
    with pytest.raises(ValueError, match="do not fit"):
        make_trace(ORIGIN, TAPE, made_up_rows(5))


def test_every_single_damaged_byte_is_noticed(file_bytes):
    for position in range(len(file_bytes)):
        damaged = bytearray(file_bytes)
        damaged[position] ^= 0x55
        with pytest.raises(ValueError, match="it"):
            parse_trace(bytes(damaged))


def test_every_shortened_file_is_refused(file_bytes):
    for length in range(len(file_bytes)):
        with pytest.raises(ValueError, match="it"):
            parse_trace(file_bytes[:length])


@settings(max_examples=400)
@given(st.data())
def test_damage_under_a_right_checksum_never_escapes_as_another_error(file_bytes, data):
    body = bytearray(file_bytes[:-32])
    rng = random.Random(data.draw(st.integers(0, 2**32)))
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(MAGIC) + 4, len(body))
        change = rng.randrange(3)
        if change == 0:
            body[at] = rng.randrange(256)
        elif change == 1:
            del body[at : at + rng.randint(1, 40)]
        else:
            body[at:at] = rng.randbytes(rng.randint(1, 40))
    try:
        trace = parse_trace(with_checksum(bytes(body)))
    except ValueError:
        return
    assert len(trace.digests) == trace.tape.rows


def sections(file_bytes):
    """Header, and the unpacked sections, of a whole file."""
    at = len(MAGIC) + 4
    (length,) = struct.unpack_from("<I", file_bytes, at)
    header = json.loads(file_bytes[at + 4 : at + 4 + length])
    at += 4 + length
    found = []
    while at < len(file_bytes) - 32:
        _, packed = struct.unpack_from("<II", file_bytes, at)
        found.append(zlib.decompress(file_bytes[at + 8 : at + 8 + packed]))
        at += 8 + packed
    return header, found


def assembled(header, parts, version=1):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    body = MAGIC + struct.pack("<II", version, len(text)) + text
    for part in parts:
        packed = zlib.compress(part)
        body += struct.pack("<II", len(part), len(packed)) + packed
    return with_checksum(body)


def test_the_pieces_put_together_again_are_a_trace(file_bytes):
    assert parse_trace(assembled(*sections(file_bytes))).mismatch(made_up_rows()) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("kind", "film"),
        ("kind", []),
        ("rows", 0),
        ("rows", True),
        ("rows", 31.0),
        ("rows", 2**40),
        ("rows", 30),
        ("interval", -1),
        ("interval", 9),
        ("env", {}),
        ("game_files", ["a"]),
        ("game_files", {"a": 1}),
        ("sincos", "msvc"),
        ("sincos", []),
        ("browser", None),
        ("surplus", 1),
    ],
)
def test_a_wrong_header_entry_is_refused(file_bytes, name, value):
    header, parts = sections(file_bytes)
    header[name] = value
    with pytest.raises(ValueError, match=r"header|section|digests"):
        parse_trace(assembled(header, parts))


@pytest.mark.parametrize("text", [b"[", b"[1]", b"\xff", b"[" * 60000, b'{"rows": 1}'])
def test_a_header_that_is_no_header_is_refused(file_bytes, text):
    _, parts = sections(file_bytes)
    with pytest.raises(ValueError, match=r"."):
        parse_trace(assembled(text, parts))


def test_an_oversized_header_is_refused(file_bytes):
    header, parts = sections(file_bytes)
    header["description"] = "x" * 70000
    with pytest.raises(ValueError, match="at most 65536"):
        parse_trace(assembled(header, parts))


def test_sections_that_contradict_each_other_are_refused(file_bytes):
    header, (tape, digests, kept) = sections(file_bytes)
    with pytest.raises(ValueError, match="tape makes"):
        parse_trace(assembled(header, (tape + b" Q", digests, kept)))
    with pytest.raises(ValueError, match="digests"):
        parse_trace(assembled(header, (tape, digests, kept[::-1])))
    with pytest.raises(ValueError, match="digests"):
        parse_trace(assembled(header, (tape, digests[::-1], kept)))
    with pytest.raises(ValueError, match="follow its last section"):
        parse_trace(assembled(header, (tape, digests, kept, b"")))
    with pytest.raises(ValueError, match="too early"):
        parse_trace(assembled(header, (tape, digests)))


def test_a_section_that_unpacks_to_more_than_it_says_is_refused(file_bytes):
    header, (tape, *_) = sections(file_bytes)
    text = json.dumps(header).encode()
    packed = zlib.compress(bytes(10**7))
    body = MAGIC + struct.pack("<II", 1, len(text)) + text
    body += struct.pack("<II", len(tape), len(packed)) + packed
    with pytest.raises(ValueError, match="length it states"):
        parse_trace(with_checksum(body))


def test_another_version_is_refused_by_its_number(file_bytes):
    header, parts = sections(file_bytes)
    with pytest.raises(ValueError, match="version 2, this program reads version 1"):
        parse_trace(assembled(header, parts, version=2))


def test_the_error_names_the_file(tmp_path):
    path = tmp_path / "broken.trace"
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"broken\.trace is not a readable trace"):
        read_trace(path)
    with pytest.raises(FileNotFoundError):
        read_trace(tmp_path / "absent.trace")
