"""`python -m train.tune`."""

import sys

from qwop_native.training.tune import main

if __name__ == "__main__":
    sys.exit(main())
