"""``-c FILE`` of the commands: what a file says fills in what the command line leaves out."""

from __future__ import annotations

import argparse
import copy
from collections.abc import Sequence
from pathlib import Path


def add_config_option(parser: argparse.ArgumentParser) -> None:
    """Adds ``-c FILE``."""
    parser.add_argument(
        "-c", "--config", metavar="FILE", help="YAML settings, in the form of qwop-gym's"
    )


def parse(parser: argparse.ArgumentParser, argv: Sequence[str]) -> argparse.Namespace:
    """Parses the arguments; a settings file among them fills in those that are not given.

    Args:
        parser: Of the command, with `add_config_option`; options it lacks are not taken from the
            file.
        argv: The arguments.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: PyYAML or pydantic is missing.
        ValueError: The file is not YAML, or has a key or a value that is not accepted.
    """
    given = list(argv)
    path = _asked_for(parser, given)
    if path is None:
        return parser.parse_args(given)
    try:
        from qwop_native.qwop_gym.config import command_file
    except ModuleNotFoundError as error:
        needed = f"-c needs PyYAML and pydantic ({error.name} is missing)"
        raise ImportError(f"{needed}: pip install 'qwop-native[train]'") from error
    settings = command_file(Path(path))
    by_hand = vars(_leniently(parser, given))
    options = {name: action.dest for action in parser._actions for name in action.option_strings}
    taken = [
        f"{name}={value}"
        for name, value in settings.options().items()
        if name in options and options[name] not in by_hand
    ]
    words = [action.dest for action in parser._actions if not action.option_strings]
    if not words:
        return parser.parse_args([*taken, *given])
    if by_hand.keys() & set(words):
        return parser.parse_intermixed_args([*taken, *given])
    return parser.parse_intermixed_args([*map(_no_option, settings.words()), *taken, *given])


def _asked_for(parser: argparse.ArgumentParser, given: list[str]) -> str | None:
    """The file of ``-c``, in any of argparse's forms."""
    if not any(word.startswith(("-c", "--c")) for word in given) or "-h" in given:
        return None
    path: str | None = getattr(_leniently(parser, given), "config", None)
    return path


def _leniently(parser: argparse.ArgumentParser, given: list[str]) -> argparse.Namespace:
    """What is given by hand, whether or not words are missing that a file may have."""
    lenient = copy.deepcopy(parser)
    lenient.usage = parser.format_usage().removeprefix("usage: ").rstrip().replace("%", "%%")
    for action in lenient._actions:
        action.default = argparse.SUPPRESS
        if not action.option_strings:
            action.nargs = "*"
    return lenient.parse_intermixed_args(given)


def _no_option(word: str) -> str:
    return f"./{word}" if word.startswith("-") else word
