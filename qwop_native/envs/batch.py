"""Games side by side: what the vector environments of gymnasium and of SB3 have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.error import ClosedEnvironmentError

from qwop_native import _core
from qwop_native.envs.arguments import (
    BROWSER_ONLY,
    SEED_END,
    check_int,
    check_names,
    check_seed,
    check_snapshot,
)
from qwop_native.envs.env import Observation, QwopEnv
from qwop_native.envs.errors import EnvNotResetError
from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.facts import FRAMES_PER_SECOND

Mask = npt.NDArray[np.bool_]
Seeds = npt.NDArray[np.int64]

NO_SEED = -1

INFO_COLUMNS = ("time", "distance", "avgspeed", "is_success", "frames")
"""What the engine keeps of each game and `QwopEnv` has in its info."""

_EPISODE_COLUMNS = {"return": "episode_return", "length": "episode_length"}


class Batch:
    """The compiled batch engine with checked arguments, result arrays and seeds.

    Args:
        owner: The environment class that takes the arguments, for messages.
        num_envs: Number of games.
        num_threads: Threads that step them; 0 means as many as there are usable cores.
        autoreset: "next_step", "same_step" or "disabled".
        max_episode_steps: Steps after which an episode is truncated; None for no limit.
        instruction_set: One of `_core.instruction_sets()`; None for the fastest.
        env_kwargs: Arguments of `QwopEnv`.

    Attributes:
        template: A `QwopEnv` with the same arguments, for its tables; it is not one of the games.
        seeds: Seed of each game, int64 (num_envs,). The game has no chance in it.
        rewards: Of the last step, float64 (num_envs,), overwritten by the next.
        terminated: Of the last step, bool (num_envs,), overwritten by the next.
        truncated: Of the last step, bool (num_envs,), overwritten by the next.
        columns: The engine's own memory about running episodes, by name, (num_envs,) each.
        final: The same about the episodes that ended in the last step; other rows are older.
    """

    def __init__(
        self,
        owner: type[Any],
        num_envs: int,
        num_threads: int,
        autoreset: str,
        max_episode_steps: int | None,
        instruction_set: str | None,
        env_kwargs: Mapping[str, Any],
    ) -> None:
        check_names(env_kwargs, owner, QwopEnv)
        self.num_envs = check_int("num_envs", num_envs, 1)
        num_threads = check_int("num_threads", num_threads, 0)
        if max_episode_steps is not None:
            max_episode_steps = check_int("max_episode_steps", max_episode_steps, 1)
        self.template = QwopEnv(**env_kwargs)
        # What a copy is made with: no second warning about arguments without effect.
        kept = {name: value for name, value in env_kwargs.items() if name not in BROWSER_ONLY}
        limits = (autoreset, max_episode_steps, instruction_set)
        self._arguments = (owner, num_envs, num_threads, *limits, kept)
        self._engine: _core.BatchEngine | None = _core.BatchEngine(
            _core.EpisodeOptions(**self.template.episode_arguments()),
            num_envs=self.num_envs,
            num_threads=num_threads,
            max_episode_steps=max_episode_steps or 0,
            autoreset=autoreset,
            instruction_set=instruction_set or "",
        )
        seed = env_kwargs.get("seed")
        if seed is None:
            seed = int(np.random.default_rng().integers(SEED_END - self.num_envs))
        self.seeds = self.checked_seeds(seed)
        self.max_episode_steps = max_episode_steps
        self.num_threads = self._engine.num_threads
        self.instruction_set = self._engine.instruction_set
        self.rewards = np.zeros(self.num_envs, np.float64)
        self.terminated = np.zeros(self.num_envs, np.bool_)
        self.truncated = np.zeros(self.num_envs, np.bool_)
        self._actions = np.zeros(self.num_envs, np.int64)
        self._take_columns(self._engine)

    def _take_columns(self, engine: _core.BatchEngine) -> None:
        self.columns = {name: getattr(engine, name) for name in INFO_COLUMNS}
        self.final = {name: getattr(engine, f"final_{name}") for name in (*INFO_COLUMNS, "obs")}
        for name, running in _EPISODE_COLUMNS.items():
            self.columns[running] = getattr(engine, running)
            self.final[name] = getattr(engine, f"final_{name}")

    @property
    def engine(self) -> _core.BatchEngine:
        """The engine; ClosedEnvironmentError after `close`."""
        if self._engine is None:
            raise ClosedEnvironmentError("the environment was closed; make a new one")
        return self._engine

    def close(self) -> None:
        """Lets go of the games and their threads."""
        self._engine = None
        self.columns, self.final = {}, {}

    def checked_seeds(self, seed: int | Iterable[int | None]) -> Seeds:
        """One seed a game: seed, seed + 1, … or those of a sequence, in which None may stand.

        Returns:
            int64 (num_envs,), `NO_SEED` for None.

        Raises:
            TypeError: A seed is not an integer.
            ValueError: A seed is out of range, or there are not as many as games.
        """
        if isinstance(seed, Iterable):
            seeds = [NO_SEED if each is None else check_seed(each) for each in seed]
            if len(seeds) != self.num_envs:
                raise ValueError(
                    f"there must be a seed for each of {self.num_envs} games, got {seeds}"
                )
            return np.array(seeds, np.int64)
        first = check_seed(seed)
        if first + self.num_envs > SEED_END:
            raise ValueError(
                f"seed must leave room for those of the {self.num_envs} games up to 2**31 - 1, "
                f"got {seed!r}"
            )
        return np.arange(first, first + self.num_envs, dtype=np.int64)

    def reset(self, observations: Observation, mask: Mask | None, seeds: Seeds | None) -> None:
        """Starts episodes, on freshly loaded pages where there is a seed.

        Args:
            observations: float32 (num_envs, 60), the rows of started games are written.
            mask: Games to start, bool (num_envs,); None for all.
            seeds: As from `checked_seeds`; None for none.
        """
        engine = self.engine
        chosen = np.ones(self.num_envs, np.bool_) if mask is None else np.array(mask)
        if seeds is None:
            engine.reset(observations, mask=chosen)
            return
        seeded = chosen & (seeds != NO_SEED)
        self.seeds[seeded] = seeds[seeded]
        engine.reset(observations, mask=seeded, reload=True)
        engine.reset(observations, mask=chosen & ~seeded)

    def step(self, actions: Any, observations: Observation) -> None:
        """Takes one action in each game; writes `rewards`, `terminated` and `truncated`.

        Args:
            actions: Integers of shape (num_envs,).
            observations: float32 (num_envs, 60), written.

        Raises:
            TypeError: The actions are not integers.
            ValueError: Their shape is wrong or one is out of range; nothing has moved then.
            NotResetError: A game has no episode to step, gymnasium's `ResetNeeded` as well; nothing
                has moved.
        """
        engine = self.engine
        actions = np.asarray(actions)
        if actions.dtype.kind not in "iu":
            raise TypeError(f"actions must be integers, got {actions.dtype} in {actions!r}")
        if actions.shape != (self.num_envs,):
            raise ValueError(f"actions must have shape ({self.num_envs},), got {actions.shape}")
        self._actions[:] = actions
        try:
            engine.step(
                self._actions,
                obs=observations,
                rewards=self.rewards,
                terminated=self.terminated,
                truncated=self.truncated,
            )
        except _core.NotResetError as error:
            raise EnvNotResetError(f"{error}; call reset() first") from None

    def ended(self) -> Mask:
        """Games whose episode ended in the last step, as a new array."""
        return self.terminated | self.truncated

    def infos(self, mask: Mask | None = None, final: bool = False) -> dict[str, Any]:
        """Info of many games as gymnasium's vector environments have it.

        Args:
            mask: Games that have this info, bool (num_envs,); None for all.
            final: That of the episodes that ended last instead of those under way.

        Returns:
            New arrays: the keys of `QwopEnv`'s info, zero where the mask is not set, and under
            each key with an underscore before it a mask.
        """
        return self.engine.infos(final=final, mask=mask)

    def info(self, columns: Mapping[str, npt.NDArray[Any]], game: int) -> dict[str, Any]:
        """Info of one game, equal to `QwopEnv`'s in values and types."""
        frames = int(columns["frames"][game])
        return {
            "time": columns["time"][game],
            "distance": columns["distance"][game],
            "avgspeed": columns["avgspeed"][game],
            "is_success": bool(columns["is_success"][game]),
            "frames": frames,
            "time_s": frames / FRAMES_PER_SECOND,
        }

    def observation(self, game: int) -> Observation:
        """What a game looks like now, float32 (60,)."""
        bodies = self.engine.game(game).bodies
        look = self.template
        quantities = (look.pos_x, look.pos_y, look.angle, look.vel_x, look.vel_y)
        columns = [
            quantity.normalize(bodies[:, field].astype(np.float32))
            for field, quantity in enumerate(quantities)
        ]
        shown: Observation = np.stack(columns, axis=1).clip(-1, 1).reshape(OBSERVATION_SIZE)
        return shown

    def __getstate__(self) -> dict[str, Any]:
        games = None
        if self._engine is not None:
            games = [self._engine.snapshot(game) for game in range(self.num_envs)]
        results = (self.seeds, self.rewards, self.terminated, self.truncated)
        return {"arguments": self._arguments, "games": games, "results": results}

    def __setstate__(self, state: dict[str, Any]) -> None:
        Batch.__init__(self, *state["arguments"])
        self.seeds, self.rewards, self.terminated, self.truncated = state["results"]
        if state["games"] is None:
            self.close()
            return
        for game, snapshot in enumerate(state["games"]):
            self.engine.restore(game, snapshot)


class GamesOfBatch:
    """What a vector environment offers for each of its games: exact states, for search."""

    _batch: Batch

    @property
    def template(self) -> QwopEnv:
        """A `QwopEnv` with the same arguments, for its tables; it is not one of the games."""
        return self._batch.template

    @property
    def num_threads(self) -> int:
        """Threads that step the games."""
        return self._batch.num_threads

    @property
    def instruction_set(self) -> str:
        """Instruction set that the engine uses; all give the same bits."""
        return self._batch.instruction_set

    @property
    def max_episode_steps(self) -> int | None:
        """Steps after which an episode is truncated; None where there is no limit."""
        return self._batch.max_episode_steps

    @property
    def seeds(self) -> Seeds:
        """Seed of each game, int64 (num_envs,). The game has no chance in it."""
        return self._batch.seeds

    def snapshot(self, game: int) -> bytes:
        """One game with its episode, exactly.

        Raises:
            IndexError: There is no such game.
        """
        return self._batch.engine.snapshot(game)

    def restore(self, game: int, snapshot: bytes) -> None:
        """Puts a game where `snapshot` was taken, of this game or of any other like it.

        Raises:
            IndexError: There is no such game.
            TypeError: The snapshot is not bytes.
            ValueError: The snapshot is damaged or from another version; the game is untouched.
        """
        check_snapshot(snapshot)
        self._batch.engine.restore(game, snapshot)

    def start_at(self, game: int, snapshot: bytes) -> Observation:
        """Starts an episode of a game in the middle of a run.

        Return and length count from there, distance and frames from where the run began.

        Args:
            game: The game to start.
            snapshot: From `Game.snapshot()` of any game under way with the same `sincos`.

        Returns:
            The first observation, float32 (60,).

        Raises:
            IndexError: There is no such game.
            TypeError: The snapshot is not bytes.
            ValueError: The snapshot is damaged, from another version or of a game that is not under
                way; the game is untouched.
        """
        check_snapshot(snapshot)
        observation = np.empty(OBSERVATION_SIZE, np.float32)
        self._batch.engine.start_at(game, snapshot, observation)
        return observation

    def copy_game(self, source: int, target: int) -> None:
        """Puts game `target` where game `source` is, episode and all.

        Raises:
            IndexError: There is no such game.
        """
        self._batch.engine.copy_game(source=source, target=target)

    def game(self, game: int) -> _core.Game:
        """A copy of one game.

        Raises:
            IndexError: There is no such game.
        """
        return self._batch.engine.game(game)

    def observation(self, game: int) -> Observation:
        """What a game looks like now, float32 (60,): after `restore`, for instance.

        Raises:
            IndexError: There is no such game.
        """
        return self._batch.observation(game)
