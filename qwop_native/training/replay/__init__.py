"""Replay of what matters most: prioritized sampling, and demonstrations beside own experience."""
