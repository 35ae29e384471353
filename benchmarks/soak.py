"""`python -m benchmarks.soak`."""

import sys

from qwop_native.benchmarking.soak import main

if __name__ == "__main__":
    sys.exit(main())
