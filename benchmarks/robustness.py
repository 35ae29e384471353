"""`python -m benchmarks.robustness`."""

import sys

from qwop_native.benchmarking.robustness import main

if __name__ == "__main__":
    sys.exit(main())
