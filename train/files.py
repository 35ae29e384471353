"""Files that exist either whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedIOBase
from pathlib import Path


@contextmanager
def written_whole(path: Path) -> Iterator[BufferedIOBase]:
    """Opens a temporary file that takes the place of `path` once the block is left in order.

    However the process ends, `path` is the old file, the new one, or absent. An exception removes
    the temporary file; a kill leaves it, its name ending in `.tmp`.

    Args:
        path: Final name; its folder exists.

    Yields:
        The temporary file, open for writing bytes.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(path: Path, text: str) -> None:
    """Writes UTF-8 text to `path`, whole or not at all."""
    with written_whole(path) as file:
        file.write(text.encode())
