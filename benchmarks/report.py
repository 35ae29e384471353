"""Measurements with their spread, as a table for people and as JSON for later comparison."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measurement:
    """One quantity, measured several times in one run.

    Attributes:
        name: what was measured.
        unit: of the values, ``frames/s`` for example.
        values: one per repeat, in the order in which they were taken.
    """

    name: str
    unit: str
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        """The middle value; what is quoted."""
        return statistics.median(self.values)

    @property
    def low(self) -> float:
        """The smallest value."""
        return min(self.values)

    @property
    def high(self) -> float:
        """The largest value."""
        return max(self.values)


def ratio(name: str, numerator: Measurement, denominator: Measurement) -> Measurement:
    """Divides repeat by repeat, so that what slowed both down at a time cancels.

    Raises:
        ValueError: the two have not the same number of repeats.
    """
    pairs = zip(numerator.values, denominator.values, strict=True)
    return Measurement(name, "x", tuple(a / b for a, b in pairs))


def table(measurements: Sequence[Measurement]) -> str:
    """Lays the measurements out in aligned columns: median, lowest, highest, unit."""
    rows: list[tuple[str, ...]] = [("", "median", "lowest", "highest", "")]
    for m in measurements:
        rows.append((m.name, *(_number(v) for v in (m.median, m.low, m.high)), m.unit))
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    lines = []
    for name, *numbers, unit in rows:
        cells = [cell.rjust(width) for cell, width in zip(numbers, widths[1:4], strict=True)]
        lines.append("  ".join([name.ljust(widths[0]), *cells, unit]).rstrip())
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}"


def save_json(
    path: Path,
    benchmark: str,
    machine: dict[str, object],
    settings: dict[str, object],
    measurements: Sequence[Measurement],
) -> None:
    """Writes one run; the file appears under its name only when it is complete."""
    document = {
        "benchmark": benchmark,
        "machine": machine,
        "settings": settings,
        "measurements": [
            {"name": m.name, "unit": m.unit, "median": m.median, "values": list(m.values)}
            for m in measurements
        ],
    }
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(document, indent=2) + "\n")
    temporary.replace(path)
