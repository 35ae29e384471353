"""Options that several parity commands share, and what is made of them."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.parity.env_tape import EnvTape, parse_env_tape
from qwop_native.parity.game_files import find_game_files
from qwop_native.parity.trace import SUFFIX, read_trace
from qwop_native.recording.tape import Tape, parse_tape, random_tape
from qwop_native.text_files import read_text

if TYPE_CHECKING:
    from qwop_native.parity.browser import BrowserOptions, GameSource

GAME_DIR_VARIABLE = "QWOP_GAME_DIR"
BROWSER_VARIABLE = "QWOP_BROWSER"

_PATH_OPTIONS = ("--browser", "--game-dir", "--tape", "--actions", "--out", "--traces")

EQUAL, DIFFERENT, FAULT = 0, 1, 2  # exit statuses


def positive(text: str) -> int:
    """Reads a whole number of at least 1."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return value


def not_negative(text: str) -> int:
    """Reads a whole number of at least 0."""
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"must not be negative, got {text}")
    return value


def hold_range(text: str) -> tuple[int, int]:
    """Reads ``4`` or ``4-12``."""
    match = re.fullmatch(r"([0-9]+)(?:-([0-9]+))?", text)
    low, high = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= low <= high:
        raise argparse.ArgumentTypeError(f"must be such as 4 or 4-12, got {text}")
    return low, high


def variable(text: str) -> tuple[str, str]:
    """Reads ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, got {text}")
    return name, value


def add_browser_options(parser: argparse.ArgumentParser, switch: str = "") -> None:
    """Adds what says which browser is run and how.

    Args:
        parser: Where to.
        switch: If given, ``--browser`` may stand alone and means this; without it `options.browser`
            is None.
    """
    group = parser.add_argument_group("browser")
    usual = os.environ.get(BROWSER_VARIABLE)
    kind: dict[str, Any] = {"nargs": "?", "const": usual or ""} if switch else {"default": usual}
    group.add_argument(
        "--browser",
        metavar="PATH",
        help=f"{switch or 'Chromium or Chrome'} (default: ${BROWSER_VARIABLE}, else one found on "
        "the PATH)",
        **kind,
    )
    group.add_argument(
        "--browser-arg",
        metavar="ARG",
        action="append",
        default=[],
        help="further argument for it, as --browser-arg=--js-flags=…; may be repeated",
    )
    group.add_argument(
        "--browser-env",
        metavar="NAME=VALUE",
        type=variable,
        action="append",
        default=[],
        help="environment variable for it; may be repeated",
    )
    group.add_argument("--browser-note", metavar="TEXT", default="", help="where its build is from")
    group.add_argument("--headed", action="store_true", help="show its window")


def add_game_options(parser: argparse.ArgumentParser) -> None:
    """Adds what says where the game comes from."""
    group = parser.add_argument_group("game (one of --game-dir and --url)")
    group.add_argument(
        "--game-dir",
        metavar="DIR",
        default=os.environ.get(GAME_DIR_VARIABLE),
        help="folder with QWOP.min.js, howler.js and assets/assetbundle.parcel "
        f"(default: ${GAME_DIR_VARIABLE})",
    )
    group.add_argument("--url", help="the game's own page, loaded over the network")
    group.add_argument(
        "--allow-host",
        metavar="HOST",
        action="append",
        default=[],
        help="further host that the page at --url may ask; may be repeated",
    )
    group.add_argument(
        "--accept-unknown-files",
        action="store_true",
        help="take game files whose SHA-256 is not a known one",
    )


def add_tape_options(parser: argparse.ArgumentParser) -> None:
    """Adds what says which keys are pressed."""
    group = parser.add_argument_group("keys (one of --tape and --random)")
    group.add_argument(
        "--tape", metavar="FILE", help=f"tape as text, or a {SUFFIX} file whose tape is taken"
    )
    group.add_argument("--random", metavar="SEED", type=not_negative, help="random keys")
    group.add_argument("--frames", type=positive, default=1000, help="updates of random keys")
    group.add_argument(
        "--hold", type=hold_range, default=(4, 4), help="updates a random choice is held, as 4-12"
    )
    group.add_argument("--resets", type=not_negative, default=0, help="restarts among random keys")
    group.add_argument(
        "--idle", type=not_negative, default=1, help="updates on the intro screen before them"
    )


def browser_options(options: argparse.Namespace) -> BrowserOptions:
    """The browser that the options ask for."""
    from qwop_native.parity.browser import BrowserOptions

    return BrowserOptions(
        executable=options.browser,
        arguments=tuple(options.browser_arg),
        environment=dict(options.browser_env),
        headed=options.headed,
        note=options.browser_note,
    )


def game_source(options: argparse.Namespace) -> GameSource:
    """The game that the options ask for.

    Raises:
        FileNotFoundError: A file of it is missing.
        ValueError: A file of it is unknown, or no game was named.
    """
    from qwop_native.parity.browser import LocalGame, OnlineGame

    if options.url:
        return OnlineGame(options.url, tuple(options.allow_host), options.accept_unknown_files)
    if not options.game_dir:
        raise ValueError(f"say where the game is: --game-dir, ${GAME_DIR_VARIABLE} or --url")
    return LocalGame(find_game_files(options.game_dir, options.accept_unknown_files))


def chosen_tape(options: argparse.Namespace) -> tuple[str, Tape]:
    """The tape that the options ask for, and a name for it.

    Raises:
        FileNotFoundError: Its file is not there.
        ValueError: It is not a tape of the game, or none or two were asked for.
    """
    if (options.tape is None) == (options.random is None):
        raise ValueError("say which keys to press: either --tape FILE or --random SEED")
    if options.tape is None:
        tape = random_tape(
            options.random, options.frames, options.hold, options.resets, options.idle
        )
        low, high = options.hold
        resets = f", {options.resets} resets" if options.resets else ""
        return f"random keys, seed {options.random}, held {low} to {high} updates{resets}", tape
    path = Path(options.tape)
    if path.suffix != SUFFIX:
        return path.stem, parse_tape(read_text(path))
    tape_of_trace = read_trace(path).tape
    if isinstance(tape_of_trace, EnvTape):
        raise ValueError(f"{path} is a recording of the environment, not of the game")
    return path.stem, tape_of_trace


def chosen_actions(options: argparse.Namespace) -> EnvTape | None:
    """The actions that the options ask for; None for random ones.

    Raises:
        FileNotFoundError: Their file is not there.
        ValueError: It is not a tape of the environment.
    """
    if options.actions is None:
        return None
    path = Path(options.actions)
    if path.suffix != SUFFIX:
        return parse_env_tape(read_text(path))
    tape = read_trace(path).tape
    if not isinstance(tape, EnvTape):
        raise ValueError(f"{path} is a recording of the game, not of the environment")
    return tape


def env_name(options: argparse.Namespace) -> str:
    """What to call the episodes that the options ask for."""
    settings = ", ".join(f"{name}={value}" for name, value in env_arguments(options).items())
    played = (
        f"actions of {Path(options.actions).name}"
        if options.actions
        else (f"random actions, seed {options.seed}")
    )
    return f"environment, {played}, {settings}"


def command_text(argv: Sequence[str]) -> str:
    """The command as it is kept in a trace: folders left out, which differ between machines."""
    words = []
    option = ""
    for word in argv:
        name, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        option = name or option
        if option in _PATH_OPTIONS and value:
            value = Path(value).name
        words.append(f"{name}{equals}{value}")
    return shlex.join(["qwop-native", "parity", *words])


def env_arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Arguments of the environment that differ from its defaults."""
    arguments: dict[str, Any] = {"frames_per_step": options.frames_per_step}
    for name in ("reduced_action_set", "t_for_terminate", "reload_on_reset"):
        if getattr(options, name):
            arguments[name] = True
    for name in ("action_set", "failure_cost", "success_reward", "time_cost_mult"):
        value = getattr(options, name)
        if value is not None:
            arguments[name] = value
    return arguments


def add_env_options(parser: argparse.ArgumentParser) -> None:
    """Adds the environment's arguments and which episodes are played."""
    group = parser.add_argument_group("environment")
    group.add_argument("--actions", metavar="FILE", help="actions to take, as text or a trace")
    group.add_argument("--seed", type=not_negative, default=0, help="seed of random actions")
    group.add_argument("--episodes", type=positive, default=3, help="random episodes")
    group.add_argument("--max-steps", type=positive, default=300, help="most steps of a random one")
    group.add_argument("--frames-per-step", type=positive, default=1)
    group.add_argument("--reduced-action-set", action="store_true")
    group.add_argument("--action-set", choices=sorted(ACTION_SETS))
    group.add_argument("--t-for-terminate", action="store_true")
    group.add_argument("--reload-on-reset", action="store_true")
    group.add_argument("--failure-cost", type=float)
    group.add_argument("--success-reward", type=float)
    group.add_argument("--time-cost-mult", type=float)
