"""The planner as a player: in our game, in the real one, and from many starts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from qwop_native import _core
from qwop_native.facts import DEFAULT_SINCOS, FLAVORS, FRAMES_PER_SECOND, UNITS_PER_METER
from qwop_native.models.evaluate import Run
from qwop_native.models.finish import has_finished
from qwop_native.models.robustness import Case, play
from qwop_native.models.starts import Start
from qwop_native.recording.grid import Grid
from qwop_native.recording.pages import play_page
from qwop_native.recording.player import row_of
from qwop_native.recording.tape import Tape
from qwop_native.search.planner import ACTIONS, Planner


class LivePlanner:
    """A planner that follows the game it plays on a native copy, which gets the same keys.

    It is a `qwop_native.recording.stage.Policy`. Each state that the game shows is compared with
    the copy's, bit for bit. Where they differ, the copy is made anew with the sine and cosine of
    another flavor, if that leads to the state shown.

    Args:
        planner: Who plans.
        say: Called with what there is to tell.

    Attributes:
        grid: The planner's steps and actions.
        sincos: Flavor of the copy.
    """

    def __init__(self, planner: Planner, say: Callable[[str], None] = lambda line: None) -> None:
        self._planner, self._say = planner, say
        self.grid: Grid | None = Grid(planner.frames_per_step, ACTIONS)
        self._frames = planner.frames_per_step
        self.sincos = DEFAULT_SINCOS
        self._page: Tape | None = None
        self._held: list[int] = []  # a mask for each decision

    def reset(self) -> None:
        """Forgets the last run."""
        self._planner.reset()
        self._held = []

    def begin(self, page: Tape, sincos: str) -> None:
        """Follows a run from its start.

        Args:
            page: What comes before the run.
            sincos: Flavor that the game is said to have.
        """
        self._page, self.sincos = page, sincos
        self._copy = self._played(sincos)

    def keys(self, row: np.void) -> Sequence[int]:
        """The masks for the next frames.

        Raises:
            ValueError: The game is in a state that its keys lead to in no flavor.
        """
        if row_of(self._copy)[0] != row:
            self._follow(row)
        mask = self._planner.decide(self._copy)
        self._held.append(mask)
        self._copy.step(mask, self._frames, after_end=True)
        return [mask] * self._frames

    def _follow(self, row: np.void) -> None:
        for sincos in FLAVORS:
            copy = self._played(sincos)
            if row_of(copy)[0] == row:
                self._say(f"the game has the sine and cosine of {sincos}, not of {self.sincos}")
                self.sincos, self._copy = sincos, copy
                return
        frames = len(self._held) * self._frames
        raise ValueError(
            f"after {frames} frames the game is in another state than its keys lead to, with the "
            f"sine and cosine of {', '.join(FLAVORS)}: it cannot be planned for"
        )

    def _played(self, sincos: str) -> _core.Game:
        assert self._page is not None, "begin() comes first"
        game = _core.Game(sincos)
        play_page(game, self._page.events)
        for mask in self._held:
            game.step(mask, self._frames, after_end=True)
        return game


def evaluate_planner(
    planner: Planner,
    starts: Sequence[Start],
    sincos: str = DEFAULT_SINCOS,
    max_steps: int = 1000,
    on_run: Callable[[int, Run], None] = lambda number, run: None,
) -> list[Run]:
    """Plays one run from each start, one after the other, by the game's own rule.

    Args:
        planner: Who plays.
        starts: As from `make_starts`.
        sincos: Flavor of sine and cosine.
        max_steps: Decisions after which a run is cut off.
        on_run: Called with the number of each run, from 1, and the run.

    Returns:
        The runs in the order of their starts.
    """
    runs = []
    for start in starts:
        planner.reset()
        runs.append(_run(planner, start, start.game(sincos), max_steps))
        on_run(len(runs), runs[-1])
    return runs


def play_case(planner: Planner, case: Case) -> _core.Game:
    """Plays one of `qwop_native.models.robustness`'s runs; returns the game as it ended."""
    planner.reset()
    play(lambda games: [planner.decide(game) for game in games], planner.frames_per_step, [case])
    return case.game


def _run(planner: Planner, start: Start, game: _core.Game, max_steps: int) -> Run:
    masks = start.keys.tolist()
    for _ in range(max_steps):
        if game.game_ended:
            break
        mask, before = planner.decide(game), game.frames
        game.step(mask, planner.frames_per_step)
        masks += [mask] * (game.frames - before)
    finished = has_finished(game)
    return Run(
        start.name,
        len(start.keys),
        float(game.bodies[0, 0]) / UNITS_PER_METER,
        game.frames,
        game.frames / FRAMES_PER_SECOND,
        None,
        finished,
        "success" if finished else "fall" if game.game_ended else "limit",
        np.array(masks, np.uint8),
    )
