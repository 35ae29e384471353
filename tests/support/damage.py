"""Files as broken disks, editors and strangers leave them, for tests of what reads them."""

import io
import time
import zipfile

from hypothesis import strategies as st

SLOWEST = 20.0
"""Seconds that reading a small file may take on the busiest machine; more is a hang."""

_BYTES = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [
            b"0",
            b"-1",
            b"\n",
            b"\r",
            b"*",
            b"nan",
            b"1e999",
            b"9" * 30,
            b"\xef\xbb\xbf",
            b"[",
            b"{",
            b":",
        ]
    ),
)


@st.composite
def damaged(draw, whole):
    """A file's bytes with some replaced, left out, put in, moved or cut off."""
    data = bytearray(whole)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        count = draw(st.sampled_from([0, 1, 1, 2, 4, 8, 64]))
        kind = draw(st.sampled_from(["replace", "replace", "cut", "repeat", "empty line"]))
        if kind == "replace":
            data[at : at + count] = draw(_BYTES)
        elif kind == "cut":
            del data[at:]
        elif kind == "repeat":
            data[at:at] = data[at : at + count] * draw(st.integers(1, 40))
        else:
            data[at:at] = b"\n"
    return bytes(data)


@st.composite
def damaged_zip(draw, whole):
    """A zip's bytes: damaged as they are, or whole again around a damaged or missing entry."""
    if draw(st.booleans()):
        return draw(damaged(whole))
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    name = draw(st.sampled_from(sorted(entries)))
    if draw(st.integers(0, 4)):
        entries[name] = draw(damaged(entries[name]))
    else:
        del entries[name]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return made.getvalue()


def assert_read_or_refused(read, *accepted):
    """Calls what reads a file: it returns, or raises one of `accepted` with something to read."""
    begun = time.monotonic()
    said = "read"
    try:
        read()
    except accepted as error:
        said = str(error)
    assert said.strip()
    assert time.monotonic() - begun < SLOWEST
