"""`python -m benchmarks.training`."""

import sys

from qwop_native.benchmarking.training import main

if __name__ == "__main__":
    sys.exit(main())
