"""`python -m train.qrdqn`, short for `python -m train qrdqn`."""

import sys

from train.program import main

if __name__ == "__main__":
    sys.exit(main(["qrdqn", *sys.argv[1:]]))
