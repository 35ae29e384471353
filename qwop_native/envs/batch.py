"""Games side by side: what the vector environments of gymnasium and of SB3 have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from gymnasium.error import ClosedEnvironmentError

from qwop_native import _core
from qwop_native.envs.arguments import (
    BROWSER_ONLY,
    DRAWN_SEED_END,
    check_int,
    check_names,
    check_seed,
    check_snapshot,
    is_integer,
    seed_word,
)
from qwop_native.envs.env import Observation, QwopEnv
from qwop_native.envs.errors import EnvNotResetError
from qwop_native.envs.spaces import OBSERVATION_SIZE
from qwop_native.facts import FRAMES_PER_SECOND

Mask = npt.NDArray[np.bool_]
Seeds = list[int | None]
Snapshots = list[bytes | None]

NO_LIMIT = -1
"""`max_episode_steps` of `gymnasium.make` and `make_vec` where there is to be no limit."""

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
        max_episode_steps: Steps after which an episode is truncated; None or -1 for no limit.
        instruction_set: One of `_core.instruction_sets()`; None for the fastest.
        env_kwargs: Arguments of `QwopEnv`.
        cores: As from `check_cores`, what the engine's threads are bound to.

    Attributes:
        template: A `QwopEnv` with the same arguments, for its tables; it is not one of the games.
        seeds: Seed of each game, Python's integers (num_envs,), as `QwopEnv` has it.
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
        cores: Sequence[int] = (),
    ) -> None:
        check_names(env_kwargs, owner, QwopEnv)
        self.num_envs = check_int("num_envs", num_envs, 1)
        num_threads = check_int("num_threads", num_threads, 0)
        if is_integer(max_episode_steps) and max_episode_steps == NO_LIMIT:
            max_episode_steps = None
        if max_episode_steps is not None:
            max_episode_steps = check_int("max_episode_steps", max_episode_steps, 1)
        self.template = QwopEnv(**env_kwargs)
        # What a copy is made with: no second warning about arguments without effect.
        kept = {name: value for name, value in env_kwargs.items() if name not in BROWSER_ONLY}
        limits = (autoreset, max_episode_steps, instruction_set)
        self._arguments = (owner, num_envs, num_threads, *limits, kept, list(cores))
        self._cores = list(cores)
        self._steps: _core.AsyncSteps | None = None
        self._engine: _core.BatchEngine | None = _core.BatchEngine(
            _core.EpisodeOptions(**self.template.episode_arguments()),
            num_envs=self.num_envs,
            num_threads=num_threads,
            max_episode_steps=max_episode_steps or 0,
            autoreset=autoreset,
            instruction_set=instruction_set or "",
            cores=self._cores,
        )
        seed = env_kwargs.get("seed")
        if seed is None:
            seed = int(np.random.default_rng().integers(DRAWN_SEED_END - self.num_envs))
        self.seeds = np.array(self.checked_seeds(seed), dtype=object)
        self._seed_chance(self._engine, None)
        self.max_episode_steps = max_episode_steps
        self.num_threads = self._engine.num_threads
        self.instruction_set = self._engine.instruction_set
        self.rewards = np.zeros(self.num_envs, np.float64)
        self.terminated = np.zeros(self.num_envs, np.bool_)
        self.truncated = np.zeros(self.num_envs, np.bool_)
        self._actions = np.zeros(self.num_envs, np.int64)
        self._take_columns(self._engine)

    def _seed_chance(self, engine: _core.BatchEngine, mask: Mask | None) -> None:
        if self.template.has_chance:
            words = np.array([seed_word(seed) for seed in self.seeds], np.uint64)
            engine.seed(words, mask=mask)

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
        self._steps = self._engine = None
        self.columns, self.final = {}, {}

    def checked_seeds(self, seed: int | Iterable[int | None]) -> Seeds:
        """One seed a game: seed, seed + 1, … or those of a sequence, in which None may stand.

        Raises:
            TypeError: A seed is not an integer.
            ValueError: A seed is negative, or there are not as many as games.
        """
        if not isinstance(seed, Iterable) or getattr(seed, "ndim", 1) == 0:
            first = check_seed(seed)
            return list(range(first, first + self.num_envs))
        seeds = [None if each is None else check_seed(each) for each in seed]
        if len(seeds) != self.num_envs:
            raise ValueError(f"there must be a seed for each of {self.num_envs} games, got {seeds}")
        return seeds

    def checked_snapshots(self, snapshot: Any) -> Snapshots:
        """One snapshot a game to start at: the same for all, or those of a sequence.

        Args:
            snapshot: From `Game.snapshot()` of any game under way with the same `sincos`, or a list
                or tuple of one for each game, in which None stands for the line; None for none.

        Raises:
            TypeError: A snapshot is not bytes.
            ValueError: One is damaged, from another version or of a game that is not under way, or
                there are not as many as games.
        """
        if snapshot is None or isinstance(snapshot, bytes):
            snapshots = [snapshot] * self.num_envs
        elif isinstance(snapshot, (list, tuple)):
            snapshots = list(snapshot)
        else:
            raise TypeError(
                f"a snapshot is bytes, or a list of one for each game, "
                f"got {type(snapshot).__name__}"
            )
        if len(snapshots) != self.num_envs:
            raise ValueError(
                f"there must be a snapshot, or None, for each of {self.num_envs} games, "
                f"got {len(snapshots)}"
            )
        different = {check_snapshot(each) for each in snapshots if each is not None}
        if different:
            trial = _core.Episode(_core.EpisodeOptions(**self.template.episode_arguments()))
            for each in different:
                trial.start_at(each, np.empty(OBSERVATION_SIZE, np.float32))
        return snapshots

    def reset(
        self,
        observations: Observation,
        mask: Mask | None,
        seeds: Seeds | None,
        snapshots: Snapshots | None = None,
    ) -> None:
        """Starts episodes, on freshly loaded pages where there is a seed.

        Args:
            observations: float32 (num_envs, 60), the rows of started games are written.
            mask: Games to start, bool (num_envs,); None for all.
            seeds: As from `checked_seeds`; None for none.
            snapshots: As from `checked_snapshots`, where to start instead; None for none.
        """
        engine = self.engine
        chosen = np.ones(self.num_envs, np.bool_) if mask is None else np.array(mask)
        seeded = np.zeros(self.num_envs, np.bool_)
        if seeds is not None:
            seeded = chosen & np.array([each is not None for each in seeds])
            self.seeds[seeded] = np.array(seeds, dtype=object)[seeded]
            self._seed_chance(engine, seeded)
        for game, snapshot in enumerate(snapshots or ()):
            if snapshot is not None and chosen[game]:
                chosen[game] = False
                engine.start_at(game, snapshot, observations[game])
        if seeded.any():
            engine.reset(observations, mask=seeded & chosen, reload=True)
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

    def steps(self, observations: Observation) -> _core.AsyncSteps:
        """Steps of parts of the games, whose results go to `observations` and this object's arrays.

        Args:
            observations: float32 (num_envs, 60), the same in each call.
        """
        engine = self.engine
        if self._steps is None:
            self._steps = _core.AsyncSteps(
                engine,
                obs=observations,
                rewards=self.rewards,
                terminated=self.terminated,
                truncated=self.truncated,
                cores=self._cores,
            )
        return self._steps

    def require_idle(self) -> None:
        """Raises RuntimeError while games are under way, sent and not yet received."""
        if self._steps is not None and self._steps.under_way:
            raise RuntimeError(
                f"{self._steps.under_way} games are under way; receive them with recv() first"
            )

    def ended(self) -> Mask:
        """Games whose episode ended in the last step, as a new array."""
        return self.terminated | self.truncated

    def infos(self, mask: Mask | None = None, final: bool = False) -> dict[str, Any]:
        """Info of many games as gymnasium's vector environments have it.

        Args:
            mask: Games that have this info, bool (num_envs,); None for all.
            final: That of the episodes that ended last instead of those under way.

        Returns:
            New arrays (num_envs,), zero where the mask is not set: time, distance and avgspeed
            (float32), is_success (bool), frames (int64) and time_s (float64), the dtypes that
            gymnasium's SyncVectorEnv gives them; under each key with an underscore before it a
            mask (bool).
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
        seeds, self.rewards, self.terminated, self.truncated = state["results"]
        self.seeds = np.array(seeds, dtype=object)
        if state["games"] is None:
            self.close()
            return
        for game, snapshot in enumerate(state["games"]):
            self.engine.restore(game, snapshot)
