"""Brings games to where runs begin, without playing again what runs on the same page have shared.

The game's restart leaves traces, so a run's page holds every earlier episode on it. Runs that
follow each other would take a time that grows with the square of their number.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

from qwop_native import _core
from qwop_native.recording.player import play_events
from qwop_native.recording.tape import Event

Events = tuple[Event, ...]


class _Memory(threading.local):
    """The last page that was played: its flavor, its events but the last, and the game then.

    The last event is left out because a run that follows may have made it longer.
    """

    sincos = ""
    events: Events = ()
    snapshot = b""


_memory = _Memory()


def play_page(game: _core.Game, events: Sequence[Event]) -> None:
    """Plays a page's events in a freshly loaded game; as `play_events`, bit for bit."""
    events = tuple(events)
    done = len(_memory.events)
    if done and _memory.sincos == game.sincos and events[:done] == _memory.events:
        game.restore(_memory.snapshot)
    else:
        done = 0
    last = max(len(events) - 1, done)
    if not done and events[last].kind == "click":
        play_events(game, events)
        return
    play_events(game, events[done:last])
    if last > done:
        _memory.sincos, _memory.events = game.sincos, events[:last]
        _memory.snapshot = game.snapshot()
    play_events(game, events[last:])
