"""A trained model as a player: what it sees of games, what it remembers, what it holds down."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import action_keys, observations
from qwop_native.models.evaluate import Choose
from qwop_native.models.outputs import (
    action_values,
    distribution,
    has_probabilities,
    is_recurrent,
    network_of,
)
from qwop_native.models.settings import ModelSettings
from qwop_native.recording import Grid
from qwop_native.wrappers.rich_columns import RichColumns, key_masks

Floats = npt.NDArray[np.float32]
Masks = npt.NDArray[np.uint8]

_MOST_KEPT = 4096  # games that `ModelPolicy.act` remembers, or as many as it is given at once


@dataclass
class Memory:
    """What a model remembers of some games from one step to the next.

    Attributes:
        before: Observations one step earlier, those of now for a game that has just begun,
            float32 (n, 60).
        first: Which games have just begun, bool (n,).
        state: Hidden states as SB3 has them, arrays (layers, n, width); None without any.
    """

    before: Floats
    first: npt.NDArray[np.bool_]
    state: tuple[npt.NDArray[Any], ...] | None = None

    @classmethod
    def new(cls, seen: Floats) -> Memory:
        """Of games that have just begun."""
        return cls(seen.copy(), np.ones(len(seen), np.bool_))

    def row(self, index: int) -> Memory:
        """That of one game."""
        one = slice(index, index + 1)
        state = None if self.state is None else tuple(part[:, one] for part in self.state)
        return Memory(self.before[one], self.first[one], state)

    def put(self, index: int, other: Memory) -> None:
        """Takes over the memory of one game."""
        self.before[index], self.first[index] = other.before[0], other.first[0]
        if other.state is None:
            return
        if self.state is None:
            count = len(self.first)
            shapes = [(len(part), count, part.shape[2]) for part in other.state]
            self.state = tuple(np.zeros(shape, np.float32) for shape in shapes)
        for mine, part in zip(self.state, other.state, strict=True):
            mine[:, index] = part[:, 0]


class Actor:
    """A model with the columns it sees: chooses actions and updates memories.

    Args:
        model: What has ``predict(observation, state=…, episode_start=…, deterministic=…)``.
        columns: Groups of columns that it sees after the 60 numbers, as in `RichObservation`.
        frames_per_step: Of its steps.
        deterministic: Whether the likeliest action is taken.
    """

    def __init__(
        self,
        model: Any,
        columns: Sequence[str] = (),
        frames_per_step: int = 1,
        deterministic: bool = True,
    ) -> None:
        self._model, self._deterministic = model, deterministic
        self._columns = RichColumns(columns, frames_per_step)

    def look(self, seen: Floats, keys: Masks, memory: Memory) -> Floats:
        """What the model sees, float32 (n, 60 + columns), of observations float32 (n, 60)."""
        return self._columns.append(seen, keys, memory.before)

    def choose(self, seen: Floats, keys: Masks, memory: Memory) -> npt.NDArray[Any]:
        """Actions (n,) for observations and the keys held before, uint8 (n,)."""
        actions, memory.state = self._model.predict(
            self.look(seen, keys, memory),
            state=memory.state,
            episode_start=memory.first,
            deterministic=self._deterministic,
        )
        memory.before, memory.first = seen, np.zeros(len(seen), np.bool_)
        return np.asarray(actions)


def chooser(
    model: Any,
    columns: Sequence[str] = (),
    frames_per_step: int = 1,
    deterministic: bool = True,
) -> Choose:
    """A model as `evaluate` takes it; for one evaluation, since it remembers the runs.

    Args:
        model: What has SB3's ``predict``.
        columns: Groups of columns that it sees after the 60 numbers, as in `RichObservation`.
        frames_per_step: Of its steps.
        deterministic: Whether the likeliest action is taken.
    """
    actor = Actor(model, columns, frames_per_step, deterministic)
    memory: Memory | None = None

    def choose(seen: Floats, keys: Masks) -> npt.NDArray[Any]:
        nonlocal memory
        memory = memory or Memory.new(seen)
        return actor.choose(seen, keys, memory)

    return choose


class ModelPolicy:
    """A model of Stable-Baselines3's kind that plays with its own settings.

    `act` plays any number of games at once. The class is a `qwop_native.recording.stage.Policy` as
    well, for one run after the other.

    Args:
        model: A model, or a policy network alone, of SB3 or sb3-contrib.
        settings: As from `ModelSettings.completed`.
        deterministic: Whether the likeliest action is taken.

    Attributes:
        model: The same.
        settings: The same.
        network: The policy network.
        grid: Frames per step and action set.
        sincos: Flavor of sine and cosine that it was trained with.
    """

    def __init__(self, model: Any, settings: ModelSettings, deterministic: bool = True) -> None:
        env = settings.env
        self.model, self.settings, self.deterministic = model, settings, deterministic
        self.network = network_of(model)
        self.grid: Grid | None = Grid(env["frames_per_step"], env["action_set"])
        self.sincos: str = env["sincos"]
        self._frames_per_step: int = env["frames_per_step"]
        self.action_keys = action_keys(env["action_set"], env["t_for_terminate"])
        self._masks = key_masks(self.action_keys)
        self._actor = Actor(model, settings.columns, self._frames_per_step, deterministic)
        self._remembers = bool(settings.columns) or is_recurrent(self.network)
        self._kept: OrderedDict[int, tuple[_core.Game, int, Memory]] = OrderedDict()
        self.reset()

    @property
    def frames_per_step(self) -> int:
        """Frames for which what `act` returns is to be held."""
        return self._frames_per_step

    def act(self, games: Sequence[_core.Game]) -> Masks:
        """Chooses keys for many games.

        Models with a memory know each game again, as long as the same object is given and its
        clock has gone on; a game whose clock went back or stood still has begun anew. Call
        `forget` after putting a game elsewhere in another way.

        Args:
            games: The games, in any order and number.

        Returns:
            Mask of `Keys` to hold for `frames_per_step` frames in each game, uint8 (games,).
        """
        if not len(games):
            return np.zeros(0, np.uint8)
        seen = observations(np.stack([game.bodies for game in games]))
        keys = np.array([game.keys for game in games], np.uint8)
        memory = Memory.new(seen)
        for row, game in enumerate(games if self._remembers else ()):
            _, frames, kept = self._kept.get(id(game), (game, game.frames, None))
            if kept is not None and frames < game.frames:
                memory.put(row, kept)
        masks: Masks = self._masks[self._actor.choose(seen, keys, memory)]
        if self._remembers:
            self._keep(games, memory)
        return masks

    def _keep(self, games: Sequence[_core.Game], memory: Memory) -> None:
        for row, game in enumerate(games):
            # The game itself is kept, too: its id is nobody else's meanwhile.
            self._kept[id(game)] = (game, game.frames, memory.row(row))
            self._kept.move_to_end(id(game))
        while len(self._kept) > max(_MOST_KEPT, len(games)):
            self._kept.popitem(last=False)

    def forget(self) -> None:
        """Has `act` take every game for one that has just begun."""
        self._kept.clear()

    def chooser(self) -> Choose:
        """A player of fresh games, as `evaluate` takes it."""
        return chooser(self.model, self.settings.columns, self._frames_per_step, self.deterministic)

    def reset(self) -> None:
        """Forgets the run that `keys` has played."""
        self._playing: Memory | None = None
        self._thinking: Memory | None = None
        self._mask = 0

    def keys(self, row: np.void) -> Sequence[int]:
        """The masks of the next step of one run."""
        seen = observations(row["bodies"][None])
        self._playing = self._playing or Memory.new(seen)
        held = np.array([self._mask], np.uint8)
        self._mask = int(self._masks[self._actor.choose(seen, held, self._playing)[0]])
        return [self._mask] * self._frames_per_step

    def values(self, row: np.void, keys: int, first: bool) -> tuple[str, list[float]]:
        """What the model thinks of each action; to be asked for each step of a run in turn.

        Args:
            row: The state, as for `keys`.
            keys: Mask of the keys held in the step that led to it.
            first: Whether it is the first of a run.

        Returns:
            Name of the quantity, and a number for each action; nothing from a recurrent model.
        """
        import torch

        seen = observations(row["bodies"][None])
        if first or self._thinking is None:
            self._thinking = Memory.new(seen)
        shown = self._actor.look(seen, np.array([keys], np.uint8), self._thinking)
        self._thinking.before = seen
        with torch.no_grad():
            tensor = self.network.obs_to_tensor(shown)[0]
            values = action_values(self.network, tensor)
            if values is not None:
                return "Q", values[0].tolist()
            if has_probabilities(self.network):
                return "p", distribution(self.network, tensor).probs[0].tolist()
        return "", []

    @property
    def labels(self) -> list[str]:
        """The keys of each action, as a person writes them."""
        masks = [int(mask) for mask in self.action_keys]
        return [
            "T" if mask < 0 else "".join(k for i, k in enumerate("QWOP") if mask >> i & 1) or "-"
            for mask in masks
        ]
