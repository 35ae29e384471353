"""The real game as a stage: recordings and policies play in it, and it is compared with ours."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from qwop_native.parity.browser import Browser, BrowserOptions, GamePage, GameSource
from qwop_native.parity.probe import probe
from qwop_native.parity.record import CHUNK, page_program, pieces
from qwop_native.recording.model import Recording
from qwop_native.recording.player import NativePlayer
from qwop_native.recording.rows import Difference, Rows, first_difference
from qwop_native.recording.tape import Event, Tape

# How a browser of one flavor becomes one of another: glibc's tunables for builds that call the
# system's libm, V8's flag for those that carry their own.
_SETTINGS: Mapping[str, tuple[Mapping[str, str], tuple[str, ...]]] = {
    "glibc": (
        {
            "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2,-FMA4,-AVX2_Usable,-FMA_Usable",
        },
        (),
    ),
    "fdlibm": ({}, ("--js-flags=--no-use-libm-trig-functions",)),
}


@contextmanager
def browser_of_flavor(options: BrowserOptions, sincos: str) -> Iterator[Browser]:
    """Starts a browser that has a flavor of sine and cosine, with other settings if need be.

    Args:
        options: How to start it.
        sincos: The flavor that is needed.

    Yields:
        The running browser.

    Raises:
        BrowserError: It does not start.
        FileNotFoundError: It is not there.
        ValueError: It cannot be brought to this flavor.
    """
    browser = Browser(options)
    try:
        found = probe(browser).flavor
        if found != sincos and sincos in _SETTINGS:
            browser.close()
            environment, arguments = _SETTINGS[sincos]
            browser = Browser(
                replace(
                    options,
                    environment={**environment, **options.environment},
                    arguments=(*options.arguments, *arguments),
                )
            )
            found = probe(browser).flavor
        if found != sincos:
            raise ValueError(
                f"{browser.name} has the sine and cosine of {found or 'no known flavor'}, the run "
                f"needs {sincos}: name another browser with --browser PATH"
            )
        yield browser
    finally:
        browser.close()


class BrowserStage:
    """The real game as a stage.

    Args:
        browser: A running browser.
        source: Where the game comes from.
        sincos: The browser's flavor.
        show: Draw every frame, for a window or for pictures.
        speed: Multiple of real time; 0 is as fast as possible.
        on_frame: Called with the page at the start of a run and after each frame that is drawn, and
            with the number of frames for which the picture stands.
    """

    def __init__(
        self,
        browser: Browser,
        source: GameSource,
        sincos: str,
        *,
        show: bool = False,
        speed: float = 0.0,
        on_frame: Callable[[GamePage, int], None] | None = None,
    ) -> None:
        self.sincos = sincos
        self.page = browser.open_game(source)
        self._fresh = True
        self._by_frame = show or speed > 0 or on_frame is not None
        self._interval = 1 / (30 * speed) if speed > 0 else 0.0
        self._show, self._on_frame = show, on_frame
        self._due = 0.0

    def begin(self, page: Tape) -> Rows:
        """Loads the page anew and plays what comes before the run."""
        if not self._fresh:
            self.page.reload()
        self._fresh = False
        rows = [self.page.run(page_program(piece)) for piece in pieces(page)]
        self._draw()
        self._due = time.monotonic()
        return np.concatenate(rows)[-1:]

    def hold(self, keys: int, frames: int) -> Rows:
        """Holds keys for some frames, at the pace that was asked for."""
        if not self._by_frame:
            return self.page.run([("keys", frames, keys)])
        rows = []
        for _ in range(frames):
            rows.append(self.page.run([("keys", 1, keys)]))
            self._draw()
            self._due += self._interval
            time.sleep(max(0.0, self._due - time.monotonic()))
        return np.concatenate(rows)

    def play(self, recording: Recording) -> Rows:
        """Plays a recording; the states at its start and after each frame, shape (frames + 1,)."""
        rows = [self.begin(recording.page)]
        for event in recording.tape.events[len(recording.page.events) :]:
            for count in _chunks(event):
                rows.append(self.hold(event.keys, count))
        return np.concatenate(rows)

    def linger(self, frames: int) -> None:
        """Leaves the end to be seen for some frames; the game does not go on."""
        if self._by_frame:
            self._draw(frames)
            time.sleep(frames * self._interval)

    def close(self) -> None:
        """Closes the page."""
        self.page.close()

    def _draw(self, frames: int = 1) -> None:
        if self._show:
            self.page.show()
        if self._on_frame:
            self._on_frame(self.page, frames)


def _chunks(event: Event) -> Iterator[int]:
    for start in range(0, event.count, CHUNK):
        yield min(CHUNK, event.count - start)


def native_rows(recording: Recording) -> Rows:
    """The states of a recording in the native game, shape (frames + 1,), the start first."""
    rows = NativePlayer(recording.sincos, recording.page.idle_frames).play(recording.tape.events)
    return rows[len(rows) - len(recording.keys) - 1 :]


def compare_with_native(recording: Recording, rows: Rows) -> Difference | None:
    """The first difference, in any bit, between the real game's states and the native ones.

    Args:
        recording: What was played.
        rows: The real game's states, as `BrowserStage.play` gives them.
    """
    return first_difference(native_rows(recording), rows)
