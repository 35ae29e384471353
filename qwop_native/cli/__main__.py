"""``python -m qwop_native.cli``: the program ``qwop-native``."""

import sys

from qwop_native.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
