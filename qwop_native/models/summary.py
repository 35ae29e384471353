"""What many runs come to: shares, medians, and the words for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from qwop_native.models.evaluate import Run


@dataclass(frozen=True)
class Summary:
    """Figures about some runs; frames are those of finished ones.

    Attributes:
        episodes: Number of runs.
        success_rate: Part of them that finished.
        best_frames: Fewest frames, None if none finished.
        median_frames: Median of frames, None if none finished.
        mean_distance: Meters, over all runs.
    """

    episodes: int
    success_rate: float
    best_frames: int | None
    median_frames: float | None
    mean_distance: float

    def rank(self) -> tuple[float, float, float]:
        """Sorts policies: more finished runs, then fewer frames to 100 m, then a longer way."""
        frames = float("inf") if self.median_frames is None else self.median_frames
        return self.success_rate, -frames, self.mean_distance


def summarize(runs: Sequence[Run]) -> Summary:
    """Figures about runs, at least one."""
    frames = finished_frames(runs)
    return Summary(
        len(runs),
        len(frames) / len(runs),
        frames[0] if frames else None,
        float(np.median(frames)) if frames else None,
        float(np.mean([run.distance for run in runs])),
    )


def finished_frames(runs: Sequence[Run]) -> list[int]:
    """Frames of the runs that finished, sorted."""
    return sorted(run.frames for run in runs if run.finished)


def median_interval(values: Sequence[float], seed: int = 0) -> tuple[float, float] | None:
    """95 % interval of a median, from 2,000 samples drawn with replacement; None of nothing."""
    if not values:
        return None
    drawn = np.random.default_rng(seed).choice(values, size=(2000, len(values)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return float(low), float(high)


def line(runs: Sequence[Run]) -> str:
    """How many finish, and how fast, in one line."""
    done = finished_frames(runs)
    if not done:
        mean = float(np.mean([run.distance for run in runs]))
        return f"none of {len(runs)} finished, mean {mean:.1f} m"
    return (
        f"{len(done)} of {len(runs)} finished, best {done[0]}, "
        f"median {np.median(done):.0f}, slowest {done[-1]} frames"
    )


def table(runs: Sequence[Run]) -> str:
    """The runs as lines of text, for a person."""
    lines = ["start frames  distance  frames  time s  ended"]
    lines += [
        f"{run.start_frames:12d}  {run.distance:6.1f} m  {run.frames:6d}  "
        f"{run.time_s:6.2f}  {run.ended}"
        for run in runs
    ]
    return "\n".join(lines)
