"""Benchmarks of the engine and its peers; each module is run as ``python -m benchmarks.NAME``."""
