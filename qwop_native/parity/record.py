"""Makes traces: plays tapes in the real game and keeps what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from qwop_native.facts import ENGINE_TICK
from qwop_native.parity.browser_env import BrowserEnv
from qwop_native.parity.env_tape import EnvTape, random_actions
from qwop_native.parity.probe import probe
from qwop_native.parity.trace import Provenance, Trace, make_trace
from qwop_native.recording.rows import Rows
from qwop_native.recording.tape import Event, Tape

if TYPE_CHECKING:
    from qwop_native.parity.browser import Browser, GamePage, GameSource

# Updates made in one call into the page: long enough that calls cost nothing.
CHUNK = 2000


def page_program(events: list[Event]) -> list[tuple[Any, ...]]:
    """The page's commands for some events of a tape."""
    program: list[tuple[Any, ...]] = []
    for event in events:
        if event.kind == "keys":
            program.append(("keys", event.count, event.keys))
        elif event.kind == "idle":
            program.append(("idle", event.count))
        elif event.kind == "tick":
            program.append(("tick", ENGINE_TICK))
        else:
            program.append((event.kind,))
    return program


def pieces(tape: Tape, cuts: frozenset[int] = frozenset()) -> Iterator[list[Event]]:
    """Splits a tape into pieces that are played one after the other.

    Args:
        tape: The whole tape.
        cuts: Numbers of rows after which a piece has to end.

    Yields:
        Events of at most about `CHUNK` updates, those of longer holds divided.
    """
    piece: list[Event] = []
    row = size = 0
    for event in tape.events:
        left = event.count
        while left:
            stops = [cut - row for cut in cuts if cut > row and event.rows]
            count = min([left, CHUNK - size, *stops])
            piece.append(Event(event.kind, count, event.keys))
            left -= count
            size += count
            row += piece[-1].rows
            if size >= CHUNK or (row in cuts and piece[-1].rows):
                yield piece
                piece, size = [], 0
    if piece:
        yield piece


def play_in_page(page: GamePage, tape: Tape) -> Rows:
    """Plays a tape in a freshly loaded page; all rows, shape (tape.rows,)."""
    return np.concatenate([page.run(page_program(piece)) for piece in pieces(tape)])


def play_env_in_page(page: GamePage, tape: EnvTape, env_arguments: Mapping[str, Any]) -> Rows:
    """Plays an environment's tape in a freshly loaded page; all rows, shape (tape.rows,)."""
    env = BrowserEnv(page, env_arguments)
    rows = []
    for actions in tape.episodes:
        rows.append(env.reset())
        rows += [env.step(action) for action in actions]
    return np.concatenate(rows)


def random_episodes(
    page: GamePage, seed: int, episodes: int, max_steps: int, env_arguments: Mapping[str, Any]
) -> tuple[EnvTape, Rows]:
    """Plays random episodes in the browser's environment, each to its end or to `max_steps`.

    Args:
        page: The game, freshly loaded.
        seed: Seed of the actions.
        episodes: How many.
        max_steps: Most steps of one.
        env_arguments: Arguments of the environment.

    Returns:
        The tape of the actions taken, and the rows.
    """
    env = BrowserEnv(page, env_arguments)
    rng = np.random.Generator(np.random.PCG64(seed))
    rows, played = [], []
    for _ in range(episodes):
        rows.append(env.reset())
        actions: list[int] = []
        for action in random_actions(rng, len(env.action_keys), max_steps):
            rows.append(env.step(action))
            actions.append(action)
            if rows[-1]["terminated"][0]:
                break
        played.append(tuple(actions))
    return EnvTape(tuple(played)), np.concatenate(rows)


def provenance_of(
    browser: Browser, page: GamePage, sincos: str, description: str, command: str
) -> Provenance:
    """Describes where a recording made in this browser and page comes from."""
    return Provenance(
        description=description,
        browser=browser.name,
        version=browser.version,
        options=str(browser.options),
        sincos=sincos,
        game_files=page.game_files,
        command=command,
    )


def flavor_of(browser: Browser) -> str:
    """The flavor of a browser's sine and cosine.

    Raises:
        ValueError: It is none of the three, so that nothing native can follow it.
    """
    result = probe(browser)
    if result.flavor is None:
        raise ValueError(f"this browser's sine and cosine are of no known flavor: {result}")
    return result.flavor


def record_tape(
    browser: Browser,
    source: GameSource,
    tape: Tape,
    *,
    description: str,
    command: str,
    interval: int,
) -> Trace:
    """Plays a tape in the real game and makes a trace of it.

    Args:
        browser: A running browser.
        source: Where the game comes from.
        tape: What to do.
        description: What the trace shows.
        command: The command that asked for it.
        interval: Every how many rows a whole row is kept.

    Returns:
        The trace.

    Raises:
        BrowserError: The game does not load.
        ValueError: The browser's flavor of sine and cosine is unknown.
    """
    sincos = flavor_of(browser)
    page = browser.open_game(source)
    try:
        rows = play_in_page(page, tape)
        provenance = provenance_of(browser, page, sincos, description, command)
        return make_trace(provenance, tape, rows, interval)
    finally:
        page.close()


def record_env(
    browser: Browser,
    source: GameSource,
    env_arguments: Mapping[str, Any],
    tape: EnvTape | None = None,
    *,
    seed: int,
    episodes: int,
    max_steps: int,
    description: str,
    command: str,
    interval: int,
) -> Trace:
    """Plays episodes of the environment in the real game and makes a trace of them.

    Args:
        browser: A running browser.
        source: Where the game comes from.
        env_arguments: Arguments of the environment.
        tape: Actions to take; None plays random ones.
        seed: Seed of the random actions.
        episodes: How many random episodes.
        max_steps: Most steps of a random episode.
        description: What the trace shows.
        command: The command that asked for it.
        interval: Every how many rows a whole row is kept.

    Returns:
        The trace.

    Raises:
        BrowserError: The game does not load.
        ValueError: The browser's flavor is unknown, or an argument is.
    """
    sincos = flavor_of(browser)
    page = browser.open_game(source)
    try:
        if tape is None:
            tape, rows = random_episodes(page, seed, episodes, max_steps, env_arguments)
        else:
            rows = play_env_in_page(page, tape, env_arguments)
        provenance = provenance_of(browser, page, sincos, description, command)
        return make_trace(provenance, tape, rows, interval, env=dict(env_arguments))
    finally:
        page.close()
