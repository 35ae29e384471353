"""What the commands share: how they run, and options that several of them have."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import FLAVORS
from qwop_native.qwop_gym.command_settings import parse_with_config
from qwop_native.recording.starts import click_start, env_start, reset_start
from qwop_native.recording.tape import Tape

OK, NO, MISTAKE = 0, 1, 2  # exit statuses


def command_parser(name: str, description: str, example: str) -> argparse.ArgumentParser:
    """A parser whose help ends with an example."""
    return argparse.ArgumentParser(
        prog=f"qwop-native {name}",
        description=description,
        epilog=f"example:\n  qwop-native {name} {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def run_command(
    parser: argparse.ArgumentParser,
    argv: Sequence[str],
    run: Callable[[argparse.Namespace], int],
) -> int:
    """Parses the arguments and runs a command.

    Returns:
        What it returns; 2 for a mistake or a missing part, with one sentence on stderr.
    """
    parser.add_argument("-c", metavar="FILE", help="YAML settings, in the form of qwop-gym's")
    try:
        return run(parser.parse_args(parse_with_config(parser, argv)))
    except (ImportError, OSError, ValueError, TypeError, RuntimeError) as error:
        print(f"{parser.prog}: {sentence(error)}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130


def sentence(error: Exception) -> str:
    """What an error says, that of a file without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror[0].lower()}{error.strerror[1:]}"
    return str(error)


def positive(text: str) -> int:
    """Reads a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value


def speed(text: str) -> float:
    """Reads a multiple of real time; 0 is as fast as possible."""
    value = float(text)
    if not 0 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"must be from 0 to 1000, got {text}")
    return value


def size(text: str) -> tuple[int, int]:
    """Reads a size of pictures such as ``960x600``."""
    match = re.fullmatch(r"([0-9]{2,4})x([0-9]{2,4})", text)
    if not match:
        raise argparse.ArgumentTypeError(f"must be such as 960x600, got {text}")
    return int(match[1]), int(match[2])


def add_grid_options(parser: argparse.ArgumentParser) -> None:
    """Adds the steps in which actions are taken."""
    group = parser.add_argument_group("steps")
    group.add_argument("--frames-per-step", type=positive, metavar="N", default=None)
    group.add_argument("--action-set", choices=sorted(ACTION_SETS), default=None)
    group.add_argument("--sincos", choices=FLAVORS, default=None)


_STARTS: dict[str, tuple[int, Callable[[int, int], Tape]]] = {
    # Its least number, and what the number means.
    "click": (0, lambda number, frames_per_step: click_start(number)),
    "reset": (0, lambda number, frames_per_step: reset_start(number)),
    "env": (1, lambda number, frames_per_step: env_start(frames_per_step, number)),
}


def starts(text: str, frames_per_step: int) -> list[tuple[str, Tape]]:
    """Reads a list of starts.

    Args:
        text: Words separated by commas: ``click:N`` (the click after N idle frames), ``reset:N``
            (that, and the game's restart) or ``env:N`` (qwop-gym's environment, the N-th reset),
            each with a range such as ``click:0-49``, or without a number.
        frames_per_step: For ``env``.

    Returns:
        Name and page of each start.

    Raises:
        ValueError: A word is not understood.
    """
    found = []
    for word in text.split(","):
        match = re.fullmatch(r"(click|reset|env)(?::([0-9]{1,5})(?:-([0-9]{1,5}))?)?", word.strip())
        if not match:
            raise ValueError(f"{word!r} is not a start; there are click:N, reset:N, env:N and A-B")
        kind, first, last = match.groups()
        low = int(first or 1)
        high = int(last or low)
        least, make = _STARTS[kind]
        if not least <= low <= high:
            raise ValueError(f"{word!r} must be an ascending range from {least}")
        found += [(f"{kind}:{n}", make(n, frames_per_step)) for n in range(low, high + 1)]
    return found


def summary(result: dict[str, Any]) -> str:
    """A line about how a run ended."""
    end = "landed" if result["landed"] else "fell" if result["fallen"] else "not ended"
    return (
        f"{end}, score {result['score']:.1f} m, {result['frames']} frames "
        f"({result['time_s']:.2f} s), torso at {result['distance']:.2f} m"
    )


def output_folder(text: str) -> Path:
    """A folder for results, made if it is not there.

    Raises:
        FileExistsError: There is a file of that name.
    """
    folder = Path(text)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
