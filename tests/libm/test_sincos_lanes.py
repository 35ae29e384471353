"""The lane types, their sine and cosine, and the narrow phase, in every instruction set at hand."""

import os
import platform
import shlex
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from paths import ROOT

COUNT = 1_000_000

# Hashes over the scalar results for COUNT arguments a flavour, equal in every build.
HASHES = {
    "glibc": "023b5ebc0f4c0d9b",
    "glibc-fma": "810e512c30003154",
    "fdlibm": "fd01e4077f2ba6c7",
}

IS_X86_64 = platform.machine().lower() in ("x86_64", "amd64")
INSTRUCTION_SETS = ["x86-64", "x86-64-v3", "x86-64-v4"] if IS_X86_64 else ["native"]

# Whatever is preloaded for the tests themselves (a sanitizer, say) is not meant for a compiler.
PLAIN_ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}


@pytest.fixture(scope="module")
def compiler() -> list[str]:
    names = [os.environ.get("CXX", ""), "c++", "g++", "clang++"]
    for command in map(shlex.split, names):
        if command and shutil.which(command[0]):
            return command
    pytest.skip("no C++ compiler")


def compiled(compiler: list[str], instruction_set: str, folder: Path, *sources: str) -> Path:
    output = folder / instruction_set
    flags = ["-std=c++20", "-O1", "-ffp-contract=off", f"-march={instruction_set}"]
    paths = [ROOT / source for source in sources]
    command = [*compiler, *flags, "-I", ROOT / "csrc", *paths, "-o", output]
    subprocess.run(command, check=True, env=PLAIN_ENVIRONMENT)
    return output


@pytest.fixture(scope="module", params=INSTRUCTION_SETS)
def program(request, compiler, tmp_path_factory) -> Path:
    """The C++ test, compiled for one instruction set."""
    folder = tmp_path_factory.mktemp("lanes")
    return compiled(compiler, request.param, folder, "tests/cpp/lanes_test.cpp")


def run(program: Path, count: int, **environment: str) -> list[str]:
    done = subprocess.run(
        [program, str(count)],
        capture_output=True,
        text=True,
        check=False,
        env={**PLAIN_ENVIRONMENT, **environment},
    )
    if done.returncode == -signal.SIGILL:
        pytest.skip(f"this processor has not all of {program.name}")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_lanes_equal_single_doubles(program):
    *hashes, _ = run(program, COUNT)
    assert dict(line.split() for line in hashes) == HASHES


@pytest.mark.slow
@pytest.mark.skipif(not IS_X86_64, reason="other processors have no FMA to hide")
@pytest.mark.parametrize("program", INSTRUCTION_SETS[:1], indirect=True)
def test_fused_without_hardware(program):
    """With FMA hidden from it the C library computes fma in software; the bits stay."""
    run(program, 20_000, GLIBC_TUNABLES="glibc.cpu.hwcaps=-FMA,-AVX2,-FMA_Usable,-AVX2_Usable")


@pytest.mark.parametrize("instruction_set", INSTRUCTION_SETS)
def test_narrow_phase_in_lanes(instruction_set, compiler, tmp_path):
    sources = ("tests/cpp/collide_test.cpp", "csrc/physics/collide.cpp")
    found = run(compiled(compiler, instruction_set, tmp_path, *sources), 100_000)
    for line in found:
        assert int(line.split()[2]) > 20_000, "hardly any boxes touch"
