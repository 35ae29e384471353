"""Where a benchmark ran: machine, compiler of the extension, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import qwop_native._core

ROOT = Path(__file__).resolve().parents[1]
INSTRUCTION_SETS = ("sse2", "fma", "avx2", "avx512f", "avx512dq", "avx512vl", "asimd")


def describe(*packages: str) -> dict[str, object]:
    """Describes this machine and build.

    Args:
        packages: names of distributions whose versions matter to the benchmark.

    Returns:
        Plain values that can go into a JSON file as they are.
    """
    return {
        "processor": _processor(),
        "cores": _cores(),
        "instruction_sets": _instruction_sets(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "compiler": _compiler(),
        "commit": _commit(),
        "packages": {name: _version(name) for name in ("qwop-native", *packages)},
    }


def _cores() -> int | None:
    """The cores this process may use, not those of the machine."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _cpuinfo() -> str:
    path = Path("/proc/cpuinfo")
    return path.read_text() if path.exists() else ""


def _processor() -> str:
    found = re.search(r"model name\s*:\s*(.+)", _cpuinfo())
    return found[1] if found else platform.processor() or platform.machine()


def _instruction_sets() -> list[str]:
    found = re.search(r"(?:flags|Features)\s*:\s*(.+)", _cpuinfo())
    flags = set(found[1].split()) if found else set()
    return [name for name in INSTRUCTION_SETS if name in flags]


def _compiler() -> str:
    """What the compiler wrote about itself into the extension."""
    data = Path(qwop_native._core.__file__).read_bytes()
    found = re.findall(rb"(GCC: \([^)]*\) [\d.]+|[\w ]*clang version [^\0]+?)\0", data)
    return found[-1].decode() if found else "unknown"


def _commit() -> str:
    """The checkout's commit, with a plus if it has been changed since."""

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
