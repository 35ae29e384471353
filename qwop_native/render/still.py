"""Pictures as files: PNG, JPEG or WebP, as their names say."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native.atomic import whole_file
from qwop_native.render.video import Picture

_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
_QUALITY: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 92},
    "WEBP": {"lossless": True},
    "PNG": {},
}


def format_of(path: str) -> str:
    """The format that a file's name asks for.

    Raises:
        ValueError: It asks for none that can be written.
    """
    suffix = Path(path).suffix.lower()
    if suffix not in _FORMATS:
        raise ValueError(f"a picture's name must end in {', '.join(_FORMATS)}, got {path}")
    return _FORMATS[suffix]


def save_picture(path: str, picture: Picture) -> None:
    """Writes a picture, whole or not at all.

    Args:
        path: The file; its ending says the format.
        picture: Pixels, uint8 (height, width, 3).

    Raises:
        ImportError: Pillow is missing.
        ValueError: The ending is not known.
    """
    kind = format_of(path)
    image = _pillow().fromarray(picture)
    with whole_file(path) as file:
        image.save(file, kind, **_QUALITY[kind])


def pixels_of(png: bytes) -> Picture:
    """The pixels of a PNG file, uint8 (height, width, 3).

    Raises:
        ImportError: Pillow is missing.
    """
    return np.asarray(_pillow().open(io.BytesIO(png)).convert("RGB"))


def _pillow() -> Any:
    try:
        from PIL import Image
    except ModuleNotFoundError as error:
        raise ImportError("pictures need Pillow: pip install 'qwop-native[render]'") from error
    return Image
