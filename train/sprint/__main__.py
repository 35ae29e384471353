"""`python -m train.sprint FOLDER`: makes the shipped policy from nothing."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

_CONFIG = Path(__file__).with_name("sprint.yml")


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; returns the exit status."""
    given = _parser().parse_args(argv)
    import torch  # after the command line: these take seconds to import

    from train import fields
    from train.config import put, read
    from train.sprint.pipeline import Pipeline
    from train.sprint.settings import SprintSettings

    begun = time.monotonic()

    def say(line: str) -> None:
        print(f"{(time.monotonic() - begun) / 60:6.1f} min  {line}", flush=True)

    try:
        if given.threads < 0:
            raise ValueError(f"--threads must be at least 0, not {given.threads}")
        if given.threads:
            torch.set_num_threads(given.threads)  # those of the learner, too
        numbers = read(given.config)
        for override in given.set:
            put(numbers, override)
        settings = fields.fill(SprintSettings, numbers)
        path = Pipeline(given.folder, settings, given.threads, say).run()
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        return 2
    print(f"the policy is in {path}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m train.sprint", description=__doc__)
    parser.add_argument("folder", type=Path, help="for everything that is made; gone on with")
    parser.add_argument(
        "-c",
        "--config",
        type=Path,
        default=_CONFIG,
        help="YAML of settings (default: train/sprint/sprint.yml)",
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


if __name__ == "__main__":
    sys.exit(main())
