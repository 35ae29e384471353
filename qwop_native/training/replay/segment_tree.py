"""Sums and minima over many numbers of which a few change at a time."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


class SegmentTree:
    """A binary tree over numbers; each node is its children's sum or minimum.

    Nodes are always computed from their children, so no error adds up.

    Args:
        capacity: How many numbers, at least 1.
        operation: `numpy.add` or `numpy.minimum`.
        neutral: What the numbers are at first: 0 or infinity.
    """

    def __init__(self, capacity: int, operation: np.ufunc, neutral: float) -> None:
        if capacity < 1:
            raise ValueError(f"capacity must be at least 1, got {capacity!r}")
        self.capacity = capacity
        self._leaves = 1 << (capacity - 1).bit_length()
        self._nodes: Values = np.full(2 * self._leaves, neutral, np.float64)
        self._operation = operation

    @property
    def root(self) -> float:
        """The operation over all numbers."""
        return float(self._nodes[1])

    def __getitem__(self, indices: Indices) -> Values:
        values: Values = self._nodes[np.asarray(indices) + self._leaves]
        return values

    def set(self, indices: Indices, values: Values | float) -> None:
        """Changes numbers; where an index is there twice, its last value stays."""
        nodes = np.asarray(indices, np.int64) + self._leaves
        self._nodes[nodes] = values
        while nodes[0] > 1:
            nodes = np.unique(nodes >> 1)
            self._nodes[nodes] = self._operation(self._nodes[2 * nodes], self._nodes[2 * nodes + 1])

    def find(self, sums: Values) -> Indices:
        """Of a tree of sums: the index at which the running sum first exceeds each of `sums`.

        A number that is 0 is never found, even where rounding would lead to it.

        Args:
            sums: From 0 to below `root`, float64 (count,).

        Returns:
            int64 (count,).
        """
        nodes = np.ones(len(sums), np.int64)
        rest = np.array(sums, np.float64)
        while nodes[0] < self._leaves:
            left = self._nodes[2 * nodes]
            right = (rest >= left) & (self._nodes[2 * nodes + 1] > 0)
            rest -= np.where(right, left, 0)
            nodes = 2 * nodes + right
        return nodes - self._leaves
