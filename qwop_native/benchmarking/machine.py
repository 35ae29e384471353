"""Where a benchmark ran: machine and its load, the extension's build, versions, commit."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter

from qwop_native import _core

ROOT = Path(__file__).resolve().parents[2]
INSTRUCTION_SETS = ("sse2", "fma", "avx2", "avx512f", "avx512dq", "avx512vl", "asimd")


def describe(*packages: str) -> dict[str, object]:
    """Describes this machine and build.

    Args:
        packages: names of distributions whose versions matter to the benchmark.

    Returns:
        Plain values that can go into a JSON file as they are.
    """
    build = _core.build_info()
    return {
        "processor": _processor(),
        "cores": _cores(),
        "instruction_sets": _instruction_sets(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "compiler": build["compiler"],
        "build_type": build["type"],
        "flags": " ".join(f for f in build["flags"].split() if not f.startswith("-W")),
        "commit": _commit(),
        "packages": {name: _version(name) for name in ("qwop-native", *packages)},
    }


class LoadWatch:
    """How much of the machine other programs have used since this was made."""

    def __init__(self) -> None:
        self._begin = perf_counter()
        self._busy, self._own = _busy_seconds(), _own_seconds()

    def others(self) -> float | None:
        """Cores that others kept busy, on average; None where the system does not say."""
        busy = _busy_seconds()
        if busy is None or self._busy is None:
            return None
        used = (busy - self._busy) - (_own_seconds() - self._own)
        return max(0.0, used / (perf_counter() - self._begin))


def _busy_seconds() -> float | None:
    """Time of all cores that was not idle, since the machine started."""
    path = Path("/proc/stat")
    if not path.exists():
        return None
    ticks = [int(text) for text in path.read_text().split("\n", 1)[0].split()[1:9]]
    idle = ticks[3] + ticks[4]  # idle and waiting for a disk
    return (sum(ticks) - idle) / os.sysconf("SC_CLK_TCK")


def _own_seconds() -> float:
    """Time of this process and of those that it has started and that have ended."""
    return sum(os.times()[:4])


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


def _commit() -> str:
    """The checkout's commit, with a plus if it has been changed since; of an installed copy none.

    An editable install's extension is as old as its last build.
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(ROOT), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        # Where the package is installed, the repository around it is somebody else's.
        if Path(git("rev-parse", "--show-toplevel")) != ROOT:
            return "unknown"
        return git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
