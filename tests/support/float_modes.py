"""The processor's float mode, set by hand as another library would set it."""

import ctypes
import ctypes.util
import platform
import sys
from contextlib import contextmanager

import pytest

_MACHINE = platform.machine()
# Where the word lies that holds the mode in glibc's fenv_t, counted in words of 32 bits.
_PLACES = {"x86_64": 7, "aarch64": 0}

if _MACHINE == "x86_64":
    _ROUNDING, _FLAGS = 13, 0x3F
    MODES = {
        "towards plus infinity": (0x6000, 0x4000),
        "towards minus infinity": (0x6000, 0x2000),
        "towards zero": (0x6000, 0x6000),
        "denormals flushed": (0x8040, 0x8040),
        # All but the inexact one, which Python's own calculations would raise.
        "traps": (0x0F80, 0x0000),
        "everything at once": (0xEFC0, 0xE040),
    }
else:
    _ROUNDING, _FLAGS = 22, 0
    MODES = {
        "towards plus infinity": (3 << 22, 1 << 22),
        "towards minus infinity": (3 << 22, 2 << 22),
        "towards zero": (3 << 22, 3 << 22),
        "denormals flushed": (1 << 24, 1 << 24),
    }

needs_modes = pytest.mark.skipif(
    sys.platform != "linux" or _MACHINE not in _PLACES,
    reason="the tests set the mode through the C library of Linux on x86-64 and aarch64",
)


def _environment():
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    words = (ctypes.c_uint32 * 16)()
    libm.fegetenv(words)
    return libm, words


def read():
    """The mode of this thread as an integer, without the flags of what has happened."""
    return _environment()[1][_PLACES[_MACHINE]] & ~_FLAGS


def write(mode):
    libm, words = _environment()
    words[_PLACES[_MACHINE]] = mode
    libm.fesetenv(words)


@contextmanager
def float_mode(name):
    """One of `MODES` on this thread; afterwards, whether nobody has changed it is asserted."""
    mask, bits = MODES[name]
    before = read()
    changed = before & ~mask | bits
    write(changed)
    try:
        yield
        after = read()
    finally:
        write(before)
    assert after == changed
