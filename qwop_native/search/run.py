"""A whole search: rounds of beams that learn from each other, stretches, the best run refined."""

from __future__ import annotations

import dataclasses
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.envs.spaces import ACTION_SETS
from qwop_native.facts import DEFAULT_SINCOS, UNITS_PER_METER
from qwop_native.recording import Recording, load_recording, make_recording
from qwop_native.recording.grid import Masks
from qwop_native.recording.starts import reset_start
from qwop_native.recording.tape import Tape
from qwop_native.search.beam import Beam, BeamSettings, Finish, Level, Search
from qwop_native.search.guide import Guide
from qwop_native.search.habits import Decisions, Habit, decisions, learn_habit
from qwop_native.search.refine import Refiner, Run, joined, play
from qwop_native.search.stretches import Stretches, StretchSettings
from qwop_native.search.survivors import (
    Examples,
    NothingToLearnError,
    examples,
    learn,
    levels_ahead,
)
from qwop_native.search.values import Rank, SurvivorValue
from qwop_native.text_files import read_text
from qwop_native.wrappers.rich_columns import key_masks

BEST_NAME = "best.qwop"
BEGUN_NAME = "begun.qwop"
STATE_NAME = "search.json"
HABIT_NAME = "habit.npz"
_NOISE = 0.2  # world units, so that no two beams are alike
_UNLIKELY = 3.0  # nats beyond which a learned habit's actions are not tried
_FINISH_SPAN = 160  # frames before the landing with which refining the finish begins
_LANDING_SPAN = 20  # frames before the landing in which nothing can be won any more
_SLOWER = 60  # frames by which a search of a round may be slower than the best run


@dataclass(frozen=True)
class SearchSettings:
    """What is searched, and how long.

    Attributes:
        minutes: Wall time after which the search ends.
        rounds: Rounds of beams that learn a value; then the best run is refined.
        stretches: How a run is searched stretch by stretch, with the last of the grids, after the
            rounds and before refining; None for not at all.
        groups: Beams side by side, see `BeamSettings`.
        width: States that each of them keeps.
        grids: Frames between two decisions, one beam for each in every round.
        action_set: Key combinations tried, see `qwop_native.envs.spaces.ACTION_SETS`.
        sincos: Flavor of sine and cosine.
        page: What happens on the page before the run.
        head: Masks of the keys with which every run begins, uint8 (frames,); the search is for
            what comes after them.
        max_frames: No run slower than this is of interest.
        threads: Threads that play; 0 for as many as there are cores.
        seed: Of everything that is random.
    """

    minutes: float = 10.0
    rounds: int = 2
    stretches: StretchSettings | None = None
    groups: int = 1
    width: int = 300
    grids: tuple[int, ...] = (2,)
    action_set: str = "essential"
    sincos: str = DEFAULT_SINCOS
    page: Tape = field(default_factory=reset_start)
    head: Masks = field(default_factory=lambda: np.zeros(0, np.uint8))
    max_frames: int = 1500
    threads: int = 0
    seed: int = 1

    def __post_init__(self) -> None:
        if not self.minutes > 0:
            raise ValueError(f"minutes must be above 0, got {self.minutes}")
        for name in ("rounds", "threads", "seed"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} must be 0 or more, got {getattr(self, name)}")
        if not self.grids:
            raise ValueError("grids must name at least one number of frames")
        for frames in self.grids:
            BeamSettings(self.width, frames, self.action_set, groups=self.groups)


class Searcher:
    """Runs a search in a folder, from which it can go on later.

    The folder holds best.qwop, the learned values and the learned habit, search.json with what was
    tried and begun.qwop while a run is searched stretch by stretch.

    Args:
        folder: Made if it is not there.
        settings: What to search.
        rank: What states are ranked by before anything is learned.
        say: Called with a line for each thing that happens.
        guide: A policy to keep to in the first round; later ones keep to what lasted before.
    """

    def __init__(
        self,
        folder: Path,
        settings: SearchSettings,
        rank: Rank,
        say: Callable[[str], None] = print,
        guide: Guide | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._settings, self._say, self._guide = folder, settings, say, guide
        self._started = time.monotonic()
        self._tries: list[dict[str, Any]] = []
        self._rank = rank
        self._masks = key_masks(ACTION_SETS[settings.action_set])
        self._decided: list[Decisions] = []
        self._cut_short = False  # the last beam, by the end of the time
        self._start = _core.Game(settings.sincos)
        Recording(np.zeros(0, np.uint8), settings.sincos, settings.page).prepare(self._start)
        self._root = self._start.copy()
        play(self._root, settings.head)
        if self._root.game_ended:
            raise ValueError(
                f"the run has ended within the {len(settings.head)} frames kept of it, played with "
                f"the sines of {settings.sincos}"
            )
        if self._root.frames >= settings.max_frames:
            raise ValueError(
                f"the clock says {self._root.frames} after the frames that are kept, and no run "
                f"beyond {settings.max_frames} is searched for"
            )
        self.best: Run | None = None
        self._resume()
        # Another seed each time, or a search that goes on would try the same things again.
        self._rng = np.random.default_rng([settings.seed, len(self._tries)])

    def run(self) -> Run | None:
        """Searches until the time is over and returns the fastest run there is."""
        self.learn()
        if self._settings.stretches is not None:
            self._stretch(self._settings.stretches)
        while self.best is not None and not self._over():
            self._refine()
        return self.best

    def learn(self) -> Rank:
        """Makes the rounds that are left, as long as there is time; returns the learned rank."""
        for number in range(len(self._value_files()), self._settings.rounds):
            if self._over():
                break
            self._round(number)
        return self._rank

    def _in_time(self, level: Level) -> bool:
        self._cut_short = self._over()
        return not self._cut_short

    def _over(self) -> bool:
        return time.monotonic() - self._started > 60 * self._settings.minutes

    # ---- rounds --------------------------------------------------------------------------------

    def _round(self, number: int) -> None:
        searches: list[tuple[int, Search]] = []
        for frames in self._settings.grids:
            if searches and self._over():
                return
            settings = self._beam(frames, _NOISE)
            beam = Beam(self._start, settings, self._settings.threads, self._rng, self._guide)
            begun = time.monotonic()
            search = beam.run(self._root, self._rank, self._limit(), self._in_time)
            self._note(f"round {number}", settings, search, begun)
            if search.finish is not None:
                self._keep(joined(self._settings.head, search.finish))
            searches.append((frames, search))
        if self._cut_short:  # it teaches little
            return
        try:
            self._learn(number, searches)
        except NothingToLearnError as reason:
            self._say(f"round {number}: {reason}")

    def _learn(self, number: int, searches: list[tuple[int, Search]]) -> None:
        """Learns what lasted from searches, each with the frames between its decisions."""
        data = Examples.joined([examples(search.levels, frames) for frames, search in searches])
        decided = [decisions(search.levels, levels_ahead(frames)) for frames, search in searches]
        seed = self._settings.seed * 1000 + number
        value, gain = learn(data, seed)
        habit = learn_habit(Decisions.joined([*self._decided, *decided]), self._masks, seed)
        value.save(self._folder / f"value-{len(self._value_files()):02d}.npz")
        habit.save(self._folder / HABIT_NAME)
        self._rank = self._rank.plus(1.0, value)
        self._guide, self._decided = Guide(habit, 0.0, _UNLIKELY), decided
        self._say(
            f"round {number}: learned from {len(data.lasted):,} states, "
            f"{100 * gain:.1f} % of the loss explained"
        )

    def _limit(self) -> int:
        """Searches that cannot win still teach, so they may run a little longer than the best."""
        if self.best is None:
            return self._settings.max_frames
        return min(self._settings.max_frames, self.best.frames + _SLOWER)

    # ---- stretches -----------------------------------------------------------------------------

    def _stretch(self, settings: StretchSettings) -> None:
        """Searches a run stretch by stretch; what is known of it lies in the folder meanwhile."""
        stretches = Stretches(self._start, self._rank, settings, self._settings.max_frames)
        beam = Beam(
            self._start,
            self._beam(self._settings.grids[-1], _NOISE),
            self._settings.threads,
            self._rng,
            self._guide,
        )
        file = self._folder / BEGUN_NAME
        head = self._begun(file)
        while not self._over():
            begun = time.monotonic()
            reached = stretches.search(head, beam, lambda: not self._over())
            if reached is None:
                if not self._over():
                    self._say(f"no run goes on after {len(head)} frames")
                    file.unlink(missing_ok=True)
                return
            if reached.run is not None:
                self._note("stretch", beam.settings, None, begun, reached.run.frames)
                self._keep(reached.run)
                file.unlink(missing_ok=True)
                return
            head = stretches.kept(reached)
            self._recorded(head).save(file)
            known = f"the best of {settings.tries} tries up to frame {len(head)}"
            self._note("stretch", beam.settings, None, begun, otherwise=known)

    def _begun(self, file: Path) -> Masks:
        """What is known of a run from an earlier call, or with what all runs begin."""
        head = self._settings.head
        if file.is_file():
            keys = self._found(file).keys
            if len(keys) > len(head) and np.array_equal(keys[: len(head)], head):
                return keys
        return head

    # ---- refining ------------------------------------------------------------------------------

    def _refine(self) -> None:
        assert self.best is not None
        refiner = Refiner(
            self._start, self.best, self._rank, self._settings.threads, self._rng, self._guide
        )
        frames = int(self._rng.choice([*self._settings.grids, 1]))
        settings = self._beam(frames, float(self._rng.choice([0.1, 0.3, 1.0])))
        length = len(self.best.keys)
        first = length - _FINISH_SPAN if self._rng.random() < 0.3 else 0
        first = max(first, len(self._settings.head))
        begun = time.monotonic()
        better = refiner.attempt(settings, first, length - _LANDING_SPAN, self._in_time)
        self._note("refine", settings, None, begun, refiner.run.frames if better else None)
        if better:
            self._keep(refiner.run)

    def _beam(self, frames: int, noise: float) -> BeamSettings:
        settings = self._settings
        return BeamSettings(
            settings.width, frames, settings.action_set, noise=noise, groups=settings.groups
        )

    # ---- the folder ----------------------------------------------------------------------------

    def _keep(self, run: Run) -> None:
        if self.best is not None and run.frames >= self.best.frames:
            return
        self.best = run
        recording = self._recorded(run.keys)
        result = recording.metadata["result"]
        if not result["landed"] or result["frames"] != run.frames:
            raise AssertionError(f"the run does not replay: {result}, searched {run.frames} frames")
        recording.save(self._folder / BEST_NAME)
        self._say(
            f"{run.frames} frames ({result['time_s']:.2f} s), torso at {result['distance']:.2f} m"
        )

    def _recorded(self, keys: Masks) -> Recording:
        settings = self._settings
        return make_recording(keys, settings.sincos, settings.page, found_by="qwop-native search")

    def _note(
        self,
        what: str,
        settings: BeamSettings,
        search: Search | None,
        begun: float,
        frames: int | None = None,
        otherwise: str = "no better finish",
    ) -> None:
        finish: Finish | None = search.finish if search else None
        entry = {
            "what": what,
            **dataclasses.asdict(settings),
            "seconds": round(time.monotonic() - begun, 1),
            "finish": finish.frames if finish else frames,
        }
        if search is not None:
            entry["played"] = search.played
            last = search.levels[-1].states.bodies if search.levels else self._root.bodies[None]
            entry["farthest"] = float(last[:, 0, 0].max()) / UNITS_PER_METER
        self._noted(entry)
        grid = "frame" if settings.frames == 1 else f"{settings.frames} frames"
        self._say(
            f"{what}: {settings.groups} x {settings.width} states, every {grid}: "
            + (f"{entry['finish']} frames" if entry["finish"] else otherwise)
            + f", {entry['seconds']:.0f} s"
        )

    def _noted(self, entry: dict[str, Any]) -> None:
        self._tries.append(entry)
        with whole_file(self._folder / STATE_NAME) as file:
            file.write(json.dumps(self._tries, indent=1).encode())

    def _value_files(self) -> list[Path]:
        return sorted(self._folder.glob("value-*.npz"))

    def _resume(self) -> None:
        for path in self._value_files():
            self._rank = self._rank.plus(1.0, SurvivorValue.load(path))
        path = self._folder / HABIT_NAME
        if path.is_file():
            habit = Habit.load(path)
            if not np.array_equal(habit.masks, self._masks):
                raise ValueError(f"{path} is of other actions; choose another folder")
            self._guide = Guide(habit, 0.0, _UNLIKELY)
        state = self._folder / STATE_NAME
        if state.is_file():
            try:
                self._tries = json.loads(read_text(state))
            except ValueError as error:
                raise ValueError(f"{state} is damaged: {error}") from None
        best = self._folder / BEST_NAME
        if best.is_file():
            recording = self._found(best)
            self.best = Run(recording.keys, recording.play().frames)
            self._say(f"going on from {self.best.frames} frames in {self._folder}")

    def _found(self, path: Path) -> Recording:
        """What an earlier search has left in the folder."""
        recording = load_recording(path)
        if recording.sincos != self._settings.sincos or recording.page != self._settings.page:
            raise ValueError(f"{path} has another flavor or start; choose another folder")
        return recording
