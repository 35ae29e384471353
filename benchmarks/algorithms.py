"""`python -m benchmarks.algorithms`."""

import sys

from qwop_native.benchmarking.algorithms import main

if __name__ == "__main__":
    sys.exit(main())
