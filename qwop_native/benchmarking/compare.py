"""Two saved results side by side, with what got worse by more than the machine's whims."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qwop_native.benchmarking.report import Measurement, Results, columns, load_json, number

_LOWER_IS_BETTER = ("s", "ns/lane", "B/game")
_NOISES = 2.0  # a change has to be larger than so many times the noise

SAME, BETTER, WORSE = "", "better", "WORSE"


@dataclass(frozen=True)
class Change:
    """One measurement in both results.

    Attributes:
        old: As it was.
        new: As it is.
        threshold: Relative change that does not matter.
    """

    old: Measurement
    new: Measurement
    threshold: float

    @property
    def gain(self) -> float:
        """How much better it got, relative to the old median; negative where it got worse."""
        if self.old.median == 0 or self.new.median == 0:
            return 0.0
        factor = self.new.median / self.old.median
        return (1 / factor if self.old.unit in _LOWER_IS_BETTER else factor) - 1

    @property
    def noise(self) -> float:
        """Relative spread of the repeats, of both together."""
        return math.hypot(self.old.spread, self.new.spread)

    @property
    def verdict(self) -> str:
        """`WORSE` or `BETTER` beyond both threshold and twice the noise, else `SAME`."""
        if abs(self.gain) <= max(self.threshold, _NOISES * self.noise):
            return SAME
        return BETTER if self.gain > 0 else WORSE


def changes(old: Results, new: Results, threshold: float) -> list[Change]:
    """Pairs what both have measured, by name and unit, in the new one's order.

    Raises:
        ValueError: They have nothing in common.
    """
    before = {(m.name, m.unit): m for m in old.measurements}
    pairs = [
        Change(before[m.name, m.unit], m, threshold)
        for m in new.measurements
        if (m.name, m.unit) in before
    ]
    if not pairs:
        raise ValueError("the two results have no measurement in common")
    return pairs


def differences(old: Results, new: Results) -> list[str]:
    """What was not the same in the two runs, one sentence each."""
    said = []
    for name in ("processor", "cores", "compiler", "flags", "python"):
        was, is_now = old.machine.get(name), new.machine.get(name)
        if was != is_now:
            said.append(f"{name}: {was} before, {is_now} now")
    missing = {(m.name, m.unit) for m in old.measurements} - {
        (m.name, m.unit) for m in new.measurements
    }
    if missing:
        said.append(f"{len(missing)} measurements of the old result are not in the new one")
    return said


def table(pairs: Sequence[Change]) -> str:
    """The changes in aligned columns."""
    rows = [("", "old", "new", "gain", "noise", "unit", "")]
    for c in pairs:
        gain, noise = f"{c.gain:+.1%}", f"{c.noise:.1%}"
        medians = (number(c.old.median), number(c.new.median))
        rows.append((c.new.name, *medians, gain, noise, c.new.unit, c.verdict))
    return columns(rows)


def main(argv: Sequence[str], prog: str) -> int:
    """Compares two files: 0 if nothing got worse, 1 if something did, 2 for a mistake."""
    parser = argparse.ArgumentParser(
        prog=f"{prog} compare",
        description=__doc__,
        epilog="A change counts when it is larger than the threshold and than twice the noise, "
        "which is the spread of the repeats. "
        f"Example: {prog} compare runs/old/results.json runs/new/results.json",
    )
    parser.add_argument("old", type=Path, help="results.json from before")
    parser.add_argument("new", type=Path, help="results.json from now")
    parser.add_argument(
        "--threshold",
        type=float,
        default=5.0,
        metavar="PERCENT",
        help="changes up to this do not matter (5)",
    )
    given = parser.parse_args(argv)
    if not 0 <= given.threshold < math.inf:
        parser.error(f"--threshold must not be negative, got {given.threshold}")
    try:
        old, new = load_json(given.old), load_json(given.new)
        pairs = changes(old, new, given.threshold / 100)
    except (OSError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for difference in differences(old, new):
        print(f"note: {difference}")
    print(table(pairs))
    worse = sum(c.verdict == WORSE for c in pairs)
    print(f"\n{worse} of {len(pairs)} got worse")
    return 1 if worse else 0
