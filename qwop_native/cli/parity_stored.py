"""The parity commands that need no browser: files, verify, show."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from qwop_native.cli.parity_options import DIFFERENT, EQUAL
from qwop_native.parity.game_files import find_game_files
from qwop_native.parity.trace import SUFFIX, Mismatch, Trace, read_trace
from qwop_native.parity.verify import verify_trace


def run_files(options: argparse.Namespace) -> int:
    """Checks a folder with the game's files."""
    for file in find_game_files(options.folder, options.accept_unknown_files):
        known = "known" if file.known else "UNKNOWN"
        print(f"{file.path}  SHA-256 {file.sha256}  {known}")
    return EQUAL


def run_verify(options: argparse.Namespace) -> int:
    """Replays stored traces natively."""
    results = verify_all(options.traces)
    rows = sum(len(trace.digests) for trace, _ in results.values())
    bad = [name for name, (_, mismatch) in results.items() if mismatch]
    verdict = f"{len(bad)} differ" if bad else "every bit equal"
    print(f"{len(results)} traces, {rows} rows: {verdict}")
    return DIFFERENT if bad else EQUAL


def verify_all(names: Sequence[str]) -> dict[str, tuple[Trace, Mismatch | None]]:
    """Replays stored traces, prints a line for each, and returns what was found by file name."""
    results = {}
    for path in trace_files(names):
        trace = read_trace(path)
        mismatch = verify_trace(trace)
        place = f" at {trace.tape.describe_row(mismatch.row)}" if mismatch else ""
        verdict = f"DIFFERS{place}: {mismatch}" if mismatch else "every bit equal"
        print(f"{path.name}: {trace.provenance.sincos}, {len(trace.digests)} rows, {verdict}")
        results[path.name] = (trace, mismatch)
    return results


def trace_files(names: Sequence[str]) -> list[Path]:
    """Lists the traces that the names mean, files or folders.

    Raises:
        FileNotFoundError: A name is not there, or a folder has no trace.
    """
    found: list[Path] = []
    for name in names:
        path = Path(name)
        inside = sorted(path.glob(f"*{SUFFIX}")) if path.is_dir() else [path]
        if not inside or not inside[0].is_file():
            raise FileNotFoundError(f"there is no trace at {path}")
        found += inside
    return found


def run_show(options: argparse.Namespace) -> int:
    """Prints where a trace comes from, or its tape."""
    trace = read_trace(options.trace)
    if options.tape:
        print(trace.tape)
        return EQUAL
    for name, value in vars(trace.provenance).items():
        print(f"{name}: {value}")
    kept = len(trace.keyframes)
    print(f"kind: {trace.kind}\nrows: {len(trace.digests)}, {kept} of them whole")
    if trace.env is not None:
        print(f"env: {dict(trace.env)}")
    return EQUAL
