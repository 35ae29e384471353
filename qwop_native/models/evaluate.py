"""Plays a policy from many starts side by side and tells how each run ended."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.batch import Batch
from qwop_native.envs.env import QwopEnv
from qwop_native.envs.spaces import observations
from qwop_native.facts import ENDED, FRAMES_PER_SECOND, UNITS_PER_METER
from qwop_native.models.finish import finished
from qwop_native.models.starts import Masks, Start
from qwop_native.recording.player import row_of
from qwop_native.recording.stage import has_ended
from qwop_native.wrappers.rich_columns import key_masks

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]

Choose = Callable[[Floats, Masks], npt.NDArray[Any]]
"""Actions (n,) for observations, float32 (n, 60), and the key masks held before, uint8 (n,)."""

FINISHES = {
    "game": "the game's own landing beyond 100 m",
    "torso": "qwop-gym's rule: the run ends with the torso beyond 100 m",
}
"""When a run counts as finished, and what each rule means."""

MAX_STEPS = 1000

_NO_LIMIT = np.iinfo(np.int64).max


@dataclass(frozen=True)
class Run:
    """How one run went.

    Attributes:
        start: Name of the start.
        start_frames: Frames before the policy took over.
        distance: Meters of the torso at the end.
        frames: Frames of the game's clock at the end, those before the policy included.
        time_s: The same in the game's own seconds, frames / 30.
        reward: Sum of the environment's rewards after the policy took over; None under the
            game's rule, by which no environment is played.
        finished: Whether it finished by the rule that was asked for.
        ended: "success", "fall", or "limit" where it was cut off.
        keys: Mask of `Keys` in each frame, uint8 (frames played,).
    """

    start: str
    start_frames: int
    distance: float
    frames: int
    time_s: float
    reward: float | None
    finished: bool
    ended: str
    keys: Masks

    def numbers(self) -> dict[str, Any]:
        """All but the keys, for JSON; no reward where there is none."""
        left_out = ("keys", "reward") if self.reward is None else ("keys",)
        return {name: value for name, value in vars(self).items() if name not in left_out}


def evaluate(
    choose: Choose,
    env: Mapping[str, Any],
    starts: Sequence[Start],
    max_steps: int | Sequence[int] | None = MAX_STEPS,
    finish: str = "game",
) -> list[Run]:
    """Plays one run from each start, all of them in one batch.

    Args:
        choose: Chooses the actions; `qwop_native.models.policy.chooser` makes one of a model. It
            is called with all games, those included that have ended.
        env: Arguments of `QwopEnv`: steps, actions, flavor and, for "torso", rewards.
        starts: As from `make_starts`.
        max_steps: Steps after which a run is cut off, of all or of each; None for never.
        finish: "game" or "torso", see `FINISHES`. A run under "torso" is an episode of `QwopEnv`,
            which also ends beyond 105 m and behind -10 m.

    Returns:
        The runs in the order of their starts.

    Raises:
        TypeError, ValueError: The environment refuses an argument, or there is no such rule.
    """
    check_finish(finish)
    template = QwopEnv(**env)
    games = [start.game(template.sincos) for start in starts]
    arena: _Arena = _GameArena(games, template)
    if finish == "torso":
        arena = _TorsoArena(games, env)
    limits = np.broadcast_to(_NO_LIMIT if max_steps is None else max_steps, len(starts))
    ends: list[_End | None] = [None] * len(starts)
    held: list[Masks] = []
    over = np.zeros(len(starts), np.bool_)
    for step in itertools.count(1):
        arena.step(np.asarray(choose(arena.observations, arena.keys)))
        held.append(arena.keys)
        done = (arena.ended | (limits <= step)) & ~over
        for row in np.flatnonzero(done).tolist():
            ends[row] = arena.end(row)
        over |= done
        if over.all():
            break
    played = np.repeat(np.array(held), template.frames_per_step, axis=0)
    return [
        _run(start, end, played[: end.played, row])
        for row, (start, end) in enumerate(zip(starts, ends, strict=True))
        if end is not None
    ]


def check_finish(finish: str) -> None:
    """Raises ValueError unless it is one of `FINISHES`."""
    if finish not in FINISHES:
        raise ValueError(f"finish must be one of {', '.join(FINISHES)}, got {finish!r}")


@dataclass(frozen=True)
class _End:
    """Where a run ended; `played` counts the frames that the policy's keys were held."""

    frames: int
    played: int
    distance: float
    finished: bool
    ended: bool
    reward: float | None = None


def _run(start: Start, end: _End, keys: Masks) -> Run:
    return Run(
        start.name,
        len(start.keys),
        end.distance,
        end.frames,
        end.frames / FRAMES_PER_SECOND,
        end.reward,
        end.finished,
        "success" if end.finished else "fall" if end.ended else "limit",
        np.concatenate([start.keys, keys]),
    )


class _Arena(Protocol):
    """Games side by side that are stepped by actions.

    Attributes:
        observations: Float32 (n, 60).
        keys: Masks held in the last step, uint8 (n,); a new array after each.
        ended: Which runs ended in or before the last step.
    """

    observations: Floats
    keys: Masks
    ended: Bools

    def step(self, actions: npt.NDArray[Any]) -> None: ...

    def end(self, row: int) -> _End: ...


class _GameArena:
    """Games that go on until the game itself says that it is over."""

    def __init__(self, games: Sequence[_core.Game], template: QwopEnv) -> None:
        self._masks = key_masks(template.action_keys)
        self._terminates = template.action_t
        self._frames_per_step = template.frames_per_step
        self._pool = _core.GamePool(games[0], num_envs=len(games), num_threads=1)
        for row, game in enumerate(games):
            self._pool.set_game(row, game)
        self._begun = self._pool.frames.astype(np.int64)
        self.observations = observations(self._pool.bodies)
        self.keys = np.array([game.keys for game in games], np.uint8)
        self.ended = np.zeros(len(games), np.bool_)

    def step(self, actions: npt.NDArray[Any]) -> None:
        self.keys = self._masks[actions]
        self._pool.step(self.keys, frames=self._frames_per_step)
        self.observations = observations(self._pool.bodies)
        self.ended = self._pool.events & ENDED != 0
        if self._terminates is not None:
            self.ended |= actions == self._terminates

    def end(self, row: int) -> _End:
        pool, one = self._pool, slice(row, row + 1)
        frames = int(pool.frames[row])
        return _End(
            frames,
            frames - int(self._begun[row]),
            float(pool.bodies[row, 0, 0]) / UNITS_PER_METER,
            bool(finished(pool.events[one], pool.score[one])[0]),
            bool(self.ended[row]),
        )


class _TorsoArena:
    """Episodes of the environment, each with its rewards."""

    def __init__(self, games: Sequence[_core.Game], env: Mapping[str, Any]) -> None:
        # Ended games start anew and are not looked at any more.
        self._batch = Batch(QwopEnv, len(games), 1, "same_step", None, None, env)
        self._masks = key_masks(self._batch.template.action_keys)
        self.observations = np.zeros((len(games), 60), np.float32)
        self._batch.reset(self.observations, None, [0] * len(games))
        # A start can already be a fall; no episode begins there.
        self._at_once = {row: game for row, game in enumerate(games) if has_ended(row_of(game)[0])}
        for row, game in enumerate(games):
            if row not in self._at_once:
                self._batch.engine.start_at(
                    row, game.snapshot(), self.observations[row], from_reset=True
                )
        self.keys = np.array([game.keys for game in games], np.uint8)
        self.ended = np.zeros(len(games), np.bool_)
        self._steps = 0

    def step(self, actions: npt.NDArray[Any]) -> None:
        self.keys = self._masks[actions]
        # A new array: who chooses may keep the one of the step before.
        self.observations = np.empty_like(self.observations)
        self._batch.step(actions, self.observations)
        self._steps += 1
        self.ended = self._batch.ended()
        self.ended[list(self._at_once)] = True

    def end(self, row: int) -> _End:
        if row in self._at_once:
            game = self._at_once[row]
            return _End(game.frames, 0, float(game.bodies[0, 0]) / UNITS_PER_METER, False, True)
        ended = bool(self.ended[row])
        columns = self._batch.final if ended else self._batch.columns
        reward = columns["return" if ended else "episode_return"][row]
        return _End(
            int(columns["frames"][row]),
            self._steps * self._batch.template.frames_per_step,
            float(columns["distance"][row]),
            bool(ended and columns["is_success"][row]),
            ended,
            float(reward),
        )
