"""`python -m benchmarks.ablation`."""

import sys

from qwop_native.benchmarking.ablation import main

if __name__ == "__main__":
    sys.exit(main())
