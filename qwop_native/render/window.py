"""A window that shows pictures, by pygame-ce, and says which keys are down."""

from __future__ import annotations

import os
import time
from typing import Any

import numpy as np
import numpy.typing as npt

# Its greeting on stdout does not belong among a program's results.
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")


class WindowClosedError(Exception):
    """The user has closed the window."""


class Window:
    """A window for pictures of one size.

    Args:
        size: Width and height in pixels.
        title: Its title.
        for_a_person: Whether it makes no sense where nobody can see it.

    Raises:
        ImportError: pygame-ce is missing.
        RuntimeError: There is no display.
    """

    def __init__(
        self, size: tuple[int, int], title: str = "qwop-native", for_a_person: bool = False
    ) -> None:
        try:
            import pygame
        except ModuleNotFoundError as error:
            raise ImportError(
                "a window needs pygame-ce: pip install 'qwop-native[render]'"
            ) from error
        self._pygame: Any = pygame
        # Only what is needed: initializing sound, too, would fail where there is none.
        try:
            pygame.display.init()
            if for_a_person:
                self._refuse_invisible()
            self._screen = pygame.display.set_mode(size, pygame.RESIZABLE)
        except pygame.error as error:
            raise RuntimeError(
                f"no window can be opened ({error}); use --video, or render_mode='rgb_array'"
            ) from error
        pygame.display.set_caption(title)
        self._due = time.monotonic()
        self._pressed: list[str] = []

    def _refuse_invisible(self) -> None:
        """Without a display SDL falls back on drivers that show nothing and never end."""
        driver = self._pygame.display.get_driver()
        asked_for = os.environ.get("SDL_VIDEODRIVER") or os.environ.get("SDL_VIDEO_DRIVER")
        if driver in ("offscreen", "dummy") and asked_for != driver:
            self._pygame.display.quit()
            raise self._pygame.error("there is no display")

    def show(self, picture: npt.NDArray[np.uint8]) -> None:
        """Shows a picture, uint8 of shape (height, width, 3), scaled to the window."""
        pygame = self._pygame
        surface = pygame.image.frombuffer(
            np.ascontiguousarray(picture).tobytes(), picture.shape[1::-1], "RGB"
        )
        if surface.get_size() == self._screen.get_size():
            self._screen.blit(surface, (0, 0))
        else:
            pygame.transform.smoothscale(surface, self._screen.get_size(), self._screen)
        pygame.display.flip()
        self._events()

    def pace(self, per_second: float) -> None:
        """Waits until the next picture is due."""
        self._due = max(self._due + 1 / per_second, time.monotonic() - 0.1)
        time.sleep(max(0.0, self._due - time.monotonic()))

    def pressed(self) -> list[str]:
        """Names of the keys pressed since the last call, such as "r", "space" or "left"."""
        self._events()
        pressed, self._pressed = self._pressed, []
        return pressed

    def mask(self) -> int:
        """Mask of `Keys` of the game's four keys that are down now."""
        pygame = self._pygame
        self._events()
        down = pygame.key.get_pressed()
        codes = (pygame.K_q, pygame.K_w, pygame.K_o, pygame.K_p)
        return sum(1 << bit for bit, code in enumerate(codes) if down[code])

    def close(self) -> None:
        """Closes the window."""
        self._pygame.display.quit()

    def _events(self) -> None:
        pygame = self._pygame
        for event in pygame.event.get():
            if event.type == pygame.QUIT:
                raise WindowClosedError("the window was closed")
            if event.type == pygame.KEYDOWN:
                self._pressed.append(pygame.key.name(event.key))
            elif event.type == pygame.MOUSEBUTTONDOWN:
                self._pressed.append("click")
