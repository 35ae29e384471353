"""The program `qwop-native train`, which is `python -m train` in a checkout."""

from __future__ import annotations

import argparse
import errno
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qwop_native.cli.common import require_models
from qwop_native.cli.interrupts import INTERRUPTED, sigterm_as_ctrl_c
from qwop_native.training.algorithms import CONFIGS, REGISTRY, Algorithm, get_algorithm

if TYPE_CHECKING:
    from qwop_native.training.runner import Run

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program.

    Args:
        argv: Arguments without the program's name; None takes those of the process.

    Returns:
        The exit status: 0 for success, 2 for a mistake or a missing part, 130 after Ctrl-C.
    """
    parser = _parser()
    given = parser.parse_args(argv)
    if (given.algorithm is None) == (given.resume is None):
        parser.error("name either what to train or, with --resume, the run to go on with")
    try:
        require_models()
        with sigterm_as_ctrl_c():
            if given.resume is not None:
                return resume(given.resume)
            algorithm = get_algorithm(given.algorithm)
            return train(algorithm, given.config or algorithm.default_config, given.set)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2


def train(algorithm: Algorithm, path: Path, overrides: Sequence[str]) -> int:
    """Makes one run from a file of settings and returns the exit status.

    Raises:
        ImportError, OSError, TypeError, ValueError: The run cannot be started.
    """
    from qwop_native.training import config  # after the command line: these take seconds to import
    from qwop_native.training.runner import Run

    return _execute(Run(algorithm, config.load(path, overrides, algorithm)))


def resume(folder: Path) -> int:
    """Goes on with an interrupted run and returns the exit status.

    Raises:
        ImportError, OSError, TypeError, ValueError: It cannot go on.
    """
    from qwop_native.training.runner import Run

    return _execute(Run.resume(folder))


def _execute(run: Run) -> int:
    try:
        return run.execute()
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise OSError(
            f"no room to write ({error.strerror}); what was written before is whole: make room and "
            f"go on with qwop-native train --resume {run.folder}"
        ) from error


def _parser() -> argparse.ArgumentParser:
    listing = "\n".join(f"  {name:15}{text}" for name, (_, text) in REGISTRY.items())
    parser = argparse.ArgumentParser(
        prog="qwop-native train",
        description="Train a runner on the native QWOP environment.",
        epilog=f"algorithms:\n{listing}\n\n"
        "examples:\n"
        f"  qwop-native train qrdqn -c {_shown(CONFIGS / 'qrdqn_quick.yml')}\n"
        "  qwop-native train ppo -s total_timesteps=2e6 -s learner.learning_rate=1e-4 -s seed=7",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "algorithm", metavar="ALGORITHM", nargs="?", help="what to train, see below"
    )
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
    parser.add_argument(
        "--resume", type=Path, metavar="FOLDER", help="go on with the interrupted run in a folder"
    )
    return parser


def _shown(path: Path) -> Path:
    try:
        return path.relative_to(Path.cwd())
    except ValueError:
        return path
