"""`python -m train ALGORITHM`: trains a model, as `qwop-native train` does."""

import sys

from qwop_native.cli.train import main

if __name__ == "__main__":
    sys.exit(main())
