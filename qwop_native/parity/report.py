"""Writes the report of a parity check: a page for people and a JSON file for programs."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qwop_native.atomic import whole_file
from qwop_native.facts import UNITS_PER_METER
from qwop_native.parity.compare import Comparison
from qwop_native.parity.svg import Curve, overlay, plot, pose
from qwop_native.parity.trace import Mismatch, Trace
from qwop_native.recording.rows import GAME_ROW, Rows

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; max-width: 1320px; margin: 2em auto; padding: 0 1em;
       color: #222; }
h1, h2, h3 { line-height: 1.2; } h2 { margin-top: 2em; }
table { border-collapse: collapse; } td, th { padding: .25em .8em; border-bottom: 1px solid #ddd;
       text-align: left; vertical-align: top; } code { font-size: 13px; }
.equal { color: #14713d; font-weight: 600; } .differs { color: #b3261e; font-weight: 600; }
.pictures { display: grid; grid-template-columns: repeat(3, 1fr); gap: .6em; margin: 1em 0; }
figure { margin: 0; } figcaption { font-size: 13px; color: #555; } figure img, svg.pose {
       width: 100%; display: block; border: 1px solid #ccc; }
svg.plot { width: 100%; max-width: 860px; display: block; font: 11px system-ui, sans-serif; }
svg.plot .title { font-size: 13px; font-weight: 600; } .grid { stroke: #e4e4e4; }
polyline { fill: none; stroke-linejoin: round; } polyline.browser { stroke: #f6c987;
       stroke-width: 7; } polyline.native { stroke: #1d4ed8; stroke-width: 1.8; }
text.browser { fill: #a86a0c; } text.native { fill: #1d4ed8; }
.sky { fill: #e9eef5; } .ground { fill: #c2643c; } .left { fill: #b0815f; }
.right { fill: #d8a47f; } .torso { fill: #b3202c; } .head { fill: #c99672; }
.hurdleBase, .hurdleTop { fill: #8894a3; }
svg.pose rect { stroke: #333; stroke-width: 1; } svg.outline rect { fill: none; stroke: #00e5ff;
       stroke-width: 1.5; } svg.pose rect.sky, svg.pose rect.ground { stroke: none; }
"""


@dataclass
class Report:
    """Everything a parity check found.

    Attributes:
        facts: Lines about the browser and the game, by heading.
        comparisons: Live comparisons.
        traces: Stored traces by file name, each with its mismatch or None.
    """

    facts: Mapping[str, str]
    comparisons: Sequence[Comparison] = ()
    traces: Mapping[str, tuple[Trace, Mismatch | None]] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether no difference was found anywhere."""
        return all(comparison.equal for comparison in self.comparisons) and all(
            mismatch is None for _, mismatch in self.traces.values()
        )

    def as_json(self) -> dict[str, Any]:
        """The results as JSON's kinds of values."""
        return {
            "equal": self.equal,
            "facts": dict(self.facts),
            "comparisons": [
                {
                    "name": comparison.name,
                    "sincos": comparison.sincos,
                    "rows_compared": comparison.compared,
                    "equal": comparison.equal,
                    "place": comparison.place,
                    "difference": _exact(comparison.difference),
                }
                for comparison in self.comparisons
            ],
            "traces": [
                {
                    "file": name,
                    "sincos": trace.provenance.sincos,
                    "rows": len(trace.digests),
                    "equal": mismatch is None,
                    "first_row": mismatch.row if mismatch else None,
                    "difference": _exact(mismatch.difference if mismatch else None),
                }
                for name, (trace, mismatch) in self.traces.items()
            ],
        }


def write_report(folder: str | os.PathLike[str], report: Report) -> tuple[Path, Path]:
    """Writes ``index.html`` and ``report.json``.

    Args:
        folder: Where to; made if it is not there.
        report: What was found.

    Returns:
        The paths of the two files.
    """
    root = Path(folder)
    root.mkdir(parents=True, exist_ok=True)
    page, data = root / "index.html", root / "report.json"
    with whole_file(data) as file:
        file.write(json.dumps(report.as_json(), indent=2).encode() + b"\n")
    with whole_file(page) as file:
        file.write(_page(report).encode())
    return page, data


def _exact(difference: Any) -> dict[str, Any] | None:
    """A difference with its floats in hexadecimal too, which loses nothing and is always JSON."""
    if difference is None:
        return None
    entry = dict(vars(difference))
    for side in ("native", "browser"):
        value = entry[side]
        if isinstance(value, float):
            entry[f"{side}_hex"] = value.hex()
            entry[side] = repr(value)
    return entry


def _page(report: Report) -> str:
    verdict = _verdict(report.equal, "every bit equal", "DIFFERENT")
    facts = "".join(
        f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
        for name, text in report.facts.items()
    )
    sections = "".join(_comparison(comparison) for comparison in report.comparisons)
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        f"<title>QWOP parity</title><style>{_STYLE}</style>"
        f"<h1>Native QWOP against the real game: {verdict}</h1><table>{facts}</table>"
        f"{_summary(report.comparisons)}{_traces(report)}{sections}</html>"
    )


def _verdict(good: bool, yes: str, no: str) -> str:
    return f'<span class="{"equal" if good else "differs"}">{yes if good else no}</span>'


def _summary(comparisons: Sequence[Comparison]) -> str:
    if not comparisons:
        return ""
    lines = "".join(
        f"<tr><td>{escape(c.name)}</td><td>{c.compared}</td>"
        f"<td>{_verdict(c.equal, 'every bit equal', escape(str(c.difference)))}</td></tr>"
        for c in comparisons
    )
    return (
        "<h2>Played side by side</h2><table><tr><th>what</th><th>rows compared</th>"
        f"<th>result</th></tr>{lines}</table>"
    )


def _traces(report: Report) -> str:
    if not report.traces:
        return ""
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{escape(trace.provenance.description)}</td>"
        f"<td>{escape(trace.provenance.sincos)}</td>"
        f"<td>{escape(trace.provenance.browser)} {escape(trace.provenance.version)}</td>"
        f"<td>{len(trace.digests)}</td>"
        f"<td>{_verdict(mismatch is None, 'every bit equal', escape(str(mismatch)))}</td></tr>"
        for name, (trace, mismatch) in report.traces.items()
    )
    return (
        "<h2>Stored traces</h2><table><tr><th>file</th><th>what</th><th>sine, cosine</th>"
        f"<th>browser</th><th>rows</th><th>result</th></tr>{lines}</table>"
    )


def _comparison(comparison: Comparison) -> str:
    text = f"<h2>{escape(comparison.name)}</h2><p>{escape(str(comparison))}</p>"
    pictures = "".join(
        _pictures(row, comparison.native[row], picture)
        for row, picture in sorted(comparison.pictures.items())
    )
    return text + "".join(_plots(comparison)) + pictures


def _pictures(row: int, native: Rows, picture: Any) -> str:
    data = base64.b64encode(picture.png).decode()
    return (
        f'<h3>Row {row}</h3><div class="pictures">'
        f'<figure><img alt="" src="data:image/png;base64,{data}">'
        "<figcaption>the browser's own picture</figcaption></figure>"
        f"<figure>{pose(native, picture)}<figcaption>the native bodies</figcaption></figure>"
        f"<figure>{overlay(native, picture)}"
        "<figcaption>native outlines over the browser's picture</figcaption></figure></div>"
    )


def _plots(comparison: Comparison) -> list[str]:
    native, browser = comparison.native, comparison.browser
    drawn: tuple[tuple[str, str, Callable[[Rows], NDArray[np.float64]]], ...]
    if native.dtype == GAME_ROW:
        drawn = (
            ("Distance of the torso", "m", lambda rows: rows["bodies"][:, 0, 0] / UNITS_PER_METER),
            ("Angle of the torso", "rad", lambda rows: rows["bodies"][:, 0, 2]),
        )
    else:
        drawn = (
            ("Distance", "m", lambda rows: rows["distance"].astype(float)),
            ("Reward", "", lambda rows: rows["reward"]),
        )
    plots = [
        plot(
            title,
            unit,
            [
                Curve("browser", take(browser), "browser"),
                Curve("native", take(native), "native"),
            ],
        )
        for title, unit, take in drawn
    ]
    distances = [Curve("native", np.log10(1 + largest_distances(native, browser)), "native")]
    plots.append(plot("Largest distance of any float of the row", "log10 of 1 + ulp", distances))
    return plots


def largest_distances(native: Rows, browser: Rows) -> NDArray[np.float64]:
    """For each row the largest distance of a pair of its floats in units in the last place.

    Args:
        native: Rows of one side, shape (n,).
        browser: Rows of the other, same shape and dtype.

    Returns:
        float64 of shape (n,); 0 exactly where all floats have equal bits.
    """
    largest = np.zeros(len(native))
    for name in native.dtype.names or ():
        kind = native[name].dtype
        if kind.kind != "f":
            continue
        sides = [
            _ordinals(rows[name], kind.itemsize).reshape(len(rows), -1)
            for rows in (native, browser)
        ]
        # In float64, where distances beyond 2**53 lose digits that no plot shows.
        apart = np.abs(sides[0].astype(np.float64) - sides[1].astype(np.float64))
        apart = np.where(sides[0] == sides[1], 0.0, np.maximum(apart, 1.0))
        largest = np.maximum(largest, apart.max(axis=1))
    return largest


def _ordinals(values: NDArray[Any], size: int) -> NDArray[np.int64]:
    """Maps floats to integers in the same order; neighbors differ by one."""
    kind = np.int64 if size == 8 else np.int32
    raw = np.ascontiguousarray(values).view(kind).astype(np.int64)
    least = np.iinfo(kind).min
    return np.where(raw < 0, least - raw - 1, raw)
