"""A player that needs nothing by heart: it always looks ahead, on exact copies of the game."""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import FIELDS, PARTS
from qwop_native.search.rolling_beam import RollingBeam
from qwop_native.search.states import States
from qwop_native.search.values import RUNNING, ModelValue, Rank, upright_while_slow
from qwop_native.wrappers.rich_columns import key_masks

ACTIONS = "essential"
"""The actions it plans with."""

FRAMES_PER_STEP = 3
"""Frames of a decision, unless told otherwise."""

WIDTH = 500
"""States of a level: some 33 ms a decision on one core with AVX-512, and 80 at the hurdle."""

_MODEL_WEIGHT = 20.0  # world units for one unit of the model's value
_NOISE = 0.05  # world units
_FIRST_LEVELS = 10  # decisions that a new plan looks ahead at once
_CATCH_UP = 3  # levels of each further decision, until the plan is long enough
_NEW_PLAN_WORK = 2  # states of the decision that begins a plan, times those of any other
_SLOW_WIDTH = 300  # states of a level of its new plan, which looks ahead as far as it can
_LOST_WIDTH = 150  # the same where every plan has ended in a fall, which comes at each decision
_LEAST_WIDTH = 24
_TORSO, _VX = PARTS.index("torso"), FIELDS.index("vx")


class Planner:
    """Chooses keys by a beam over the exact engine, which moves on with the game.

    Every decision makes the plan longer by as much as the game has moved on. What was planned is
    kept while the game does what was planned. A new plan begins, at once, where the game stands
    otherwise: after a restart, a jump or a push. The new plan of a slow runner takes the time of
    some fifteen decisions, unless `budget_ms` forbids it: what it does first decides whether it
    falls.

    Args:
        model: What ranks states beside their progress: a model of SB3 or sb3-contrib on the
            environment's own observation, its zip or run folder; None for the shipped policy.
        frames_per_step: Frames of a decision.
        lookahead_frames: Frames that are looked ahead.
        width: States that are kept at each level of the plan.
        threads: Threads that play the copies.
        seed: Of the noise that keeps plans apart.
        budget_ms: Time of a decision, ms, by which the width is chosen, `width` at most; None for
            always the same width.

    Raises:
        FileNotFoundError: There is no such model.
        ValueError: A value is not accepted, or the model has another observation.
    """

    def __init__(
        self,
        model: Any = None,
        frames_per_step: int = FRAMES_PER_STEP,
        lookahead_frames: int = 90,
        width: int = WIDTH,
        threads: int = 1,
        seed: int = 0,
        budget_ms: float | None = None,
    ) -> None:
        for name, value in (
            ("frames_per_step", frames_per_step),
            ("lookahead_frames", lookahead_frames),
            ("width", width),
            ("threads", threads),
        ):
            if value < 1:
                raise ValueError(f"{name} must be 1 or more, got {value}")
        if budget_ms is not None and not (budget_ms > 0 and math.isfinite(budget_ms)):
            raise ValueError(f"budget_ms must be above 0, got {budget_ms}")
        self.frames_per_step, self.lookahead_frames = frames_per_step, lookahead_frames
        self.width, self.threads, self.budget_ms = width, threads, budget_ms
        self._rank = rank_of(model)
        self._depth = -(-lookahead_frames // frames_per_step)  # of a plan, in decisions
        self._seed = seed
        self._masks = key_masks(ACTION_SETS[ACTIONS])
        self._beams: dict[str, RollingBeam] = {}
        self._seconds = 0.0  # of one state tried, lately
        self.reset()

    def reset(self) -> None:
        """Forgets what was planned, so that two runs from the same start are the same."""
        self._rng = np.random.default_rng(self._seed)
        for beam in self._beams.values():
            beam.root = None

    def decide(self, game: _core.Game) -> int:
        """The key mask for the next `frames_per_step` frames.

        Args:
            game: Where the game stands; it is left untouched.

        Raises:
            ValueError: The game has ended, or its intro screen is up.
        """
        if not game.started:
            raise ValueError("the intro screen is up; call start() before planning")
        if game.game_ended:
            raise ValueError("there is nothing to plan: the game has ended")
        begun = time.perf_counter()
        beam = self._beam(game.sincos)
        elsewhere = beam.root is None or beam.root.state_hash() != game.state_hash()
        if elsewhere or beam.dead:
            beam.begin(game)
            if self.budget_ms is None and game.bodies[_TORSO, _VX] < RUNNING:
                width = _SLOW_WIDTH if elsewhere else _LOST_WIDTH
                self._deepen(beam, self._depth, min(self.width, width))
        self._look_ahead(beam, begun)
        return beam.decide()

    def _beam(self, sincos: str) -> RollingBeam:
        if sincos not in self._beams:
            game = _core.Game(sincos)
            self._beams[sincos] = RollingBeam(
                game, self._masks, self.frames_per_step, self.width, self.threads
            )
        return self._beams[sincos]

    def _look_ahead(self, beam: RollingBeam, begun: float) -> None:
        levels = min(self._depth - beam.depth, _CATCH_UP if beam.depth else _FIRST_LEVELS)
        states = self.width if beam.depth else self.width * _NEW_PLAN_WORK
        for left in range(levels, 0, -1):
            width = self._affordable(begun, left) if self.budget_ms else states // levels
            self._deepen(beam, 1, min(max(width, _LEAST_WIDTH), self.width))

    def _deepen(self, beam: RollingBeam, levels: int, width: int) -> None:
        for _ in range(levels):
            if beam.home or beam.dead:
                return
            before = time.perf_counter()
            tried = beam.deepen(self._ranked, width)
            self._seconds = (time.perf_counter() - before) / tried

    def _affordable(self, begun: float, levels: int) -> int:
        """States of a level for which there is time, if as many more levels follow."""
        assert self.budget_ms is not None
        left = self.budget_ms / 1000 - (time.perf_counter() - begun)
        if not self._seconds:
            return _LEAST_WIDTH
        return min(self.width, int(left / levels / self._seconds / len(self._masks)))

    def _ranked(self, states: States) -> npt.NDArray[np.float64]:
        return self._rank(states) + self._rng.normal(0.0, _NOISE, len(states))


def rank_of(model: Any) -> Rank:
    """What a planner orders states by: progress, a model's value, and the posture of the slow.

    Args:
        model: As for `Planner`.

    Raises:
        FileNotFoundError: There is no such model.
        ValueError: The model has another observation or no values.
    """
    from qwop_native.models.load import CHAMPION, load_policy

    if model is None or isinstance(model, str) or hasattr(model, "__fspath__"):
        model = load_policy(CHAMPION if model is None else model).model
    return Rank(((_MODEL_WEIGHT, ModelValue(model)), (1.0, upright_while_slow)))
