"""How a run's policy is judged: from which starts, by which rule, and the words for it."""

from __future__ import annotations

import numpy as np
from stable_baselines3.common.base_class import BaseAlgorithm

from qwop_native.facts import RECORD_FRAMES, RECORD_SECONDS
from qwop_native.models.evaluate import Run, evaluate
from qwop_native.models.policy import chooser
from qwop_native.models.starts import make_starts
from qwop_native.models.summary import Summary, line, table
from qwop_native.training.settings.run import RunConfig
from qwop_native.training.terminal import against_record
from qwop_native.wrappers.rich_columns import columns_of

_NO_LIMIT = 5000  # steps of an evaluation where episodes have no limit
_IN_A_TABLE = 40  # runs of which each gets a line

AGAINST = f"in brackets: against the human record of {RECORD_FRAMES:,} frames ({RECORD_SECONDS} s)"
"""What the numbers behind the frames of `standing` are."""


class Evaluation:
    """The evaluations of one run: the same starts each time, all side by side.

    Args:
        settings: Of the run.

    Attributes:
        finish: The rule by which runs are finished.
    """

    def __init__(self, settings: RunConfig) -> None:
        self._env = settings.played
        self._columns = columns_of(settings.env_wrappers)
        self._frames_per_step = self._env.get("frames_per_step", 1)
        self._limit = settings.max_episode_steps or _NO_LIMIT
        varied = settings.evaluation_starts == "varied"
        count = None if varied else settings.evaluation_episodes
        self._starts = make_starts(settings.evaluation_starts, count, self._frames_per_step)
        self.finish: str = settings.evaluation_finish

    def play(self, model: BaseAlgorithm) -> list[Run]:
        """One greedy run from each start."""
        choose = chooser(model, self._columns, self._frames_per_step)
        return evaluate(choose, self._env, self._starts, self._limit, finish=self.finish)


def standing(summary: Summary) -> str:
    """How a policy stands against the human record, for a line of progress."""
    finishes = round(summary.success_rate * summary.episodes)
    text = f"finish {finishes}/{summary.episodes}"
    if summary.best_frames is None or summary.median_frames is None:
        return f"{text}  mean {summary.mean_distance:.1f} m"
    best, median = summary.best_frames, int(np.ceil(summary.median_frames))
    return f"{text}  best {against_record(best)}  median {against_record(median)}"


def told(runs: list[Run]) -> str:
    """The runs at the end: each of a few, all of many in one line."""
    return table(runs) if len(runs) <= _IN_A_TABLE else line(runs)
