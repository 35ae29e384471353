"""`python -m benchmarks.soak`: random play for hours, every instruction set against one game.

Each round draws games, steps, actions, a flavor and a limit from its seed. The same play then runs
in a batch of each instruction set, with another number of threads each time, and in as many scalar
`QwopEnv`, with restarts, seeds, snapshots and copies between games on the way. Everything that is
returned must be equal, bit for bit, and so must the hashes of all states. The digest at the end
depends on the seed and the number of rounds alone, so that machines can be compared.
"""

from __future__ import annotations

import argparse
import copy
import functools
import hashlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from qwop_native import QwopEnv, QwopVectorEnv, _core
from qwop_native.benchmarking import machine
from qwop_native.envs.spaces import ACTION_SETS, OBSERVATION_SIZE
from qwop_native.facts import FLAVORS

_MOST_GAMES = 24  # more than two of the widest blocks
_MOST_THREADS = 4
_STEPS = 400  # of a round
_HASH_EVERY = 50  # steps between two looks at all states
_WARM_UP = 5  # rounds, after which memory must not grow
_MOST_GROWTH = 64 * 2**20  # bytes; the allocator's own waves are a few
_SAY_EVERY = 10.0  # seconds


class SoakError(AssertionError):
    """Two ways to play the same game have come out differently, or memory grows."""


@dataclass
class Tally:
    """What has been done.

    Attributes:
        frames: Updates of the game by name of what made them, all games together.
        seconds: That each took, snapshots and copies included.
        counts: Rounds, episodes, restarts, seeds, snapshots and copies.
        digest: Of all states that were looked at.
    """

    frames: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)

    def count(self, name: str, more: int = 1) -> None:
        """Adds to a count."""
        self.counts[name] = self.counts.get(name, 0) + more

    def add(self, name: str, frames: int, seconds: float) -> None:
        """Adds frames that were made in so many seconds."""
        self.frames[name] = self.frames.get(name, 0) + frames
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    @property
    def total(self) -> int:
        """Frames of all."""
        return sum(self.frames.values())


class Scalar:
    """As many `QwopEnv`, with the vector environment's resets in the next step."""

    def __init__(self, count: int, limit: int, kwargs: dict[str, Any]) -> None:
        self._envs = [QwopEnv(**kwargs) for _ in range(count)]
        self._limit, self._length = limit, [0] * count
        self._ended = [False] * count
        self.observations = np.zeros((count, OBSERVATION_SIZE), np.float32)

    def reset(self, mask: npt.NDArray[np.bool_], seeds: Sequence[int | None]) -> None:
        """Starts episodes where the mask is set."""
        for game in np.flatnonzero(mask).tolist():
            self._start(game, seeds[game])

    def _start(self, game: int, seed: int | None = None) -> None:
        self.observations[game], _ = self._envs[game].reset(seed=seed)
        self._length[game], self._ended[game] = 0, False

    def step(self, actions: npt.NDArray[np.int64]) -> tuple[Any, ...]:
        """Observations, rewards, terminations and truncations of a step."""
        count = len(self._envs)
        rewards = np.zeros(count)
        ended, late = np.zeros(count, np.bool_), np.zeros(count, np.bool_)
        for game, env in enumerate(self._envs):
            if self._ended[game]:
                self._start(game)
                continue
            seen, rewards[game], ended[game], _, _ = env.step(actions[game])
            self.observations[game] = seen
            self._length[game] += 1
            late[game] = self._length[game] >= self._limit
            self._ended[game] = bool(ended[game] or late[game])
        return self.observations, rewards, ended, late

    def kept(self, game: int) -> tuple[Any, ...]:
        """A game with its episode, for `put`."""
        length, ended = self._length[game], self._ended[game]
        return copy.deepcopy(self._envs[game]), length, ended, self.observations[game].copy()

    def put(self, game: int, kept: tuple[Any, ...]) -> None:
        """Puts a game where another was."""
        env, self._length[game], self._ended[game], seen = kept
        self._envs[game], self.observations[game] = copy.deepcopy(env), seen

    def hashes(self) -> list[int]:
        """Hash of each state."""
        return [env.game.state_hash() for env in self._envs]


class Round:
    """One drawn setting, played by everything that there is.

    Args:
        seed: Of the round.
        tally: What is done is added to it.
        instruction_sets: Those to play with.
        steps: Steps to take.
    """

    def __init__(
        self, seed: int, tally: Tally, instruction_sets: Sequence[str], steps: int
    ) -> None:
        self._rng = np.random.default_rng(seed)
        # For what must not change the play: the number of instruction sets differs by machine.
        self._aside = np.random.default_rng((seed, 1))
        self._seed, self._tally, self._steps = seed, tally, steps
        draw = self._rng.integers
        self._count, self._frames = int(draw(1, _MOST_GAMES + 1)), int(draw(1, 9))
        limit = int(draw(20, 3 * _STEPS))
        action_sets = sorted(ACTION_SETS)
        self.kwargs: dict[str, Any] = {
            "frames_per_step": self._frames,
            "action_set": action_sets[draw(len(action_sets))],
            "sincos": FLAVORS[draw(len(FLAVORS))],
            "reload_on_reset": bool(draw(4) == 0),
            "t_for_terminate": bool(draw(4) == 0),
            "seed": 0,
        }
        self._scalar = Scalar(self._count, limit, self.kwargs)
        self._batches = {}
        for name in instruction_sets:
            threads = int(self._aside.integers(1, _MOST_THREADS + 1))
            self._batches[name] = QwopVectorEnv(
                self._count,
                threads,
                max_episode_steps=limit,
                instruction_set=name,
                **self.kwargs,
            )
        # Held for a while, since keys drawn anew each step only make the runner fall.
        self._actions = np.zeros(self._count, np.int64)

    def play(self) -> None:
        """Plays the round.

        Raises:
            SoakError: Something came out differently.
        """
        self._reset(np.ones(self._count, np.bool_), [0] * self._count, 0)
        for step in range(1, self._steps + 1):
            drawn = self._rng.integers(len(self._scalar_actions), size=self._count)
            self._actions = np.where(self._rng.random(self._count) < 0.3, drawn, self._actions)
            self._step(step)
            self._now_and_then(step)
            if step % _HASH_EVERY == 0 or step == self._steps:
                self._look(step)
        self._tally.count("rounds")
        for batch in self._batches.values():
            batch.close()

    @property
    def _scalar_actions(self) -> tuple[int, ...]:
        return next(iter(self._batches.values())).template.action_keys

    def _timed(self, name: str, frames: int, call: Callable[[], Any]) -> Any:
        begun = time.perf_counter()
        result = call()
        self._tally.add(name, frames, time.perf_counter() - begun)
        return result

    def _step(self, step: int) -> None:
        frames = self._count * self._frames
        expected = self._timed("one game", frames, lambda: self._scalar.step(self._actions))
        for name, batch in self._batches.items():
            found = self._timed(name, frames, functools.partial(batch.step, self._actions))
            kinds = ("observations", "rewards", "terminations", "truncations")
            for kind, mine, theirs in zip(kinds, found, expected, strict=False):
                self._compare(f"{kind} of {name}", step, mine, theirs)
        self._tally.count("episodes", int((expected[2] | expected[3]).sum()))

    def _now_and_then(self, step: int) -> None:
        if self._rng.random() < 0.02:
            mask = self._rng.random(self._count) < 0.3
            mask[self._rng.integers(self._count)] = True
            drawn = self._rng.integers(2**40, size=self._count).tolist()
            self._reset(mask, [seed if seed % 2 else None for seed in drawn], step)
        if self._rng.random() < 0.05:
            source, target = self._rng.integers(self._count, size=2).tolist()
            if self._rng.random() < 0.5:
                self._copy(source, target)
            else:
                self._restore(source, target)

    def _reset(self, mask: npt.NDArray[np.bool_], seeds: Sequence[int | None], step: int) -> None:
        self._scalar.reset(mask, seeds)
        for name, batch in self._batches.items():
            found, _ = batch.reset(seed=list(seeds), options={"reset_mask": mask})
            self._compare(f"restarts of {name}", step, found, self._scalar.observations)
        self._tally.count("restarts", int(mask.sum()))

    def _copy(self, source: int, target: int) -> None:
        self._scalar.put(target, self._scalar.kept(source))
        for batch in self._batches.values():
            batch.copy_game(source, target)
        self._tally.count("copies")

    def _restore(self, source: int, target: int) -> None:
        """Puts what one instruction set has kept into all the others."""
        self._scalar.put(target, self._scalar.kept(source))
        names = list(self._batches)
        snapshot = self._batches[names[self._aside.integers(len(names))]].snapshot(source)
        for batch in self._batches.values():
            batch.restore(target, snapshot)
        self._tally.count("snapshots")

    def _look(self, step: int) -> None:
        expected = self._scalar.hashes()
        for name, batch in self._batches.items():
            found = [batch.game(game).state_hash() for game in range(self._count)]
            self._compare(f"states of {name}", step, np.array(found), np.array(expected))
        self._tally.digest.update(repr(expected).encode())

    def _compare(self, what: str, step: int, mine: Any, theirs: Any) -> None:
        if mine.tobytes() == theirs.tobytes():
            return
        game = int(np.flatnonzero((mine != theirs).reshape(self._count, -1).any(axis=1))[0])
        raise SoakError(
            f"{what} differ from one game's in step {step}, game {game} of {self._count}, of the "
            f"round with seed {self._seed} ({self.kwargs}); again with --seed {self._seed} "
            "--frames 1"
        )


def soak(
    frames: int,
    seed: int = 0,
    instruction_sets: Sequence[str] | None = None,
    steps: int = _STEPS,
    say: Callable[[Tally], None] = lambda tally: None,
    tally: Tally | None = None,
) -> Tally:
    """Plays rounds until so many frames are made, at least one.

    Args:
        frames: Updates of the game, all that are made together.
        seed: Of the first round; the others count up.
        instruction_sets: Those to play with; None for all that this processor has.
        steps: Steps of a round.
        say: Called with the tally after each round.
        tally: To add to; None for a new one.

    Raises:
        SoakError: Something came out differently, or memory grows.
    """
    tally = tally or Tally()
    names = list(instruction_sets or _core.instruction_sets())
    warm: int | None = None
    number = 0
    while not number or tally.total < frames:
        Round(seed + number, tally, names, steps).play()
        number += 1
        used = memory()
        if number == _WARM_UP:
            warm = used
        if warm is not None and used is not None and used - warm > _MOST_GROWTH:
            raise SoakError(
                f"memory has grown from {warm >> 20} to {used >> 20} MiB since round {_WARM_UP}"
            )
        say(tally)
    return tally


def memory() -> int | None:
    """Bytes of memory that this process has in use now; None where the system does not tell."""
    try:
        with open("/proc/self/statm") as file:  # noqa: PTH123  no path of the user's
            return int(file.read().split()[1]) * 4096
    except OSError:
        return None


def table(tally: Tally) -> str:
    """What has been done, as lines of text."""
    lines = [f"{'played by':12}{'frames':>16}{'frames/s':>14}"]
    for name, frames in tally.frames.items():
        lines.append(f"{name:12}{frames:16,}{frames / tally.seconds[name]:14,.0f}")
    lines.append(f"{'all':12}{tally.total:16,}{tally.total / sum(tally.seconds.values()):14,.0f}")
    lines.append(", ".join(f"{count:,} {name}" for name, count in tally.counts.items()))
    used = memory()
    lines.append(f"memory {'unknown' if used is None else f'{used >> 20} MiB'}")
    lines.append(f"digest {tally.digest.hexdigest()}")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Runs the program; 0 if all is equal, 1 if not, 2 for a mistake, 130 after Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.soak",
        description="Play at random with every instruction set and compare with one game.",
        epilog="example:\n  python -m benchmarks.soak --frames 1e9",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--frames", type=float, default=1e7, help="to make, all together (1e7)")
    parser.add_argument("--seed", type=int, default=0, help="of the first round (0)")
    given = parser.parse_args(argv)
    if not 1 <= given.frames < float("inf") or given.seed < 0:
        parser.error("--frames must be at least 1 and --seed at least 0")
    where = machine.describe()
    print(f"{where['processor']}, {where['cores']} cores, commit {where['commit']}", flush=True)
    begun, said = time.monotonic(), 0.0

    def say(tally: Tally) -> None:
        nonlocal said
        if time.monotonic() - said >= _SAY_EVERY:
            said = time.monotonic()
            share, used = 100 * min(tally.total / given.frames, 1), (memory() or 0) >> 20
            minutes = (said - begun) / 60
            print(
                f"{minutes:6.1f} min  {tally.total:,} frames ({share:.1f} %), all equal, "
                f"{used} MiB",
                flush=True,
            )

    tally, status = Tally(), 0
    try:
        soak(int(given.frames), given.seed, say=say, tally=tally)
    except SoakError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 1
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        status = 130
    if tally.total:
        print(table(tally))
    return status


if __name__ == "__main__":
    sys.exit(main())
