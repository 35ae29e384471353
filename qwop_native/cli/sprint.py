"""`qwop-native sprint FOLDER`: makes a policy such as the shipped one from nothing."""

from __future__ import annotations

import argparse
import shlex
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwop_native.cli.common import require_models
from qwop_native.training.algorithms import CONFIGS

if TYPE_CHECKING:
    from qwop_native.training.sprint.settings import SprintSettings

SETTINGS_NAME = "settings.yml"

_CONFIG = CONFIGS / "sprint" / "sprint.yml"


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit status: 0 for success, 2 for a mistake or a missing part, 130 after Ctrl-C.
    """
    given = _parser().parse_args(argv)
    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{(time.monotonic() - begun) / 60:6.1f} min  {line}", flush=True)

    try:
        policy = _make(given, say)
        print(f"the policy is in {policy}")
        print(f"watch it: qwop-native spectate {shlex.quote(str(policy))}")
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on", file=sys.stderr)
        return 130
    return 0


def _make(given: argparse.Namespace, say: Callable[[str], None]) -> Path:
    """Makes the policy; returns its path."""
    require_models()
    import torch  # after the command line: these take seconds to import

    from qwop_native.settings.files import put, read
    from qwop_native.training.sprint.pipeline import Pipeline
    from qwop_native.training.sprint.settings import SprintSettings

    if given.threads < 0:
        raise ValueError(f"--threads must be at least 0, not {given.threads}")
    if given.threads:
        torch.set_num_threads(given.threads)  # those of the learner, too
    numbers = read(given.config)
    for override in given.set:
        put(numbers, override)
    settings = SprintSettings.of(numbers)
    pipeline = Pipeline(given.folder, settings, torch.get_num_threads(), say)
    _keep_settings(given.folder / SETTINGS_NAME, settings, say)
    return pipeline.run()


def _keep_settings(path: Path, settings: SprintSettings, say: Callable[[str], None]) -> None:
    """Writes the settings beside what is made with them, and says which are not those there."""
    from qwop_native.atomic import whole_file
    from qwop_native.settings.files import dump, read

    if path.is_file():
        before, now = _flat(settings.of(read(path)).plain()), _flat(settings.plain())
        for name in sorted(before.keys() | now.keys()):
            if before.get(name) != now.get(name):
                say(f"{name} was {before.get(name)} so far and is {now.get(name)} from here on")
    with whole_file(path) as file:
        file.write(dump(settings).encode())


def _flat(settings: dict[str, Any], at: str = "") -> dict[str, Any]:
    """Values by their dotted names."""
    flat: dict[str, Any] = {}
    for name, value in settings.items():
        flat |= _flat(value, f"{at}{name}.") if isinstance(value, dict) else {at + name: value}
    return flat


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="qwop-native sprint",
        description="Make a policy such as the shipped one from nothing, in "
        "about an hour on two cores. Started again, it goes on.",
        epilog="example:\n  qwop-native sprint runs/sprint",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder", type=Path, help="for everything that is made; continued if it is there"
    )
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=_CONFIG,
        help="YAML of settings (default: that of the shipped runner)",
    )
    parser.add_argument(
        "-s", "--set", action="append", default=[], metavar="KEY=VALUE", help="overrides one"
    )
    parser.add_argument(
        "--threads",
        type=int,
        default=0,
        help="that play and learn (default 0: one for each core)",
    )
    return parser
