"""The benchmark suite: the engine, the learners and their peers in the same run."""
