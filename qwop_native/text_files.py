"""Reads text files as people make them: UTF-8 whatever the locale, with or without a BOM."""

from __future__ import annotations

import os
from pathlib import Path

_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def decode(content: bytes) -> str:
    """The text of a file's bytes, CRLF as LF and without a byte order mark.

    Raises:
        ValueError: The bytes are not UTF-8; the message completes a sentence about the file.
    """
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        if content.startswith(_UTF_16):
            raise ValueError("it is UTF-16, not text in UTF-8") from None
        raise ValueError("it is not text in UTF-8") from None


def read_text(path: str | os.PathLike[str]) -> str:
    """The text of a file, as `decode` reads it.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not UTF-8.
    """
    try:
        return decode(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} cannot be read: {error}") from None


def lines_of(text: str) -> list[str]:
    """The lines of a text, without blank ones at its end.

    Only LF (and CRLF, which `decode` has turned into it) ends a line.

    Raises:
        ValueError: The lines end in CR alone.
    """
    if "\r" in text and "\n" not in text:
        raise ValueError("its lines end in CR alone; save it with LF or CRLF")
    return text.rstrip().split("\n")
