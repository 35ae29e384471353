"""Old place of the commands, now in `qwop_native.cli`; kept for scripts that import from it."""
