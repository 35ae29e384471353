"""What the commands share: how they run, and options that several of them have."""

from __future__ import annotations

import argparse
import importlib
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.cli import config_file
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import DEFAULT_SINCOS, FLAVORS
from qwop_native.recording.starts import click_start, env_start, reset_start
from qwop_native.recording.tape import Tape

if TYPE_CHECKING:
    from qwop_native.recording.stage import Policy
    from qwop_native.search.planner import Planner

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
    config_file.add_config_option(parser)
    try:
        return run(config_file.parse(parser, argv))
    except (ImportError, OSError, ValueError, TypeError, RuntimeError) as error:
        print(f"{parser.prog}: {sentence(error)}", file=sys.stderr)
        return MISTAKE
    except KeyboardInterrupt:
        print(f"{parser.prog}: interrupted", file=sys.stderr)
        return 130


def require_extra(extra: str, *modules: str) -> None:
    """Refuses to begin what needs packages of an extra that is not installed.

    Args:
        extra: Name of the extra.
        *modules: What is needed of it.

    Raises:
        ImportError: One of the modules cannot be imported; says which extra to install.
    """
    for name in modules:
        try:
            importlib.import_module(name)
        except ImportError as error:
            raise ImportError(
                f"this needs {name} of the extra {extra}: pip install 'qwop-native[{extra}]'"
            ) from error


def require_models() -> None:
    """Refuses to begin what loads or trains models where PyTorch or Stable-Baselines3 is missing.

    Raises:
        ImportError: One of them cannot be imported.
    """
    require_extra("train", "torch", "stable_baselines3", "sb3_contrib", "pydantic", "yaml")


def note(line: str) -> None:
    """Says a guess, apart from the results."""
    print(f"note: {line}", file=sys.stderr)


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


def picture(text: str) -> str:
    """Reads the name of a picture that is to be written."""
    from qwop_native.render.still import format_of

    try:
        format_of(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return text


def add_grid_options(parser: argparse.ArgumentParser) -> None:
    """Adds the steps in which actions are taken."""
    group = parser.add_argument_group("steps")
    group.add_argument("--frames-per-step", type=positive, metavar="N", default=None)
    group.add_argument("--action-set", choices=sorted(ACTION_SETS), default=None)
    group.add_argument("--sincos", choices=FLAVORS, default=None)


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Adds what replaces a model's own settings, and how it is loaded and acts."""
    add_grid_options(parser)
    group = parser.add_argument_group("model")
    group.add_argument("--model-mod", metavar="MODULE", help="package of the model's class")
    group.add_argument("--model-cls", metavar="CLASS", help="the model's class, such as PPO")
    group.add_argument("--stochastic", action="store_true", help="draw the model's actions")
    group.add_argument("--weights-only", action="store_true", help="run nothing in the zip")


def player(options: argparse.Namespace, name: str) -> Policy:
    """Who is to play, as the options of `add_model_options` say.

    Args:
        options: The options.
        name: A model's zip, the folder of a run, "champion", "planner", or
            package.module:factory.

    Raises:
        FileNotFoundError, ImportError, ValueError: See `qwop_native.models.load.load_player`.
    """
    from qwop_native.models.load import load_player

    if name == PLANNER:
        from qwop_native.search.live import LivePlanner

        return LivePlanner(planner(options), note)
    return load_player(
        name,
        frames_per_step=options.frames_per_step,
        action_set=options.action_set,
        sincos=options.sincos,
        module=getattr(options, "model_mod", None),
        algorithm=getattr(options, "model_cls", None),
        deterministic=not getattr(options, "stochastic", False),
        weights_only=getattr(options, "weights_only", False),
        say=note,
    )


def planner(options: argparse.Namespace) -> Planner:
    """The planner, as the options of `add_model_options` say.

    Raises:
        ValueError: An option is one for models, or has a value that is not accepted.
    """
    require_models()
    from qwop_native.search.planner import ACTIONS, FRAMES_PER_STEP, Planner

    if options.action_set not in (None, ACTIONS):
        raise ValueError(f"the planner has the {ACTIONS} actions, got {options.action_set}")
    for name in ("model_mod", "model_cls", "stochastic", "weights_only"):
        if getattr(options, name, None):
            raise ValueError(f"--{name.replace('_', '-')} is for models, not for the planner")
    return Planner(frames_per_step=options.frames_per_step or FRAMES_PER_STEP)


def flavor(options: argparse.Namespace, policy: Policy) -> str:
    """Flavor of sine and cosine: the option's, else the model's own, else glibc."""
    return str(options.sincos or getattr(policy, "sincos", None) or DEFAULT_SINCOS)


PLANNER = "planner"
"""The name of a player that looks ahead instead of having learned."""

MODEL_HELP = "a model's zip file, the folder of a run, champion, planner, or package.module:factory"

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
