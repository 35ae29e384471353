"""Nanoseconds for one sine and cosine, singly and in lanes, in each instruction set."""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from qwop_native.benchmarking import machine
from qwop_native.benchmarking.report import Measurement, save_json, table

SOURCE = machine.ROOT / "benchmarks/cpp/sincos_bench.cpp"
FLAGS = ("-std=c++20", "-O3", "-ffp-contract=off")


def instruction_sets() -> list[str]:
    """Names for ``-march`` worth trying on this processor."""
    if platform.machine().lower() in ("x86_64", "amd64"):
        return ["x86-64", "x86-64-v3", "x86-64-v4"]
    return ["native"]


def build(compiler: list[str], instruction_set: str, folder: Path) -> Path:
    """Compiles the benchmark for one instruction set and returns the program."""
    program = folder / instruction_set
    include = ["-I", str(machine.ROOT / "csrc")]
    command = [*compiler, *FLAGS, f"-march={instruction_set}", *include, str(SOURCE)]
    subprocess.run([*command, "-o", str(program)], check=True)
    return program


def run(program: Path) -> dict[tuple[str, int], tuple[float, float]] | None:
    """Runs once: (flavor, lanes) to ns per lane, independent and chained; None if it cannot."""
    done = subprocess.run([program], capture_output=True, text=True, check=False)
    if done.returncode == -signal.SIGILL:
        return None
    done.check_returncode()
    rows = (line.split() for line in done.stdout.splitlines())
    return {(flavor, int(w)): (float(a), float(b)) for flavor, w, a, b in rows}


def measure(compiler: list[str], repeats: int) -> list[Measurement]:
    """Measures every instruction set the processor has."""
    measurements = []
    with tempfile.TemporaryDirectory() as folder:
        for name in instruction_sets():
            program = build(compiler, name, Path(folder))
            runs = [r for r in (run(program) for _ in range(repeats)) if r is not None]
            for flavor, width in runs[0] if runs else ():
                for column, kind in enumerate(("independent", "chained")):
                    values = tuple(r[flavor, width][column] for r in runs)
                    label = f"{name}  {flavor}, {width} lane{'s' * (width > 1)}, {kind}"
                    measurements.append(Measurement(label, "ns/lane", values))
    return measurements


def main() -> None:
    """Measures, prints a table and, if asked to, writes a JSON file."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.sincos", description=__doc__.splitlines()[0]
    )
    default = os.environ.get("CXX") or shutil.which("c++") or "g++"
    parser.add_argument("--compiler", default=default, help=f"C++ compiler ({default})")
    parser.add_argument("--repeats", type=int, default=5, help="repeats (5)")
    parser.add_argument("--json", type=Path, metavar="PATH", help="write the numbers here too")
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats must be at least 1")
    if not (machine.ROOT / "csrc").is_dir():
        parser.error(f"this one needs the engine's sources, which are not in {machine.ROOT}")

    where = machine.describe()
    measurements = measure(shlex.split(arguments.compiler), arguments.repeats)
    print(f"{where['processor']}, {arguments.compiler}, commit {where['commit']}\n")
    print(table(measurements))
    if arguments.json:
        settings = {"compiler": arguments.compiler, "repeats": arguments.repeats}
        save_json(arguments.json, "sincos", where, settings, measurements)
