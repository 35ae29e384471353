"""Sine and cosine against the originals: the system's libm in both its builds, and Node.

The digests were taken from those originals, so that the test keeps its teeth on a machine that has
neither glibc nor Node.
"""

import hashlib
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from paths import ROOT

from qwop_native import _core

FLAVORS = ("glibc", "glibc-fma", "fdlibm")
HALF_PI = np.pi / 2
COUNT = 800_000

# Arguments on which the three flavors give three different pairs of sine and cosine.
PROBES = np.array(
    [5.724715, -8.063968, 0.504381, 8.708498, -9.811861, -0.355644, 5.586799, 11.83144]
)

DIGESTS = {
    "glibc": {
        "uniform": "e307afeb7e6180e9",
        "near_quarter_turns": "c7e8d49dd1c37327",
        "near_table_steps": "966c8c5ae4b741c1",
        "near_range_ends": "56bfa1a571b270eb",
        "all_magnitudes": "8d8f8d0cc62f2fdd",
    },
    "glibc-fma": {
        "uniform": "02c23d29843b17db",
        "near_quarter_turns": "d8684558f0c1151b",
        "near_table_steps": "10a8d9a57a7ac4ee",
        "near_range_ends": "b11d5f5a23a135f0",
        "all_magnitudes": "09f484fd1c6a1ae5",
    },
    "fdlibm": {
        "uniform": "535d678c107f2d58",
        "near_quarter_turns": "8fc531eb78b1331f",
        "near_table_steps": "b0b15f78e2c31d91",
        "near_range_ends": "c8e9e65ec16e792c",
        "all_magnitudes": "f0954ffa37b54dc7",
    },
}

LIBM = """
import array, math, sys
x = array.array("d", sys.stdin.buffer.read())
for f in math.sin, math.cos:
    sys.stdout.buffer.write(array.array("d", map(f, x)).tobytes())
"""

NODE = """
const data = require('fs').readFileSync(0);
const x = new Float64Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length));
for (const f of [Math.sin, Math.cos]) {
  let bytes = Buffer.from(x.map(f).buffer);
  while (bytes.length) bytes = bytes.subarray(require('fs').writeSync(1, bytes));
}
"""

NO_FMA = "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX2_Usable,-FMA_Usable"


def random_bits(count: int, seed: int) -> np.ndarray:
    """splitmix64: the same numbers on every machine and in every numpy."""
    z = (np.arange(1, count + 1, dtype=np.uint64) + np.uint64(seed << 32)) * np.uint64(
        0x9E3779B97F4A7C15
    )
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def random_unit(count: int, seed: int) -> np.ndarray:
    return (random_bits(count, seed) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def random_integers(count: int, seed: int, below: int) -> np.ndarray:
    return (random_bits(count, seed) % np.uint64(below)).astype(np.int64)


def nudged(x: np.ndarray, seed: int, most_bits: int) -> np.ndarray:
    """Moves each value by a random number of units in the last place of random size."""
    bits = random_bits(len(x), seed) >> np.uint64(64 - most_bits)
    bits >>= random_bits(len(x), seed + 1) % np.uint64(most_bits)
    sign = random_integers(len(x), seed + 2, 2) * 2 - 1
    return (np.abs(x).view(np.int64) + bits.astype(np.int64) * sign).view(np.float64)


def uniform() -> np.ndarray:
    sizes = np.array([0.126, 0.86, 1.6, 2.43, 6.0, 12.0, 300.0, 1e5])
    return random_unit(COUNT, 1) * sizes[np.arange(COUNT) % len(sizes)]


def near_quarter_turns() -> np.ndarray:
    most = np.where(np.arange(COUNT) % 2 == 0, 63_000, 40)
    turns = random_bits(COUNT, 2) % most.astype(np.uint64) + np.uint64(1)
    return nudged(turns.astype(np.float64) * HALF_PI, 3, 36)


def near_table_steps() -> np.ndarray:
    """Multiples and half multiples of 1/128, on both sides of multiples of pi/2."""
    steps = random_integers(COUNT, 6, 224).astype(np.float64) / 256
    turns = random_integers(COUNT, 7, 5).astype(np.float64) * HALF_PI
    side = random_integers(COUNT, 8, 2) * 2 - 1
    return nudged(np.abs(turns + steps * side) + 2.0**-60, 9, 6)


def near_range_ends() -> np.ndarray:
    """Where one of the algorithms changes its formula."""
    small = [2.0**-27, 2.0**-26, 2.0**-13, 0.126, 0.3, 0.78125, np.pi / 4, 0.85546875]
    large = [HALF_PI, 0.75 * np.pi, 2.4262638092041016, np.pi, 32 * HALF_PI]
    ends = np.array([*small, *large])
    return nudged(ends[random_integers(COUNT, 12, len(ends))], 13, 34)


def all_magnitudes() -> np.ndarray:
    exponents = random_bits(COUNT, 16) % np.uint64(1023 + 16)
    return ((exponents << np.uint64(52)) | (random_bits(COUNT, 17) >> np.uint64(12))).view(
        np.float64
    )


ARGUMENTS = {
    make.__name__: make
    for make in (uniform, near_quarter_turns, near_table_steps, near_range_ends, all_magnitudes)
}


def arguments(kind: str) -> np.ndarray:
    x = ARGUMENTS[kind]()
    signs = 1.0 - 2.0 * random_integers(COUNT, 20, 2)
    x = np.concatenate([x * signs, [0.0, -0.0, 5e-324, -5e-324]])
    assert np.all(np.abs(x) <= 1e5)
    return x


def run_reference(command: list[str], x: np.ndarray, **environment: str) -> np.ndarray:
    done = subprocess.run(
        command,
        input=x.tobytes(),
        capture_output=True,
        check=True,
        env={**os.environ, **environment},
    )
    return np.frombuffer(done.stdout).reshape(2, len(x))


def native(x: np.ndarray, flavor: str) -> np.ndarray:
    return np.stack(_core.sincos(x, flavor))


def assert_same_bits(got: np.ndarray, expected: np.ndarray, x: np.ndarray) -> None:
    wrong = np.argwhere(got.view(np.uint64) != expected.view(np.uint64))
    if len(wrong):
        row, column = wrong[0]
        pytest.fail(
            f"{len(wrong)} of {got.size} differ; first {('sin', 'cos')[row]}({x[column].hex()}) = "
            f"{got[row, column].hex()} instead of {expected[row, column].hex()}"
        )


def flavor_of(results: np.ndarray) -> str | None:
    """Which flavor gave these results of the probes, if any did."""
    found = [f for f in FLAVORS if np.array_equal(native(PROBES, f), results)]
    return found[0] if found else None


def test_probes_tell_the_flavors_apart():
    results = [native(PROBES, flavor) for flavor in FLAVORS]
    for i, j in ((0, 1), (0, 2), (1, 2)):
        assert np.all(np.any(results[i] != results[j], axis=0)), (FLAVORS[i], FLAVORS[j])


@pytest.mark.parametrize("kind", ARGUMENTS)
@pytest.mark.parametrize("flavor", FLAVORS)
def test_recorded_digest(flavor, kind):
    results = native(arguments(kind), flavor)
    digest = hashlib.sha256(results.astype("<f8").tobytes()).hexdigest()[:16]
    assert digest == DIGESTS[flavor][kind]


@pytest.mark.parametrize("kind", ARGUMENTS)
@pytest.mark.parametrize(
    ("flavor", "environment"),
    [("glibc-fma", {}), ("glibc", {"GLIBC_TUNABLES": NO_FMA})],
    ids=["glibc-fma", "glibc"],
)
def test_equals_the_systems_libm(flavor, environment, kind):
    command = [sys.executable, "-c", LIBM]
    found = flavor_of(run_reference(command, PROBES, **environment))
    if found != flavor:
        pytest.skip(
            f"libm with {environment or 'its default settings'} is {found or 'no known flavor'} "
            f"here, not {flavor}: another C library, or a processor without FMA"
        )
    x = arguments(kind)
    assert_same_bits(native(x, flavor), run_reference(command, x, **environment), x)


@pytest.mark.parametrize("kind", ARGUMENTS)
def test_equals_node(kind):
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    command = [node, "-e", NODE]
    found = flavor_of(run_reference(command, PROBES))
    if found != "fdlibm":
        pytest.skip(f"this node has {found or 'no known flavor'}, not fdlibm")
    x = arguments(kind)
    assert_same_bits(native(x, "fdlibm"), run_reference(command, x), x)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_odd_and_even(flavor):
    x = arguments("near_range_ends")
    sine, cosine = native(x, flavor)
    mirrored = native(-x, flavor)
    assert_same_bits(mirrored, np.stack([-sine, cosine]), x)


@pytest.mark.parametrize("flavor", FLAVORS)
def test_close_to_the_true_value(flavor):
    x = uniform()
    sine, cosine = native(x, flavor)
    wide = x.astype(np.longdouble)
    for got, true in ((sine, np.sin(wide)), (cosine, np.cos(wide))):
        error = np.abs(got.astype(np.longdouble) - true) / np.spacing(np.abs(got))
        assert float(error.max()) < 1.0


def test_table_is_what_its_generator_writes():
    generator = ROOT / "csrc/libm/sincos_table_generate.py"
    assert subprocess.run([sys.executable, generator, "--check"], check=False).returncode == 0


@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf, 1e6])
def test_outside_the_domain(x):
    with pytest.raises(ValueError, match="1e5"):
        _core.sincos(np.array([0.5, x]), "glibc")


def test_unknown_flavor():
    with pytest.raises(ValueError, match="'glibc', 'glibc-fma' or 'fdlibm', not 'musl'"):
        _core.sincos(np.array([0.5]), "musl")
