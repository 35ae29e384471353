"""Checks stored traces against the native game; needs no browser."""

from __future__ import annotations

from qwop_native.parity.native import play_env_tape, play_tape
from qwop_native.parity.trace import Mismatch, Trace
from qwop_native.recording.rows import Rows
from qwop_native.recording.tape import Tape


def verify_trace(trace: Trace) -> Mismatch | None:
    """Plays a trace's tape natively and compares every row's bits with the recorded ones.

    Returns:
        The first mismatch, or None when every row was reproduced.
    """
    return trace.mismatch(replay_trace(trace))


def replay_trace(trace: Trace) -> Rows:
    """Plays a trace's tape natively; all rows, shape (rows of the trace,)."""
    if isinstance(trace.tape, Tape):
        return play_tape(trace.tape, trace.provenance.sincos)
    return play_env_tape(trace.tape, trace.provenance.sincos, trace.env or {})
