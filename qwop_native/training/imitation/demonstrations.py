"""Runs to learn from: transitions with the bounds of their episodes."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native.archives import damage_refused
from qwop_native.atomic import whole_file

_COLUMNS = ("observations", "actions", "rewards", "next_observations", "dones", "bounds")


@dataclass(frozen=True, eq=False)
class Demonstrations:
    """Episodes of any length, one after the other.

    Attributes:
        observations: float32 (transitions, columns).
        actions: int64 (transitions,).
        rewards: float32 (transitions,), the environment's own.
        next_observations: float32 (transitions, columns); the last of an episode is its end's.
        dones: bool (transitions,), whether the episode ended there by itself; False where it was
            only cut off, so that there is something to come after it.
        bounds: int64 (episodes + 1,): the k-th episode is bounds[k] to bounds[k + 1].
        about: How they were made: "env" (arguments of `QwopEnv`), "source", "distances", ….

    Raises:
        ValueError: The columns do not belong together.
    """

    observations: npt.NDArray[np.float32]
    actions: npt.NDArray[np.int64]
    rewards: npt.NDArray[np.float32]
    next_observations: npt.NDArray[np.float32]
    dones: npt.NDArray[np.bool_]
    bounds: npt.NDArray[np.int64]
    about: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = len(self.actions)
        same = all(len(getattr(self, name)) == count for name in _COLUMNS[:5])
        flat = all(getattr(self, name).ndim == 1 for name in ("actions", "rewards", "dones"))
        if not same or not flat or self.observations.shape != self.next_observations.shape:
            raise ValueError("the columns of the demonstrations are not equally long")
        if self.observations.ndim != 2:
            raise ValueError(f"observations must have 2 axes, got {self.observations.ndim}")
        bounds = self.bounds
        if len(bounds) < 1 or bounds[0] != 0 or bounds[-1] != count or (np.diff(bounds) < 1).any():
            raise ValueError("the bounds of the demonstrations are not those of episodes")

    def __len__(self) -> int:
        return len(self.actions)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Steps of each episode, int64 (episodes,)."""
        lengths: npt.NDArray[np.int64] = np.diff(self.bounds)
        return lengths

    @property
    def ended(self) -> npt.NDArray[np.bool_]:
        """Whether each episode ended by itself, bool (episodes,)."""
        return self.dones[self.bounds[1:] - 1]

    def episodes(self) -> Iterator[slice]:
        """The transitions of each episode."""
        for begin, end in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True):
            yield slice(begin, end)

    def require(self, columns: int, actions: int) -> None:
        """ValueError unless they are of a model's kind and there are some.

        Args:
            columns: Of the model's observations.
            actions: That the model chooses from.
        """
        if not len(self):
            raise ValueError("there are no demonstrations")
        if self.observations.shape[1] != columns:
            raise ValueError(
                f"the demonstrations have observations of {self.observations.shape[1]} columns, "
                f"the model has {columns}"
            )
        if self.actions.min() < 0 or self.actions.max() >= actions:
            raise ValueError(
                f"the demonstrations have actions up to {self.actions.max()}, "
                f"the model has {actions} actions; collect them with the model's action set"
            )

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes an .npz file, whole or not at all.

        Raises:
            FileNotFoundError: The folder does not exist.
        """
        columns = {name: getattr(self, name) for name in _COLUMNS}
        with whole_file(path) as file:
            np.savez_compressed(file, about=np.array(json.dumps(dict(self.about))), **columns)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Demonstrations:
        """Reads what `save` wrote, or a file with the same columns without bounds.

        qwop-rl's files have obs, actions, rewards, next_obs, dones; episodes end at the dones.

        Raises:
            FileNotFoundError: There is no such file.
            ValueError: It is not such a file.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"there is no file of demonstrations {path}")
        with damage_refused(path, "is not a whole file of demonstrations"):
            try:
                with Path(path).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                    found = {name: arrays[name] for name in arrays.files}
                return cls(**_columns(found))
            except (KeyError, ValueError, EOFError) as error:
                text = f"{path} is not a whole file of demonstrations: {error}"
                raise ValueError(text) from None


def _columns(found: dict[str, Any]) -> dict[str, Any]:
    dones = found["dones"].astype(np.bool_)
    bounds = found.get("bounds")
    if bounds is None:
        ends = np.flatnonzero(dones) + 1
        bounds = np.unique([0, *ends.tolist(), len(dones)])
    short = {"observations": "obs", "next_observations": "next_obs"}
    observations, following = (
        found[name] if name in found else found[other] for name, other in short.items()
    )
    return {
        "observations": observations.astype(np.float32),
        "actions": found["actions"].reshape(-1).astype(np.int64),
        "rewards": found["rewards"].astype(np.float32),
        "next_observations": following.astype(np.float32),
        "dones": dones,
        "bounds": bounds.astype(np.int64),
        "about": json.loads(str(found["about"])) if "about" in found else {},
    }


def joined(parts: Sequence[Demonstrations], **about: Any) -> Demonstrations:
    """All episodes of several data sets; with `about` and the distances that are known of all.

    Raises:
        ValueError: There is none, or their observations differ in width.
    """
    if not parts:
        raise ValueError("there are no demonstrations")
    widths = {part.observations.shape[1] for part in parts}
    if len(widths) > 1:
        raise ValueError(f"demonstrations with observations of {sorted(widths)} columns differ")
    lengths = np.concatenate([part.lengths for part in parts])
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts]) for name in _COLUMNS[:5]
    }
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    if all("distances" in part.about for part in parts):
        about["distances"] = [each for part in parts for each in part.about["distances"]]
    return Demonstrations(**columns, bounds=bounds, about=about)
