"""Key tapes: what is done to the game, update by update, as text that a person can write.

A tape is a list of words separated by blanks; ``#`` starts a comment that ends with the line::

    idle*50          50 updates on the intro screen
    click            the click that starts the game
    QO*4             four updates with Q and O held down
    -*10             ten updates with no key
    reset            the game's own restart; keys that are down stay down
    release          lets go of all keys without an update
    tick             an update that adds 0.25 s to the game's clock, as qwop-gym makes after a reset

Keys stay down until the next word that names keys, as on a keyboard. A row is recorded for the
click, for each update after it, for each tick and for each reset, whose own update is part of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from qwop_native.keys import Keys

MAX_UPDATES = 10_000_000

_SINGLE = ("click", "reset", "release", "tick")
_WORD = re.compile(r"(idle|click|reset|release|tick|-|[QWOP]{1,4})(?:\*([1-9][0-9]{0,8}))?")


@dataclass(frozen=True)
class Event:
    """One thing done to the game.

    Attributes:
        kind: "idle", "click", "keys", "reset", "release" or "tick".
        count: Updates made, for "idle" and "keys"; 1 otherwise.
        keys: Mask of the keys held during "keys"; 0 otherwise.
    """

    kind: str
    count: int = 1
    keys: int = 0

    def __str__(self) -> str:
        if self.kind == "keys":
            return f"{keys_text(self.keys)}*{self.count}"
        return f"idle*{self.count}" if self.kind == "idle" else self.kind

    @property
    def rows(self) -> int:
        """Rows that a recording has for it."""
        return {"idle": 0, "release": 0, "keys": self.count}.get(self.kind, 1)


@dataclass(frozen=True)
class Tape:
    """A checked list of events: idle updates, the click, then anything else.

    Raises:
        ValueError: The order of the events cannot be played, or there are too many updates.
    """

    events: tuple[Event, ...]

    def __post_init__(self) -> None:
        kinds = [event.kind for event in self.events]
        clicks = kinds.count("click")
        if clicks != 1:
            raise ValueError(f"a tape needs exactly one click, this one has {clicks}")
        click = kinds.index("click")
        if kinds.count("idle") != click or kinds[:click].count("idle") != click:
            raise ValueError("idle updates come before the click and everything else after it")
        if sum(event.count for event in self.events) > MAX_UPDATES:
            raise ValueError(f"a tape may have at most {MAX_UPDATES} updates")

    def __str__(self) -> str:
        return " ".join(str(event) for event in self.events)

    @property
    def idle_frames(self) -> int:
        """Updates made on the intro screen."""
        return sum(event.count for event in self.events if event.kind == "idle")

    @property
    def after_click(self) -> tuple[Event, ...]:
        """The events that follow the click."""
        return tuple(event for event in self.events if event.kind not in ("idle", "click"))

    @property
    def rows(self) -> int:
        """Rows that a recording of this tape has."""
        return sum(event.rows for event in self.events)

    def describe_row(self, row: int) -> str:
        """Says which event a row belongs to, such as ``update 3 of QO*4 (event 17)``."""
        start = 0
        for index, event in enumerate(self.events):
            if row < start + event.rows:
                if event.kind != "keys":
                    return f"{event} (event {index})"
                return f"update {row - start + 1} of {event} (event {index})"
            start += event.rows
        raise ValueError(f"the tape has {self.rows} rows, there is no row {row}")


def keys_text(mask: int) -> str:
    """Writes a key mask as the letters of a tape, ``-`` for none."""
    return "".join(name for name in "QWOP" if mask & Keys[name]) or "-"


def parse_tape(text: str) -> Tape:
    """Reads a tape.

    Args:
        text: Words as described at the top of this module.

    Returns:
        The tape, with neighboring words for the same keys joined.

    Raises:
        ValueError: A word is not understood, or the order cannot be played.
    """
    return Tape(tuple(joined(parse_events(text))))


def parse_events(text: str) -> Iterator[Event]:
    """Reads the words of a tape one by one, as they stand, in any order.

    Raises:
        ValueError: A word is not understood.
    """
    for number, line in enumerate(text.splitlines(), start=1):
        for word in line.split("#", 1)[0].split():
            match = _WORD.fullmatch(word)
            name, count = match.groups() if match else ("", None)
            single = name in _SINGLE
            letters = "" if single or name in ("-", "idle") else name
            if not match or len(set(letters)) != len(letters) or (single and count):
                raise ValueError(
                    f"line {number}: {word!r} is not a word of a tape; there are idle*N, click, "
                    "reset, release, tick, and keys such as QO*4 or -*4"
                )
            updates = int(count or 1)
            if single or name == "idle":
                yield Event(name, updates)
            else:
                yield Event("keys", updates, sum(int(Keys[letter]) for letter in letters))


def joined(events: Iterable[Event]) -> Iterator[Event]:
    """Joins neighbors that hold the same keys, so that equal tapes have equal text."""
    last: Event | None = None
    for event in events:
        same = last and last.kind == event.kind and last.keys == event.keys
        if last and same and event.kind in ("keys", "idle"):
            last = Event(event.kind, last.count + event.count, event.keys)
            continue
        if last:
            yield last
        last = event
    if last:
        yield last


def tape_of_masks(masks: Iterable[int], idle_frames: int = 1) -> Tape:
    """Makes a tape that clicks and then holds one mask per update."""
    keys = [Event("keys", 1, int(mask)) for mask in masks]
    idle = [Event("idle", idle_frames)] if idle_frames else []
    return Tape(tuple(joined([*idle, Event("click"), *keys])))


def random_tape(
    seed: int, frames: int, hold: tuple[int, int] = (4, 4), resets: int = 0, idle_frames: int = 1
) -> Tape:
    """Makes a tape of random keys, the same for the same arguments everywhere.

    Args:
        seed: Seed of NumPy's PCG64 generator.
        frames: Updates after the click, without those inside resets.
        hold: Fewest and most updates for which one of the 16 key combinations is held.
        resets: Restarts, spread at random over the tape.
        idle_frames: Updates on the intro screen.

    Returns:
        The tape.

    Raises:
        ValueError: An argument is out of range.
    """
    low, high = hold
    if not 1 <= low <= high or frames < 1 or resets < 0 or idle_frames < 0:
        raise ValueError(
            f"frames ({frames}) must be at least 1, hold ({low}-{high}) an ascending range from 1, "
            f"resets ({resets}) and idle frames ({idle_frames}) not negative"
        )
    rng = np.random.Generator(np.random.PCG64(seed))
    cuts = sorted(int(cut) for cut in rng.integers(1, frames + 1, resets))
    events = [Event("idle", idle_frames)] if idle_frames else []
    events.append(Event("click"))
    done = 0
    for end in [*cuts, frames]:
        while done < end:
            count = min(int(rng.integers(low, high + 1)), end - done)
            events.append(Event("keys", count, int(rng.integers(0, 16))))
            done += count
        events.append(Event("reset"))
    return Tape(tuple(joined(events[:-1])))
