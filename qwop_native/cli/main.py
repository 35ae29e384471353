"""The program ``qwop-native``: finds the family of a command and hands the rest over to it."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from qwop_native import __version__
from qwop_native.cli.interrupts import INTERRUPTED

# Family: the module whose main(argv) runs it, and a line of help. A module is imported only when
# its family is asked for.
FAMILIES = {
    "play": ("qwop_native.cli.play", "play with Q, W, O and P"),
    "replay": ("qwop_native.cli.replay", "play recordings again, here or in the real game"),
    "spectate": ("qwop_native.cli.spectate", "watch a model play, here or in the real game"),
    "race": ("qwop_native.cli.race", "models and recordings side by side"),
    "record": ("qwop_native.cli.record", "keep the good episodes of a model"),
    "train": ("qwop_native.cli.train", "train a model"),
    "evaluate": ("qwop_native.cli.evaluate", "play a model from many starts, tell how it runs"),
    "card": ("qwop_native.cli.card", "write a model card for the Hugging Face Hub"),
    "sprint": ("qwop_native.cli.sprint", "make a policy such as the shipped one from nothing"),
    "tune": ("qwop_native.cli.tune", "search for good settings, on one machine or on many"),
    "collect": ("qwop_native.cli.collect", "keep a model's runs as demonstrations"),
    "bootstrap": ("qwop_native.cli.bootstrap", "write files of training settings to start from"),
    "champion": ("qwop_native.cli.champion", "prove the shipped policy and runs"),
    "search": ("qwop_native.cli.search", "search for a fast run on copies of the game"),
    "plot": ("qwop_native.cli.plot", "draw runs, trainings, speed and parity"),
    "parity": ("qwop_native.cli.parity", "compare with the real game in a browser"),
    "benchmark": ("qwop_native.cli.benchmark", "measure the engine beside others"),
    "completion": ("qwop_native.cli.completion", "a script for bash, zsh or fish"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit status: 0 for success, 1 for "not equal", 2 for a mistake or a missing part, 130
        after Ctrl-C.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] in FAMILIES:
        try:
            module = importlib.import_module(FAMILIES[arguments[0]][0])
            status: int = module.main(arguments[1:])
        except KeyboardInterrupt:  # while it is imported, or of a command without a word of its own
            print(f"qwop-native {arguments[0]}: interrupted", file=sys.stderr)
            return INTERRUPTED
        return status
    listing = "\n".join(f"  {name:12}{text}" for name, (_, text) in FAMILIES.items())
    parser = argparse.ArgumentParser(
        prog="qwop-native",
        description="QWOP as a native engine, proved against the real game.",
        epilog=f"commands:\n{listing}\n\nexample:\n  qwop-native play\n  qwop-native replay -h",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"qwop-native {__version__}")
    if not arguments:
        parser.print_help(sys.stderr)
        return 2
    parser.add_argument("command", choices=list(FAMILIES), metavar="command", help="see below")
    parser.parse_args(arguments)
    raise AssertionError("a known command was not dispatched")
