"""`python -m benchmarks.recipe`."""

from qwop_native.benchmarking.recipe import main

if __name__ == "__main__":
    main()
