"""The benchmark suite: ``python -m benchmarks``, or ``qwop-native benchmark`` where installed."""
