"""The user's own copy of the game: which files it needs and whether they are the known ones."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Wanted:
    """A file of the game.

    Attributes:
        request: Path under which the page asks for it.
        names: Paths in the user's folder at which it is looked for.
        digests: Known SHA-256 digests.
        is_script: Whether white space is left out of the digest.
    """

    request: str
    names: tuple[str, ...]
    digests: tuple[str, ...]
    is_script: bool = False


# The game's script is in circulation both minified and re-indented, so white space is left out of
# its digest; the program is the same.
WANTED = (
    Wanted(
        "QWOP.min.js",
        ("QWOP.min.js",),
        ("839be6bf74a65f85dfdacb6b608295923d305df8502e36c11dcca5ca655ed11f",),
        is_script=True,
    ),
    Wanted(
        "howler.js",
        ("howler.js", "assets/howler.js"),
        ("d42d972052220f25f02f0d9cbe3e43ddc91e60328361ce1aad144c5b1fdbac35",),
    ),
    Wanted(
        "assets/assetbundle.parcel",
        ("assets/assetbundle.parcel", "assetbundle.parcel"),
        ("3bee77a8d76ddc08225910d343578af3f2974e407e1faacbf3528733a7db0a83",),
    ),
)


@dataclass(frozen=True)
class GameFile:
    """One file found.

    Attributes:
        request: Path under which the page asks for it.
        path: Where it is.
        sha256: SHA-256 of its bytes.
        known: Whether it is one this program knows.
    """

    request: str
    path: Path
    sha256: str
    known: bool


def find_game_files(
    folder: str | os.PathLike[str], accept_unknown: bool = False
) -> tuple[GameFile, ...]:
    """Finds the game's files in a folder and checks them.

    Args:
        folder: The user's folder.
        accept_unknown: Take files whose digest is not a known one.

    Returns:
        The three files.

    Raises:
        FileNotFoundError: The folder or a file is missing; all missing ones are named.
        ValueError: A file is not a known one; all such are named with their digests.
    """
    root = Path(folder)
    if not root.is_dir():
        raise FileNotFoundError(f"there is no folder {root} with the game's files")
    missing = [wanted for wanted in WANTED if not _locate(root, wanted)]
    if missing:
        names = "; ".join(" or ".join(wanted.names) for wanted in missing)
        raise FileNotFoundError(f"{root} lacks {names}")
    found = tuple(_check(_locate(root, wanted) or root, wanted) for wanted in WANTED)
    unknown = [file for file in found if not file.known]
    if unknown and not accept_unknown:
        names = "; ".join(f"{file.path} (SHA-256 {file.sha256})" for file in unknown)
        raise ValueError(
            f"not a known file of the game: {names}. A patched script is another game; if the "
            "files are right all the same, say --accept-unknown-files"
        )
    return found


def is_known(request: str, data: bytes) -> bool:
    """Says whether bytes are a known version of the file that the page asks for by a path."""
    for wanted in WANTED:
        if wanted.request == request:
            stripped = b"".join(data.split()) if wanted.is_script else data
            return hashlib.sha256(stripped).hexdigest() in wanted.digests
    return False


def _locate(root: Path, wanted: Wanted) -> Path | None:
    return next((root / name for name in wanted.names if (root / name).is_file()), None)


def _check(path: Path, wanted: Wanted) -> GameFile:
    data = path.read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return GameFile(wanted.request, path, digest, is_known(wanted.request, data))
