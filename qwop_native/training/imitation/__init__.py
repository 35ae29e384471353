"""Learning from demonstrations: data, cloning, and rewards learned against a generator."""
