"""Finds out which sine and cosine a browser has.

Browsers have one of three implementations, which differ in the last bit of a few results. They
are told apart by asking the browser for arguments on which our own three disagree.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from qwop_native import _core
from qwop_native.facts import FLAVORS

if TYPE_CHECKING:
    from qwop_native.parity.browser import Browser

# Angles of the game's bodies and joints stay within a few turns.
_RANGE = 12.0
_CANDIDATES = 300_000

_SCRIPT = """
(text) => {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const x = new Float64Array(bytes.buffer);
  const values = new Float64Array(2 * x.length);
  x.forEach((angle, i) => { values[i] = Math.sin(angle); });
  x.forEach((angle, i) => { values[x.length + i] = Math.cos(angle); });
  let out = "";
  for (const byte of new Uint8Array(values.buffer)) out += String.fromCharCode(byte);
  return btoa(out);
}
"""


@dataclass(frozen=True)
class ProbeResult:
    """What the browser's sine and cosine are.

    Attributes:
        arguments: How many arguments were asked.
        agreement: For each flavor, on how many of them sine and cosine were equal to it.
    """

    arguments: int
    agreement: dict[str, int]

    @property
    def flavor(self) -> str | None:
        """The one flavor that agrees on every argument, or None."""
        equal = [name for name, count in self.agreement.items() if count == self.arguments]
        return equal[0] if len(equal) == 1 else None

    def __str__(self) -> str:
        counts = ", ".join(
            f"{name} {count} of {self.arguments}" for name, count in self.agreement.items()
        )
        return f"{self.flavor or 'unknown flavor'} (equal results: {counts})"


def telling_arguments() -> tuple[NDArray[np.float64], dict[str, NDArray[np.float64]]]:
    """Chooses arguments on which the flavors differ.

    Returns:
        The arguments, shape (n,), and for each flavor its sines and cosines, shape (2, n).
    """
    angles = np.random.Generator(np.random.PCG64(0)).uniform(-_RANGE, _RANGE, _CANDIDATES)
    values = {name: np.stack(_core.sincos(angles, name)) for name in FLAVORS}
    bits = np.stack([value.view(np.uint64) for value in values.values()])
    differ = (bits != bits[0]).any(axis=(0, 1))
    return angles[differ], {name: value[:, differ] for name, value in values.items()}


def probe(browser: Browser) -> ProbeResult:
    """Asks a browser for sines and cosines and compares them with the three flavors.

    Args:
        browser: A running browser; an empty page is opened in it.

    Returns:
        On how many arguments it agrees with which flavor.
    """
    angles, expected = telling_arguments()
    text = base64.b64encode(angles.tobytes()).decode()
    answer = base64.b64decode(browser.evaluate_on_empty_page(_SCRIPT, text))
    seen = np.frombuffer(answer, dtype="<f8").reshape(2, -1).view(np.uint64)
    agreement = {
        name: int((seen == value.view(np.uint64)).all(axis=0).sum())
        for name, value in expected.items()
    }
    return ProbeResult(len(angles), agreement)
