"""`python -m train.collect`."""

import sys

from qwop_native.cli.collect import main

if __name__ == "__main__":
    sys.exit(main())
