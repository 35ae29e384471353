"""Makes recordings while a game or an environment is being played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np

from qwop_native import _core
from qwop_native.envs.env import Observation, QwopEnv, check_replayable
from qwop_native.envs.spaces import TERMINATE
from qwop_native.facts import DEFAULT_SINCOS
from qwop_native.recording.grid import Grid
from qwop_native.recording.model import CHECK_EVERY, Recording, origin, state_hash
from qwop_native.recording.starts import ENV_RESET, page_of_env
from qwop_native.recording.tape import Event, Tape, joined


class _Log:
    """What has been done on a page, and the run that is going on there."""

    def __init__(self, page: tuple[Event, ...] = ()) -> None:
        self._page = list(page)  # neighbors with equal keys joined
        self._run: list[Event] = []
        self._hashes: dict[int, int] = {}
        self.frames = 0

    def begin(self, game: _core.Game, *events: Event) -> None:
        """Notes events after which a run begins."""
        last = self._page[-1:]
        self._page[-1:] = joined([*last, *self._run, *events])
        self._run = []
        self.frames = 0
        self._hashes = {0: state_hash(game)}

    def add(self, keys: int, frames: int) -> None:
        """Notes frames of the run."""
        if frames:
            self._run.append(Event("keys", frames, keys))
        self.frames += frames

    def check(self, game: _core.Game) -> None:
        """Takes a hash of the state."""
        self._hashes[self.frames] = state_hash(game)

    @property
    def unchecked(self) -> int:
        """Frames since the last hash."""
        return self.frames - max(self._hashes, default=0)

    def recording(self, game: _core.Game, grid: Grid | None, metadata: dict[str, Any]) -> Recording:
        """The run up to now."""
        self.check(game)
        counts = [event.count for event in self._run]
        keys = np.repeat(np.array([event.keys for event in self._run], np.uint8), counts)
        kept = {**origin(game), **metadata}
        page = Tape(tuple(self._page))
        return Recording(keys, game.sincos, page, grid, dict(self._hashes), kept)


class Recorder:
    """A game played through here can be kept at any moment.

    Args:
        sincos: Flavor of sine and cosine.

    Attributes:
        game: The game; what is done to it by other ways than this recorder's is not recorded.
    """

    def __init__(self, sincos: str = DEFAULT_SINCOS) -> None:
        self.game = _core.Game(sincos)
        self._log = _Log()

    @property
    def frames(self) -> int:
        """Frames of the run up to now."""
        return self._log.frames

    def start(self, idle_frames: int = 1) -> None:
        """The click; as `Game.start`. A run begins."""
        self.game.start(idle_frames)
        idle = [Event("idle", idle_frames)] if idle_frames else []
        self._log.begin(self.game, *idle, Event("click"))

    def reset(self, release: bool = True) -> None:
        """The game's own restart; a run begins.

        Args:
            release: Let go of all keys first. Keys that stay down act in the restart's own frame.

        Raises:
            ValueError: The intro screen is up.
        """
        if not self.game.started:
            raise ValueError("the intro screen is up; call start() before reset()")
        if release:
            self.game.release()
        self.game.reset()
        self._log.begin(self.game, *([Event("release")] if release else []), Event("reset"))

    def step(self, keys: int, frames: int = 1, after_end: bool = False) -> int:
        """Holds keys for some frames; as `Game.step`."""
        left = frames
        while True:
            count = min(left, CHECK_EVERY - self._log.frames % CHECK_EVERY)
            made = self.game.step(keys, count, after_end)
            self._log.add(int(keys), made)
            left -= made
            if made and self._log.frames % CHECK_EVERY == 0:
                self._log.check(self.game)
            if left <= 0 or (self.game.game_ended and not after_end):
                return frames - left

    def recording(self, grid: Grid | None = None, **metadata: Any) -> Recording:
        """The run since the last start or restart.

        Args:
            grid: The steps in which the keys were chosen, if they were.
            **metadata: Further things to keep, of JSON's kinds.

        Raises:
            ValueError: The game has not been started.
        """
        if not self.game.started:
            raise ValueError("there is no run to keep: the game has not been started")
        return self._log.recording(self.game, grid, metadata)


class RecordEpisodes(gym.Wrapper[Observation, Any, Observation, Any]):
    """Keeps the episodes of a `QwopEnv`, those before on the same page included.

    An episode's recording holds all events on its page since it was loaded, because the
    game's restart leaves traces. `reload_on_reset` and `reset(seed=…)` keep it short.

    Args:
        env: A `QwopEnv`, or wrappers around one that pass its actions on.
        on_episode: Called with the recording of each episode that ends.
        **metadata: Further things to keep with each, of JSON's kinds.

    Attributes:
        last: The recording of the episode that ended last.

    Raises:
        TypeError: The environment is not a `QwopEnv`.
        ValueError: It has `noop_max` or `repeat_action_probability`.
    """

    def __init__(
        self,
        env: gym.Env[Observation, Any],
        on_episode: Callable[[Recording], None] | None = None,
        **metadata: Any,
    ) -> None:
        super().__init__(env)
        base = env.unwrapped
        if not isinstance(base, QwopEnv):
            raise TypeError(f"RecordEpisodes records a QwopEnv, got {type(base).__name__}")
        check_replayable(base)
        self.last: Recording | None = None
        self._base, self._on_episode, self._kept = base, on_episode, metadata
        # Only at a freshly loaded page are its events known.
        self._log: _Log | None = None
        self._last_action = 0

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """As the environment's; the first one loads the page anew.

        Raises:
            ValueError: The episode is to start at a snapshot: nobody knows what led there.
        """
        if options and options.get("snapshot") is not None:
            raise ValueError("an episode that starts at a snapshot cannot be recorded")
        if self._log is None and seed is None:
            seed = self._base.seedval
        result = self.env.reset(seed=seed, options=options)
        if self._log is None or seed is not None or self._base.reload_on_reset:
            self._log = _Log(page_of_env(self._base.frames_per_step))
        self._log.begin(self._base.game, *ENV_RESET)
        return result

    def step(self, action: Any) -> tuple[Observation, Any, bool, bool, dict[str, Any]]:
        """As the environment's."""
        result = self.env.step(action)
        if self._log is None:
            return result
        self._last_action = int(action)
        mask = self._base.action_keys[self._last_action]
        self._log.add(0 if mask == TERMINATE else mask, self._base.frames_per_step)
        if self._log.unchecked >= CHECK_EVERY:
            self._log.check(self._base.game)
        if result[2] or result[3]:
            self.last = self.recording()
            if self._on_episode:
                self._on_episode(self.last)
        return result

    def recording(self) -> Recording:
        """The episode up to now.

        Raises:
            ValueError: There has been no reset.
        """
        if self._log is None:
            raise ValueError("there is no episode to keep; call reset() first")
        terminated = self._log.frames > 0 and self._last_action == self._base.action_t
        grid = Grid(self._base.frames_per_step, self._base.action_set, terminated)
        return self._log.recording(self._base.game, grid, self._kept)
