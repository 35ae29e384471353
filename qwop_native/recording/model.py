"""One run of the game: its keys, where it starts, and the means to prove a replay."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.atomic import whole_file
from qwop_native.envs.spaces import TERMINATE, action_keys
from qwop_native.facts import DEFAULT_SINCOS, FRAMES_PER_SECOND, UNITS_PER_METER
from qwop_native.recording.format import read_fields, to_text
from qwop_native.recording.grid import Grid, Masks, key_events
from qwop_native.recording.pages import play_page
from qwop_native.recording.player import row_of
from qwop_native.recording.rows import digests
from qwop_native.recording.starts import start_kind
from qwop_native.recording.tape import MAX_UPDATES, Event, Tape, joined
from qwop_native.text_files import decode

CHECK_EVERY = 30  # frames between two hashes: a second of the game


class DivergedError(ValueError):
    """A replay is not the run that was recorded.

    Attributes:
        equal: The last frame whose hash agreed; None if not even the start did.
        unequal: The first frame whose hash did not.
    """

    def __init__(self, equal: int | None, unequal: int, where: str) -> None:
        self.equal, self.unequal = equal, unequal
        since = "at the start" if equal is None else f"after frame {equal}"
        super().__init__(
            f"{where} parts from the recording {since} and no later than frame {unequal}"
        )


@dataclass(frozen=True, eq=False)
class Recording:
    """One run, from a freshly loaded page on.

    Attributes:
        keys: Mask of `Keys` held in each frame after the start, uint8 of shape (frames,).
        sincos: Flavor of sine and cosine: "glibc", "glibc-fma" or "fdlibm".
        page: Events on the page before the first frame.
        grid: The steps in which the keys were chosen; None where that is unknown.
        hashes: Hash of the game's state (see `state_hash`) after so many frames; 0 is the start.
        metadata: "result" (frames, time_s, distance, score, fallen, landed, ended), "program",
            and whatever else was kept, all of JSON's kinds.

    Raises:
        ValueError: A mask, the flavor or the grid is not possible.
    """

    keys: Masks
    sincos: str
    page: Tape
    grid: Grid | None = None
    hashes: Mapping[int, int] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        keys = np.array(self.keys)
        if keys.ndim != 1 or (keys.size and (keys.min() < 0 or keys.max() > 15)):
            raise ValueError("keys must be one mask of Q=1, W=2, O=4, P=8 (0 to 15) a frame")
        if len(keys) > MAX_UPDATES:
            raise ValueError(f"a recording may have at most {MAX_UPDATES} frames")
        keys = keys.astype(np.uint8)
        keys.flags.writeable = False
        object.__setattr__(self, "keys", keys)
        _core.Game(self.sincos)  # refuses an unknown flavor
        if self.grid is not None:
            self.grid.actions(keys)
        if any(not 0 <= frame <= len(keys) for frame in self.hashes):
            raise ValueError(f"a hash belongs to no frame of 0 to {len(keys)}")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Recording):
            return NotImplemented
        return np.array_equal(self.keys, other.keys) and all(
            getattr(self, name) == getattr(other, name)
            for name in ("sincos", "page", "grid", "hashes", "metadata")
        )

    __hash__ = None  # type: ignore[assignment]  # the metadata may change

    @property
    def start(self) -> str:
        """How the run starts: "click", "reset", "env" or "page" (see `start_kind`)."""
        return start_kind(self.page)

    @property
    def actions(self) -> tuple[int, ...]:
        """Index of the action of each step.

        Raises:
            ValueError: The recording has no grid.
        """
        if self.grid is None:
            raise ValueError("this recording does not say in which steps its keys were chosen")
        return self.grid.actions(self.keys)

    @property
    def tape(self) -> Tape:
        """The page and the run as one tape, which the real game can play as well."""
        return Tape((*self.page.events, *key_events(self.keys)))

    def prepare(self, game: _core.Game) -> None:
        """Brings a new game to the start of the run.

        Raises:
            ValueError: The game has been started, or has another flavor.
        """
        if game.sincos != self.sincos:
            raise ValueError(f"the run needs Game({self.sincos!r}), this one is {game.sincos!r}")
        if game.started:
            raise ValueError("the run needs a new game; this one has been started")
        play_page(game, self.page.events)

    def frames(self, game: _core.Game, check: bool = True) -> Iterator[int]:
        """Plays the run in a new game, frame by frame.

        Args:
            game: A new `Game(recording.sincos)`.
            check: Whether the hashes are compared.

        Yields:
            Frames made: 0 at the start, then after each frame.

        Raises:
            DivergedError: The game's state is not the recorded one.
        """
        self.prepare(game)
        checker = HashChecker(self.hashes if check else {}, "the replay")
        checker.check(0, game)
        yield 0
        for frame, mask in enumerate(self.keys.tolist(), start=1):
            game.step(mask, after_end=True)
            checker.check(frame, game)
            yield frame

    def play(self, game: _core.Game | None = None, check: bool = True) -> _core.Game:
        """Plays the whole run; arguments as for `frames`, a new game is made if none is given.

        Returns:
            The game at the end.
        """
        game = _core.Game(self.sincos) if game is None else game
        for _ in self.frames(game, check):
            pass
        return game

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the recording's file; what was there stays until it is whole.

        Raises:
            FileNotFoundError: The folder does not exist.
            ValueError: Something in the metadata is not of JSON's kinds.
        """
        text = to_text(self)
        with whole_file(path) as file:
            file.write(text.encode())


class HashChecker:
    """Compares the states of a game, in the order of its frames, with recorded hashes."""

    def __init__(self, hashes: Mapping[int, int], where: str) -> None:
        self._hashes, self._where = hashes, where
        self._equal: int | None = None

    def check(self, frame: int, game: _core.Game) -> None:
        """Compares the state after so many frames, if there is a hash for it; see `compare`."""
        if frame in self._hashes:
            self.compare(frame, state_hash(game))

    def compare(self, frame: int, digest: int) -> None:
        """Compares one hash.

        Raises:
            DivergedError: It is not the recorded one.
        """
        if self._hashes.get(frame, digest) != digest:
            raise DivergedError(self._equal, frame, self._where)
        self._equal = frame


def state_hash(game: _core.Game) -> int:
    """Hash of what the real game also shows: bodies, hurdle, torque, score, clock and flags."""
    return int(digests(row_of(game))[0])


def result_of(game: _core.Game) -> dict[str, Any]:
    """What a run has come to: frames and seconds of the game's clock, meters, and how it ended."""
    return {
        "frames": game.frames,
        "time_s": game.frames / FRAMES_PER_SECOND,
        "distance": float(game.bodies[0, 0]) / UNITS_PER_METER,
        "score": game.score,
        "fallen": game.fallen,
        "landed": game.jump_landed,
        "ended": game.game_ended,
    }


def origin(game: _core.Game) -> dict[str, Any]:
    """The metadata of every recording: the program, and the result that the game shows."""
    return {"program": f"qwop-native {version('qwop-native')}", "result": result_of(game)}


def make_recording(
    keys: npt.ArrayLike,
    sincos: str = DEFAULT_SINCOS,
    page: Tape | Sequence[Event] | None = None,
    grid: Grid | None = None,
    every: int = CHECK_EVERY,
    on_frame: Callable[[int, _core.Game], None] | None = None,
    **metadata: Any,
) -> Recording:
    """Plays keys and makes a recording of it, with hashes and result.

    Args:
        keys: One mask of `Keys` a frame, shape (frames,).
        sincos: Flavor of sine and cosine.
        page: What happens before the first frame; None is `reset_start()`.
        grid: The steps in which the keys were chosen.
        every: Frames between two hashes; the start and the last frame always have one.
        on_frame: Called with the number of frames and the game at the start and after each frame.
        **metadata: Further things to keep, of JSON's kinds.

    Raises:
        ValueError: The keys, the flavor, the page or the grid are not possible.
    """
    from qwop_native.recording.starts import reset_start

    if page is None:
        page = reset_start()
    elif not isinstance(page, Tape):
        page = Tape(tuple(joined(page)))
    bare = Recording(np.asarray(keys), sincos, page, grid)
    game = _core.Game(sincos)
    hashes = {}
    for frame in bare.frames(game):
        if frame % every == 0 or frame == len(bare.keys):
            hashes[frame] = state_hash(game)
        if on_frame:
            on_frame(frame, game)
    return Recording(bare.keys, sincos, page, grid, hashes, {**origin(game), **metadata})


def actions_to_keys(actions: Sequence[int], grid: Grid) -> Masks:
    """One mask a frame for the actions of a grid, uint8 of shape (len(actions) * frames,).

    Raises:
        ValueError: An action is not in the set.
    """
    table = action_keys(grid.action_set, grid.terminated)
    bad = [action for action in actions if not 0 <= action < len(table)]
    if bad:
        raise ValueError(f"action {bad[0]} is not in the {grid.action_set} set")
    masks = [0 if table[action] == TERMINATE else table[action] for action in actions]
    return np.repeat(np.array(masks, np.uint8), grid.frames_per_step)


def load_recording(path: str | os.PathLike[str]) -> Recording:
    """Reads a recording's file.

    Args:
        path: A file that `Recording.save` has written, or that follows ``docs/recordings.md``.

    Returns:
        The recording. Whether its run is what it says shows when it is played.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a recording, damaged, or of a version that is not known.
    """
    content = Path(path).read_bytes()
    try:
        text = decode(content)
    except ValueError as error:
        raise ValueError(f"{path} is not a recording of qwop-native: {error}") from None
    try:
        return parse_text(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def parse_text(text: str) -> Recording:
    """Reads the text of a recording's file.

    Raises:
        ValueError: It is not one, or damaged.
    """
    return Recording(*read_fields(text))
