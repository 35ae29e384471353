"""`python -m train.tune`."""

import sys

from qwop_native.cli.tune import main

if __name__ == "__main__":
    sys.exit(main())
