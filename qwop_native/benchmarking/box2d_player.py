"""Stock Box2D on the same ragdoll, as a player of random actions."""

from __future__ import annotations

from time import perf_counter

from qwop_native.benchmarking.box2d_ragdoll import DT, SWEEPS, Box2dRagdoll
from qwop_native.benchmarking.play import REDUCED_KEYS, RandomSource
from qwop_native.benchmarking.players import Played, Scene


class Box2dPlayer:
    """Box2D's ``world.Step`` alone, called from Python once a frame.

    What it does not time: keys, the moving ground, the look for a fall, and a new ragdoll after
    one.

    Args:
        scene: What is played; always random actions, with which the ragdoll falls about as the
            game's runner does.
    """

    def __init__(self, scene: Scene) -> None:
        self._source = RandomSource(1, scene.seed)
        self._ragdoll = Box2dRagdoll()
        self._hold = scene.frames

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        frames, spent = 0, 0.0
        while spent < seconds:
            keys = REDUCED_KEYS[self._source.next()[0]]
            for _ in range(self._hold):
                self._ragdoll.prepare(keys)
                step = self._ragdoll.world.Step
                begin = perf_counter()
                step(DT, SWEEPS, SWEEPS)
                spent += perf_counter() - begin
                frames += 1
                if self._ragdoll.fallen:
                    self._ragdoll = Box2dRagdoll()
                    break
        return Played(frames, 0, spent)
