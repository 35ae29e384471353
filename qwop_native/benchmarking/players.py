"""What is measured: each player plays for a while and says how much it has done.

Timed are the calls that a user would make, and nothing around them: neither the choice of actions
nor the bookkeeping. All play 4 frames a step by default, qwop-gym's training step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from qwop_native import QwopEnv, QwopVectorEnv
from qwop_native.benchmarking.play import REDUCED_KEYS, Actions, Source, sources
from qwop_native.envs.games import GamesOfBatch
from qwop_native.facts import DEFAULT_SINCOS


@dataclass(frozen=True)
class Played:
    """What one turn of a player took.

    Attributes:
        frames: Updates of the game, of all games together; 0 where there are none.
        steps: Steps of environments, of all games together; 0 where there are none.
        seconds: Wall-clock time of the timed calls.
    """

    frames: int
    steps: int
    seconds: float


class Player(Protocol):
    """Something that can be measured in turns."""

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        ...


@dataclass(frozen=True)
class Scene:
    """What is played.

    Attributes:
        play: One of `qwop_native.benchmarking.play.PLAYS`.
        frames: Frames a step.
        seed: Of random actions.
        sincos: Flavor of the engine's sine and cosine.
    """

    play: str = "random"
    frames: int = 4
    seed: int = 0
    sincos: str = DEFAULT_SINCOS

    @property
    def env_arguments(self) -> dict[str, Any]:
        """Arguments of an environment that is played."""
        return {
            "frames_per_step": self.frames,
            "reduced_action_set": True,
            "seed": self.seed,
            "sincos": self.sincos,
        }


class GamePlayer:
    """``Game.step``: the bare game, without observations or rewards. Restarts are not timed.

    Args:
        scene: What is played.
        frames_a_call: How many frames a call makes.
    """

    def __init__(self, scene: Scene, frames_a_call: int) -> None:
        self.env = QwopEnv(**scene.env_arguments)
        self.env.reset(seed=scene.seed)
        self.source = sources(scene.play, 1, scene.seed, scene.sincos, False)[0]
        self._calls = scene.frames // frames_a_call
        self._frames_a_call = frames_a_call

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        game = self.env.game
        calls, spent = 0, 0.0
        while spent < seconds:
            keys = REDUCED_KEYS[self.source.next()[0]]
            for _ in range(self._calls):
                begin = perf_counter()
                game.step(keys, self._frames_a_call, after_end=True)
                spent += perf_counter() - begin
                calls += 1
            if game.game_ended:
                self.env.reset()
        return Played(calls * self._frames_a_call, 0, spent)


class EnvPlayer:
    """``QwopEnv.step``, and ``reset`` where an episode ends, as a training loop calls them.

    Args:
        scene: What is played.
    """

    def __init__(self, scene: Scene) -> None:
        self.env = QwopEnv(**scene.env_arguments)
        self.env.reset(seed=scene.seed)
        self.source = sources(scene.play, 1, scene.seed, scene.sincos, False)[0]
        self._frames = scene.frames

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        steps, spent = 0, 0.0
        while spent < seconds:
            action = int(self.source.next()[0])
            begin = perf_counter()
            _, _, terminated, _, _ = self.env.step(action)
            if terminated:
                self.env.reset()
            spent += perf_counter() - begin
            steps += 1
        return Played(steps * self._frames, steps, spent)


@dataclass(frozen=True)
class Size:
    """How many games are played, and by what.

    Attributes:
        games: Number of games.
        threads: Threads that step them.
        instruction_set: One of `qwop_native._core.instruction_sets()`; None for the fastest.
    """

    games: int
    threads: int = 1
    instruction_set: str | None = None

    @property
    def env_arguments(self) -> dict[str, Any]:
        """Arguments of a vector environment of this size."""
        return {
            "num_envs": self.games,
            "num_threads": self.threads,
            "instruction_set": self.instruction_set,
        }


class VectorPlayer:
    """``QwopVectorEnv.step`` as gymnasium makes it: autoreset in the next step, copied results.

    A game's step that only resets it counts neither as frames nor as a step.

    Args:
        scene: What is played.
        size: In how many games.
    """

    def __init__(self, scene: Scene, size: Size) -> None:
        self.env = QwopVectorEnv(**size.env_arguments, **scene.env_arguments)
        self.env.reset(seed=scene.seed)
        ahead, self.source, offsets = sources(
            scene.play, size.games, scene.seed, scene.sincos, reset_steps=True
        )
        one = QwopVectorEnv(1, 1, **scene.env_arguments)
        one.reset(seed=scene.seed)

        def step(actions: Actions) -> bool:
            _, _, terminated, _, _ = one.step(actions)
            return bool(terminated[0])

        self._to_reset = _spread(self.env, one, step, ahead, offsets)
        self._games, self._frames = size.games, scene.frames

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        steps, spent = 0, 0.0
        while spent < seconds:
            actions = self.source.next()
            begin = perf_counter()
            _, _, terminated, _, _ = self.env.step(actions)
            spent += perf_counter() - begin
            steps += self._games - self._to_reset
            self._to_reset = int(np.count_nonzero(terminated))
        return Played(steps * self._frames, steps, spent)


class Sb3Player:
    """``QwopVecEnv.step`` of Stable-Baselines3's kind: autoreset in the same step.

    Args:
        scene: What is played.
        size: In how many games.

    Raises:
        ImportError: Stable-Baselines3 is not installed.
    """

    def __init__(self, scene: Scene, size: Size) -> None:
        from qwop_native.sb3 import QwopVecEnv

        self.env = QwopVecEnv(**size.env_arguments, **scene.env_arguments)
        self.env.reset()
        ahead, self.source, offsets = sources(
            scene.play, size.games, scene.seed, scene.sincos, reset_steps=False
        )
        one = QwopVecEnv(1, 1, **scene.env_arguments)
        one.reset()

        def step(actions: Actions) -> bool:
            one.step(actions)
            return False

        _spread(self.env, one, step, ahead, offsets)
        self._games, self._frames = size.games, scene.frames

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        steps, spent = 0, 0.0
        while spent < seconds:
            actions = self.source.next()
            begin = perf_counter()
            self.env.step(actions)
            spent += perf_counter() - begin
            steps += self._games
        return Played(steps * self._frames, steps, spent)


def _spread(
    games: GamesOfBatch,
    one: GamesOfBatch,
    step: Callable[[Actions], bool],
    ahead: Source,
    offsets: Actions,
) -> int:
    """Puts each game where the one game is after as many steps as its offset says.

    Returns:
        In how many of them the next step is a reset.
    """
    to_reset, done, resets = 0, 0, False
    for game, offset in enumerate(offsets):
        while done < offset:
            resets = step(ahead.next())
            done += 1
        games.restore(game, one.snapshot(0))
        to_reset += resets
    return to_reset
