"""Runners that travel between islands: their keys, snapshots, groups, ranks and gaits."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.search.islands.gaits import DESCRIPTORS

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Runners:
    """States of runs that have lasted equally long, one row a state.

    Attributes:
        keys: Masks of all frames since the start of the run, uint8 (n, frames).
        snapshots: Of the games there, n of them.
        groups: The group of each, ascending, int32 (n,).
        ranks: World units, float64 (n,).
        gaits: How each has run of late, see `gaits.DESCRIPTORS`; float64 (n, 5).
    """

    keys: npt.NDArray[np.uint8]
    snapshots: tuple[bytes, ...]
    groups: Rows
    ranks: Floats
    gaits: Floats

    @classmethod
    def all_at(cls, game: _core.Game, keys: npt.NDArray[np.uint8], groups: int) -> Runners:
        """Every group with the same runner, ranked and described by zeros."""
        return cls(
            np.tile(keys, (groups, 1)),
            (game.snapshot(),) * groups,
            np.arange(groups, dtype=np.int32),
            np.zeros(groups),
            np.zeros((groups, len(DESCRIPTORS))),
        )

    @classmethod
    def none(cls) -> Runners:
        """No runners."""
        keys, no_rows = np.zeros((0, 0), np.uint8), np.zeros(0, np.int32)
        return cls(keys, (), no_rows, np.zeros(0), np.zeros((0, len(DESCRIPTORS))))

    @classmethod
    def joined(cls, parts: Sequence[Runners]) -> Runners:
        """All of them, one part after the other; parts without runners count for nothing."""
        there = [part for part in parts if len(part)] or [cls.none()]
        return cls(
            np.concatenate([part.keys for part in there]),
            tuple(snapshot for part in there for snapshot in part.snapshots),
            np.concatenate([part.groups for part in there]),
            np.concatenate([part.ranks for part in there]),
            np.concatenate([part.gaits for part in there]),
        )

    def __len__(self) -> int:
        return len(self.groups)

    def taken(self, rows: npt.NDArray[np.integer[Any]], groups: Rows) -> Runners:
        """Some of them, in other groups."""
        snapshots = tuple(self.snapshots[row] for row in rows.tolist())
        return Runners(self.keys[rows], snapshots, groups, self.ranks[rows], self.gaits[rows])

    def game(self, row: int, sincos: str) -> _core.Game:
        """A game, made from its snapshot.

        Raises:
            ValueError: The snapshot is damaged, or of another flavor.
        """
        game = _core.Game(sincos)
        game.restore(self.snapshots[row])
        return game

    def games(self, sincos: str) -> list[_core.Game]:
        """All of them, likewise."""
        return [self.game(row, sincos) for row in range(len(self))]

    def save(self, path: str | os.PathLike[str], **more: Any) -> None:
        """Writes them and some further arrays as .npz, whole or not at all."""
        columns = {name: getattr(self, name) for name in _COLUMNS}
        columns["snapshots"] = np.frombuffer(b"".join(self.snapshots), np.uint8)
        columns["lengths"] = np.array([len(each) for each in self.snapshots], np.int64)
        with whole_file(path) as file:
            np.savez_compressed(file, **columns, **more)

    @classmethod
    def load(cls, path: Path, *further: str) -> tuple[Runners, dict[str, Any]]:
        """Reads what `save` wrote, and the further arrays of these names.

        Raises:
            ValueError: The file is damaged or something else.
        """
        try:
            # Given the name, numpy would leave a damaged file open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
                columns = {name: data[name] for name in _COLUMNS}
                ends = np.cumsum(data["lengths"])
                snapshots, whole = np.split(data["snapshots"], ends), len(data["snapshots"])
                more = {name: data[name] for name in further}
            _check(columns, len(ends), whole == (int(ends[-1]) if len(ends) else 0))
        except OSError as error:
            if error.errno is not None:  # it cannot be read; what it holds may be well
                raise
            raise ValueError(f"{path} is damaged: {error}; {_WITHOUT_IT}") from None
        except Exception as error:
            raise ValueError(f"{path} is damaged: {error}; {_WITHOUT_IT}") from None
        return cls(snapshots=tuple(each.tobytes() for each in snapshots[:-1]), **columns), more


_COLUMNS = {"keys": 2, "groups": 1, "ranks": 1, "gaits": 2}  # and their dimensions
_WITHOUT_IT = "remove it, and the search goes on without what it held"


def _check(columns: dict[str, npt.NDArray[Any]], count: int, whole: bool) -> None:
    wrong = [
        name
        for name, dimensions in _COLUMNS.items()
        if columns[name].ndim != dimensions or len(columns[name]) != count
    ]
    if wrong or not whole or columns["gaits"].shape[1] != len(DESCRIPTORS):
        raise ValueError(f"{wrong[0] if wrong else 'what it holds'} does not fit the rest")
