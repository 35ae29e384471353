"""`python -m train.qrdqn`, short for `python -m train qrdqn`."""

import sys

from qwop_native.cli.train import main

if __name__ == "__main__":
    sys.exit(main(["qrdqn", *sys.argv[1:]]))
