"""Which states of a level go on: the best of each group, and the groups that others give way to."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from qwop_native.search.states import States, pose_cells

Floats = npt.NDArray[np.float64]
Groups = npt.NDArray[np.int32]
Rows = npt.NDArray[np.int32]
Names = npt.NDArray[np.uint64]

JUDGED_BY = 5
"""Different states, the best ones, whose mean rank says how a group or a search stands."""

_MOST_OFFSPRING = 8.0  # groups that one group may become at once
_WORDS = 768  # in a row that can be named, at most
_ODD = np.random.default_rng(0).integers(2**63, size=_WORDS, dtype=np.uint64) * 2 + 1


def named(rows: npt.NDArray[np.generic]) -> Names:
    """A number for each row: the same for the same bits, another for others; uint64 (n,)."""
    flat = np.ascontiguousarray(rows).reshape(len(rows), -1)
    words = flat.view(np.uint64)
    return np.asarray((words * _ODD[: words.shape[1]]).sum(axis=1, dtype=np.uint64))


def best_of_groups(
    states: States, ranks: Floats, groups: Groups, width: int, pose_cap: int
) -> Rows:
    """The best states of each group, no two the same and only a few of nearly the same pose.

    Args:
        states: What there is to choose from.
        ranks: The larger the better, float64 (n,).
        groups: The group of each, int32 (n,).
        width: States that a group keeps.
        pose_cap: States of nearly the same pose that a group keeps.

    Returns:
        Rows of `states`, group after group and the best of a group first, int32.
    """
    order = np.lexsort((-ranks, groups))
    apart = groups.astype(np.uint64) * _ODD[-1]
    for names, most in ((named(states.bodies), 1), (named(pose_cells(states)), pose_cap)):
        order = order[_earlier_alike((names + apart)[order]) < most]
    order = order[_earlier_alike(groups[order]) < width]
    return order.astype(np.int32)


def first_of_groups(groups: Groups, most: int) -> Rows:
    """Rows of the first few states of each group, int32.

    Args:
        groups: Of the states, int32, ascending.
        most: States of a group.
    """
    return np.flatnonzero(_earlier_alike(groups) < most).astype(np.int32)


def _earlier_alike(names: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """For each row how many before it bear the same name, int64 (n,)."""
    order = np.argsort(names, kind="stable")
    ordered = names[order]
    place = np.arange(len(names))
    first = np.ones(len(names), np.bool_)
    first[1:] = ordered[1:] != ordered[:-1]
    earlier = np.empty(len(names), np.int64)
    earlier[order] = place - np.maximum.accumulate(np.where(first, place, 0))
    return earlier


def scores(ranks: Floats, groups: Groups, count: int, best: int) -> Floats:
    """The mean rank of the best few states of each group, -inf of an empty one; (count,).

    Args:
        ranks: Of the states, float64 (n,).
        groups: Of the states, int32 (n,).
        count: Groups that there are.
        best: States of a group that count.
    """
    order = np.lexsort((-ranks, groups))
    order = order[_earlier_alike(groups[order]) < best]
    total = np.bincount(groups[order], ranks[order], count)
    members = np.bincount(groups[order], minlength=count)
    return np.where(members > 0, total / np.maximum(members, 1), -np.inf)


def offspring(
    scores: Floats, temperature: float, rng: np.random.Generator, count: int | None = None
) -> Rows:
    """The group that each group is to be a copy of, drawn by how well they stand; int32 (count,).

    Args:
        scores: Of the groups, world units; at least one is finite.
        temperature: World units; the lower, the fewer groups are copied.
        rng: Moves the grid of the draw.
        count: Groups that there are to be; None: as many as there are.
    """
    count = count or len(scores)
    shares = np.exp((scores - scores.max()) / temperature)
    shares = np.minimum(shares / shares.sum(), _MOST_OFFSPRING / count)
    bounds = np.cumsum(shares / shares.sum())
    drawn = np.searchsorted(bounds, (np.arange(count) + rng.random()) / count)
    # Rounding must not lead to a group without states at the end.
    return np.asarray(np.minimum(drawn, np.flatnonzero(shares)[-1]), np.int32)


def copied(groups: Groups, sources: Rows) -> tuple[Rows, Groups]:
    """Rows of the states that the copies consist of, and the group of each; int32 both.

    Args:
        groups: Of the states, int32, ascending.
        sources: What `offspring` returned.
    """
    begins = np.searchsorted(groups, sources, side="left")
    lengths = np.searchsorted(groups, sources, side="right") - begins
    rows = [np.arange(b, b + n, dtype=np.int32) for b, n in zip(begins, lengths, strict=True)]
    return np.concatenate(rows), np.repeat(np.arange(len(sources), dtype=np.int32), lengths)
