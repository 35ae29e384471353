"""Measurements with their spread: as a table for people, as JSON to be read again, as CSV."""

from __future__ import annotations

import csv
import io
import json
import os
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwop_native.atomic import whole_file

Labels = Mapping[str, str | int]

_LABELS = ("part", "env", "games", "threads", "instruction_set", "play", "frames_per_step")
_MACHINE = ("processor", "cores", "system", "python", "compiler", "flags", "commit", "load_average")


@dataclass(frozen=True)
class Measurement:
    """One quantity, measured several times in one run.

    Attributes:
        name: What was measured.
        unit: Of the values, ``frames/s`` for example.
        values: One per repeat, in the order in which they were taken.
        labels: What it can be found by, such as the number of games.
    """

    name: str
    unit: str
    values: tuple[float, ...]
    labels: Labels = field(default_factory=dict)

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

    @property
    def spread(self) -> float:
        """Standard deviation of the repeats over their median; a few outliers count little.

        It is 1.4826 times the median distance from the median, as is right for a normal spread.
        """
        middle = self.median
        distance = statistics.median(abs(value - middle) for value in self.values)
        return 1.4826 * distance / abs(middle) if middle else 0.0


def ratio(
    name: str, numerator: Measurement, denominator: Measurement, labels: Labels | None = None
) -> Measurement:
    """Divides repeat by repeat, so that what slowed both down at a time cancels.

    Raises:
        ValueError: The two differ in their number of repeats.
    """
    pairs = zip(numerator.values, denominator.values, strict=True)
    return Measurement(name, "x", tuple(a / b for a, b in pairs), labels or {})


def table(measurements: Sequence[Measurement]) -> str:
    """Lays the measurements out in aligned columns: median, lowest, highest, unit.

    What was measured in a second unit right after a first has its median in the same row.
    """
    rows: list[tuple[str, ...]] = [("", "median", "lowest", "highest", "")]
    for i, m in enumerate(measurements):
        if i and measurements[i - 1].name == m.name:
            *cells, unit = rows[-1]
            rows[-1] = (*cells, f"{unit} = {number(m.median)} {m.unit}")
        else:
            rows.append((m.name, number(m.median), number(m.low), number(m.high), m.unit))
    return columns(rows)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Aligns text in columns: the first and the last to the left, the others to the right."""
    last = len(rows[0]) - 1
    widths = [max(len(row[column]) for row in rows) for column in range(last + 1)]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def number(value: float) -> str:
    """A number as it is printed: whole from a thousand up, else three digits."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


@dataclass(frozen=True)
class Results:
    """One run of a benchmark.

    Attributes:
        benchmark: Its name.
        machine: From `qwop_native.benchmarking.machine.describe`.
        settings: What was asked for.
        measurements: What was measured.
    """

    benchmark: str
    machine: Mapping[str, Any]
    settings: Mapping[str, Any]
    measurements: tuple[Measurement, ...]


def save_json(
    path: str | os.PathLike[str],
    benchmark: str,
    machine: Mapping[str, Any],
    settings: Mapping[str, Any],
    measurements: Sequence[Measurement],
) -> None:
    """Writes one run as JSON.

    Raises:
        FileNotFoundError: The folder does not exist.
    """
    document = {
        "benchmark": benchmark,
        "machine": machine,
        "settings": settings,
        "measurements": [
            {
                "name": m.name,
                "unit": m.unit,
                "median": m.median,
                "spread": m.spread,
                "values": list(m.values),
                "labels": dict(m.labels),
            }
            for m in measurements
        ],
    }
    text = json.dumps(document, indent=2) + "\n"
    with whole_file(path) as file:
        file.write(text.encode())


def load_json(path: str | os.PathLike[str]) -> Results:
    """Reads what `save_json` wrote.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It holds something else.
    """
    text = Path(path).read_bytes()
    try:
        document = json.loads(text)
        measurements = tuple(_measurement(entry) for entry in document["measurements"])
        kept = (document["benchmark"], dict(document["machine"]), dict(document["settings"]))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(f"{path} is not a saved benchmark: {error!r}") from error
    return Results(*kept, measurements)


def _measurement(entry: Any) -> Measurement:
    values = tuple(float(value) for value in entry["values"])
    if not values:
        raise ValueError("a measurement without values")
    return Measurement(
        str(entry["name"]), str(entry["unit"]), values, dict(entry.get("labels", {}))
    )


def save_csv(path: str | os.PathLike[str], results: Results) -> None:
    """Writes one run as CSV: a row for each measurement, with the machine in each row.

    Raises:
        FileNotFoundError: The folder does not exist.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    numbers = ("median", "lowest", "highest", "spread", "repeats")
    writer.writerow([*_LABELS, "name", "unit", *numbers, *_MACHINE])
    where = [results.machine.get(name) for name in _MACHINE]
    for m in results.measurements:
        found = [m.labels.get(name) for name in _LABELS]
        values = [m.median, m.low, m.high, m.spread, len(m.values)]
        writer.writerow([*found, m.name, m.unit, *values, *where])
    with whole_file(path) as file:
        file.write(text.getvalue().encode())
