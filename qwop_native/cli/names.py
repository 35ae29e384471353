"""Short names for files that a person can tell apart: two `best_model.zip` go by their folders."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_ENDINGS = re.compile(r"\.(qwop|rec|zip|json|csv)(?=$|, episode )")
# What a command calls its files itself tells nothing; the folder does.
_OF_A_COMMAND = re.compile(r"(best_model|model|model_\d+|evaluation|episodes|checkpoints)")


def short_names(paths: Sequence[str]) -> list[str]:
    """A name for each path: the shortest that no other has.

    Args:
        paths: Files, folders, or other words such as "champion"; a file may be followed by
            ", episode N".

    Returns:
        Names in the same order. Where even the whole paths are equal, numbers are added.
    """
    choices = [list(_choices(path)) for path in paths]
    names = [each[0] for each in choices]
    for level in range(max(map(len, choices), default=0)):
        twice = {name for name in names if names.count(name) > 1}
        for index, each in enumerate(choices):
            if names[index] in twice:
                names[index] = each[min(level, len(each) - 1)]
    return [
        name if names.count(name) == 1 else f"{name} ({names[: index + 1].count(name)})"
        for index, name in enumerate(names)
    ]


def _choices(path: str) -> Iterator[str]:
    """Names of a path, shorter ones first."""
    *folders, own = [_ENDINGS.sub("", part) for part in Path(path).parts] or [Path.cwd().name]
    while folders and _OF_A_COMMAND.fullmatch(folders[-1]):  # as in a/checkpoints/model_100.zip
        own = f"{folders.pop()}/{own}"
    telling = not _OF_A_COMMAND.fullmatch(own.partition("/")[0])
    if telling or not folders:
        yield own
    for first in reversed(range(len(folders))):
        inside = "/".join(folders[first:]).replace("//", "/")
        if not telling:
            yield inside
        yield f"{inside}/{own}"
