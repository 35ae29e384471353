"""`python -m benchmarks.sincos`."""

from qwop_native.benchmarking.sincos import main

if __name__ == "__main__":
    main()
