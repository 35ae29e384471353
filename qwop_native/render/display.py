"""How an environment draws: what its `render_mode` and its pictures' size mean."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core

if TYPE_CHECKING:
    from qwop_native.render.picture import Renderer
    from qwop_native.render.window import Window

MODES = ("rgb_array", "human")


def check_size(size: Any) -> tuple[int, int]:
    """Width and height in pixels.

    Raises:
        TypeError: It is not a pair of integers.
        ValueError: One of them is not from 64 to 8192.
    """
    try:
        width, height = (operator.index(side) for side in size)
    except (TypeError, ValueError):
        raise TypeError(f"render_size must be (width, height) in pixels, got {size!r}") from None
    if not (64 <= width <= 8192 and 64 <= height <= 8192):
        raise ValueError(f"render_size must be from 64 to 8192 pixels each way, got {size!r}")
    return width, height


class EnvDisplay:
    """Draws the game of an environment; nothing is imported before the first picture.

    Args:
        mode: One of `MODES`.
        size: Width and height in pixels.
        frames_per_step: For the pace of a window.

    Raises:
        TypeError: The size is not a pair of integers.
        ValueError: The mode is not one of `MODES`, or the size is out of range.
    """

    def __init__(self, mode: str, size: Any, frames_per_step: int) -> None:
        if mode not in MODES:
            raise ValueError(f"render_mode must be None or one of {', '.join(MODES)}, got {mode!r}")
        self._mode, self._size = mode, check_size(size)
        self._frames_per_step = frames_per_step
        self._renderer: Renderer | None = None
        self._window: Window | None = None

    def __getstate__(self) -> dict[str, Any]:
        # A window belongs to its process.
        return {**self.__dict__, "_window": None}

    def render(self, game: _core.Game) -> npt.NDArray[np.uint8] | None:
        """What an environment's `render` gives in this mode."""
        if self._mode == "rgb_array":
            return self.picture(game)
        self.show(game)
        return None

    def picture(self, game: _core.Game) -> npt.NDArray[np.uint8]:
        """The game as uint8 of shape (height, width, 3)."""
        if self._renderer is None:
            from qwop_native.render.picture import Renderer

            self._renderer = Renderer(*self._size)
        return self._renderer.draw(game)

    def show(self, game: _core.Game) -> None:
        """Shows the game in a window and waits until its step is over in real time."""
        if self._window is None:
            from qwop_native.render.window import Window

            self._window = Window(self._size)
        self._window.show(self.picture(game))
        self._window.pace(30 / self._frames_per_step)

    def close(self) -> None:
        """Closes the window, if there is one."""
        if self._window is not None:
            self._window.close()
            self._window = None
