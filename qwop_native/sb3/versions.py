"""Files of other versions: what they were written with, and the way out where they cannot be read.

Checkpoints and SB3's zips hold pickled objects. Those of another NumPy, Python or
Stable-Baselines3 mostly load; `readable` turns a failure into one sentence that names both sides.
"""

from __future__ import annotations

import contextlib
import platform
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("qwop-native", "numpy", "torch", "stable-baselines3", "sb3-contrib")

# Names in the system_info.txt of SB3's zips.
_IN_ZIPS = {
    "Python": "python",
    "Numpy": "numpy",
    "PyTorch": "torch",
    "Stable-Baselines3": "stable-baselines3",
}


def installed() -> dict[str, str]:
    """Versions of Python and of the packages that a saved training depends on."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def of_zip(path: Path) -> dict[str, str]:
    """Versions that one of SB3's zips was written with, as far as it says."""
    try:
        with zipfile.ZipFile(path) as archive:
            text = archive.read("system_info.txt").decode(errors="replace")
    except (OSError, KeyError, zipfile.BadZipFile):
        return {}
    lines = re.findall(r"^- ([\w-]+): (\S+)", text, re.MULTILINE)
    return {_IN_ZIPS[name]: number for name, number in lines if name in _IN_ZIPS}


@contextlib.contextmanager
def readable(path: object, written: Mapping[str, str], way_out: str) -> Iterator[None]:
    """Runs what reads pickled objects of a file; a failure names the versions and the way out.

    SB3 only warns of an object that it cannot read, and then trains without it; here that is a
    failure too.

    Args:
        path: The file, for the message.
        written: The versions it was written with, empty where they are not known.
        way_out: What else can be done, as the end of a sentence after "or".

    Raises:
        ValueError: It could not be read.
    """
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", message="Could not deserialize object")
            yield
    except Exception as error:
        raise ValueError(_sentence(path, written, way_out, error)) from error


def _sentence(path: object, written: Mapping[str, str], way_out: str, error: Exception) -> str:
    here = installed()
    differ = [name for name, number in written.items() if here.get(name) != number]
    if not written:
        told = f"it was written with other versions; use those, or {way_out}"
    elif differ:
        told = (
            f"it was written with {_listed(written, differ)}, this is {_listed(here, differ)}; use "
            f"the versions it was written with, or {way_out}"
        )
    else:
        told = f"code that it refers to has changed since; {way_out}"
    reason = " ".join(str(error).split())[:200]
    return f"{path} cannot be read here ({type(error).__name__}: {reason}): {told}"


def _listed(versions: Mapping[str, str], names: list[str]) -> str:
    return ", ".join(f"{name} {versions.get(name, 'missing')}" for name in names)
