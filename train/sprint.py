"""`python -m train.sprint`: makes the shipped policy."""

import sys

from qwop_native.cli.sprint import main

if __name__ == "__main__":
    sys.exit(main())
