"""qwop-gym's ``.rec`` files, version 1: read and written exactly, and converted.

The first line is ``seed=N``. Then follows an action index a line; ``*`` ends an episode that was
kept, ``X`` one that was not and that has to be replayed all the same, because the game's restart
leaves traces in the episodes that follow.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from qwop_native.atomic import whole_file
from qwop_native.envs.arguments import check_seed
from qwop_native.envs.env import QwopEnv
from qwop_native.facts import DEFAULT_SINCOS
from qwop_native.recording.model import Recording
from qwop_native.recording.recorder import RecordEpisodes
from qwop_native.text_files import decode, lines_of

SUFFIX = ".rec"
_SEED_END = 2**31  # qwop-gym's
_MARKS = {"*": False, "X": True}


class OtherSettingsError(ValueError):
    """The episodes of a ``.rec`` file were recorded with other settings."""


@dataclass(frozen=True)
class RecEpisode:
    """One episode of a ``.rec`` file.

    Attributes:
        actions: Index of the action of each step.
        skip: Whether it is only there because later ones depend on it.
    """

    actions: tuple[int, ...]
    skip: bool = False


@dataclass(frozen=True)
class Rec:
    """What a ``.rec`` file holds.

    Attributes:
        seed: The environment's seed.
        episodes: In the order in which they were played.
    """

    seed: int
    episodes: tuple[RecEpisode, ...]

    def __str__(self) -> str:
        lines = [f"seed={self.seed}"]
        for episode in self.episodes:
            lines += [*map(str, episode.actions), "X" if episode.skip else "*"]
        return "\n".join([*lines, ""])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the file, byte for byte as qwop-gym does.

        Raises:
            FileNotFoundError: The folder does not exist.
        """
        with whole_file(path) as file:
            file.write(str(self).encode())


def load_rec(path: str | os.PathLike[str]) -> Rec:
    """Reads a ``.rec`` file.

    Actions after the last mark, which a recording program leaves behind when it is killed, are
    passed over with a warning, as qwop-gym passes over them.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is not a ``.rec`` file, or damaged.
    """
    try:
        text = decode(Path(path).read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is not a .rec file: {error}") from None
    try:
        return parse_rec(text)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def parse_rec(text: str) -> Rec:
    """Reads the text of a ``.rec`` file.

    Raises:
        ValueError: It is not one, or damaged.
    """
    lines = [line.rstrip() for line in lines_of(text)]
    seed = re.fullmatch(r"seed=([0-9]{1,10})", lines[0])
    if not seed:
        raise ValueError(f"not a .rec file: its first line is not seed=N but {lines[0][:40]!r}")
    episodes: list[RecEpisode] = []
    actions: list[int] = []
    for number, line in enumerate(lines[1:], start=2):
        if not line and episodes and not actions:
            continue
        if line in _MARKS:
            episodes.append(RecEpisode(tuple(actions), _MARKS[line]))
            actions = []
        elif re.fullmatch(r"[0-9]{1,2}", line):
            actions.append(int(line))
        else:
            raise ValueError(f"line {number} is neither an action nor * nor X: {line[:40]!r}")
    if not episodes:
        raise ValueError("no episode of the .rec file is complete")
    if actions:
        warnings.warn(
            f"{len(actions)} actions after the last complete episode are passed over", stacklevel=3
        )
    return Rec(_check_seed(int(seed[1])), tuple(episodes))


def _check_seed(seed: int) -> int:
    if check_seed(seed) >= _SEED_END:
        raise ValueError(f"seed must be from 0 to 2**31 - 1 in a .rec file, got {seed}")
    return int(seed)


def recordings_of(
    rec: Rec,
    *,
    frames_per_step: int = 1,
    action_set: str | None = None,
    sincos: str = DEFAULT_SINCOS,
    resets: int = 2,
    skipped: bool = False,
) -> Iterator[Recording]:
    """Plays the episodes of a ``.rec`` file and gives a recording of each.

    The file does not say how its actions are to be played, so the caller has to.

    Args:
        rec: What the file holds.
        frames_per_step: The environment's, as recorded.
        action_set: The environment's, as recorded; None is "full".
        sincos: Flavor of sine and cosine.
        resets: Restarts between loading the page and the first action: 2 for qwop-gym's ``play``
            and its ``replay``, 1 for its ``spectate``.
        skipped: Give those marked ``X``, too.

    Yields:
        One recording per episode.

    Raises:
        OtherSettingsError: An episode goes on after its game has ended or ends before, or has
            actions of another set.
    """
    env = RecordEpisodes(
        QwopEnv(
            frames_per_step=frames_per_step,
            action_set=action_set,
            t_for_terminate=True,
            sincos=sincos,
            seed=rec.seed,
        ),
        seed=rec.seed,
    )
    for _ in range(resets - 1):
        env.reset()
    for number, episode in enumerate(rec.episodes, start=1):
        env.reset()
        ends = _play(env, episode.actions)
        if not ends:
            raise OtherSettingsError(
                f"episode {number} does not end with its last action, so it was recorded with "
                "other frames per step, actions, restarts or another browser's sine and cosine"
            )
        if skipped or not episode.skip:
            yield env.recording()


def _play(env: RecordEpisodes, actions: Sequence[int]) -> bool:
    """Plays an episode; whether it ended exactly with its last action."""
    count = int(getattr(env.action_space, "n", 0))
    for step, action in enumerate(actions, start=1):
        if action >= count:
            raise OtherSettingsError(f"action {action} is not one of the {count} there are")
        if env.step(action)[2]:
            return step == len(actions)
    return False


def rec_of(recordings: Sequence[Recording], seed: int = 0) -> Rec:
    """Makes a ``.rec`` file of recordings that followed each other on one page, all kept.

    Args:
        recordings: Each with a grid.
        seed: The seed to write.

    Raises:
        ValueError: A recording has no grid, or they have different ones.
    """
    kinds = {
        (recording.grid.frames_per_step, recording.grid.action_set) if recording.grid else None
        for recording in recordings
    }
    if None in kinds:
        raise ValueError(
            "a .rec file holds actions, and a recording does not say in which steps of which "
            "action set its keys were chosen"
        )
    if len(kinds) != 1:
        raise ValueError("a .rec file holds one or more recordings that all have the same steps")
    episodes = tuple(RecEpisode(recording.actions) for recording in recordings)
    return Rec(_check_seed(seed), episodes)
