"""What environments raise that gymnasium has a name for, too."""

from __future__ import annotations

from gymnasium.error import ResetNeeded

from qwop_native._core import NotResetError


class EnvNotResetError(NotResetError, ResetNeeded):
    """There is no episode to step: `qwop_native.NotResetError` and gymnasium's `ResetNeeded`."""
