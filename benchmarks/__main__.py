"""``python -m benchmarks``."""

import sys

from qwop_native.cli.benchmark import main

if __name__ == "__main__":
    sys.exit(main(prog="python -m benchmarks"))
