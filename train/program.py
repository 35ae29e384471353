"""The program `python -m train`, which is `qwop-native train` as well."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from train.algorithms import CONFIGS, REGISTRY, Algorithm, get_algorithm


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit status: 0 for success, 2 for a mistake or a missing part, 130 after Ctrl-C.
    """
    given = _parser().parse_args(argv)
    try:
        algorithm = get_algorithm(given.algorithm)
        return train(algorithm, given.config or algorithm.default_config, given.set)
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def train(algorithm: Algorithm, path: Path, overrides: Sequence[str]) -> int:
    """Makes one run from a file of settings and returns the exit status.

    Raises:
        ImportError, OSError, TypeError, ValueError: The run cannot be started.
    """
    from train import config  # after the command line: these take seconds to import
    from train.runner import INTERRUPTED, Run

    run = Run(algorithm, config.load(path, overrides, algorithm))
    try:
        return run.execute()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:15}{text}" for name, (_, text) in REGISTRY.items())
    parser = argparse.ArgumentParser(
        prog="qwop-native train",
        description="Train a runner on the native QWOP environment.",
        epilog=f"algorithms:\n{listing}\n\n"
        "examples:\n"
        f"  python -m train qrdqn -c {_shown(CONFIGS / 'qrdqn_quick.yml')}\n"
        "  python -m train ppo -s total_timesteps=2e6 -s learner.learning_rate=1e-4 -s seed=7",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("algorithm", metavar="ALGORITHM", help="what to train, see below")
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        metavar="FILE",
        help="YAML file of settings; train/configs/ALGORITHM.yml if left out",
    )
    parser.add_argument(
        "-s",
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change one setting, as in -s seed=1 -s learner.gamma=0.99",
    )
    return parser


def _shown(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
