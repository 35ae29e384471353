"""The gymnasium environment of many games."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from qwop_native import _core
from qwop_native.envs.arguments import check_bool, check_int, snapshot_option
from qwop_native.envs.batch import Batch, Mask
from qwop_native.envs.buffers import check_cores, writable_view
from qwop_native.envs.env import Observation
from qwop_native.envs.errors import EnvNotResetError
from qwop_native.envs.games import GamesOfBatch
from qwop_native.envs.spaces import OBSERVATION_SIZE

GROUP = 16
"""Games that one block of SIMD lanes holds, what `send` and `recv` deal in."""

Step = tuple[Observation, npt.NDArray[np.float64], Mask, Mask, dict[str, Any]]


class QwopVectorEnv(GamesOfBatch, VectorEnv[Observation, Any, npt.NDArray[Any]]):
    """Games side by side in one engine; each equals a `QwopEnv` float for float.

    Takes and returns what `gymnasium.vector.SyncVectorEnv` does over as many `QwopEnv`, in each of
    gymnasium's autoreset modes; `max_episode_steps` stands for its `TimeLimit`. Neither the number
    of games, nor of threads, nor the instruction set changes a bit.

    Infos are arrays (num_envs,): time, distance and avgspeed (float32), is_success (bool), frames
    (int64) and time_s (float64), each with a mask (bool) under its name after an underscore.

    To `get_attr`, a game has the attributes of `QwopEnv`, the numbers of its info and of its
    episode, `seedval`, `np_random_seed` and `game` (a copy); to `call`, also `snapshot()`,
    `restore(snapshot)`, `start_at(snapshot)`, `copy_game(target)`, `observation()`, `render()` and
    `get_keys_to_action()`. `set_attr` keeps notes of one's own under any other name.

    Args:
        num_envs: Number of games, 1 to 1,000,000.
        num_threads: Threads that step them; 0 means as many as affinity and cgroup allow.
        autoreset_mode: A `gymnasium.vector.AutoresetMode` or its value: "NextStep" resets an ended
            game in the next step, "SameStep" at once, "Disabled" leaves it to
            `reset(options={"reset_mask": …})`.
        max_episode_steps: Steps after which an episode is truncated; None or -1 for no limit.
        copy: Whether each call returns a new array of observations instead of the same one.
        instruction_set: A name such as "avx2" that this processor has; None for the fastest.
        batch_size: How many games `recv` returns: a multiple of 16, of which `num_envs` is one,
            too; None for all games.
        thread_affinity: Cores that the engine's threads are bound to, in turn; None for none. The
            thread that calls `step`, which works as well, is not bound.
        **env_kwargs: Arguments of `QwopEnv`. `seed` is the first game's, the others count up.

    Raises:
        TypeError: An argument is unknown or of the wrong type.
        ValueError: An argument has a value that is not accepted.
    """

    def __init__(
        self,
        num_envs: int,
        num_threads: int = 0,
        *,
        autoreset_mode: AutoresetMode | str = AutoresetMode.NEXT_STEP,
        max_episode_steps: int | None = None,
        copy: bool = True,
        instruction_set: str | None = None,
        batch_size: int | None = None,
        thread_affinity: Sequence[int] | None = None,
        **env_kwargs: Any,
    ) -> None:
        self.autoreset_mode = _check_mode(autoreset_mode)
        self.copy = check_bool("copy", copy)
        self._batch = Batch(
            QwopVectorEnv,
            num_envs,
            num_threads,
            self.autoreset_mode.name.lower(),
            max_episode_steps,
            instruction_set,
            env_kwargs,
            check_cores(thread_affinity),
        )
        self.num_envs = self._batch.num_envs
        self.batch_size = _check_batch_size(batch_size, self.num_envs)
        self.render_mode = self.template.render_mode
        if self.render_mode == "human":
            raise ValueError("render_mode must be None or rgb_array for many games, got 'human'")
        self.metadata = {**self.template.metadata, "autoreset_mode": self.autoreset_mode}
        self.single_action_space = self.template.action_space
        self.single_observation_space = self.template.observation_space
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self._own = np.zeros((self.num_envs, OBSERVATION_SIZE), np.float32)
        self._observations = self._own  # or the caller's that the last call wrote into

    def reset(
        self,
        *,
        seed: int | Iterable[int | None] | None = None,
        options: dict[str, Any] | None = None,
        out: Any = None,
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts episodes with the game's own restart.

        Args:
            seed: Given, the pages are loaded anew first, so that the episodes that follow do not
                depend on those before. An integer is the first game's, the others count up; or one
                for each game, None for those whose page goes on.
            options: "reset_mask", bool (num_envs,), restricts the reset to games where it is set.
                "snapshot", from `Game.snapshot()` of any game under way with the same `sincos`,
                starts the episodes there instead of at the line; or a list of one for each game,
                None for the line.
            out: Where the observations are written, as for `step`.

        Returns:
            Observations, float32 (num_envs, 60), in which other games keep their last rows, and
            the info of the games that were reset.

        Raises:
            TypeError: A seed is not an integer, the mask is not an array of bool, or a snapshot is
                not bytes.
            ValueError: A seed is negative, the mask has a wrong shape or nothing set, or `QwopEnv`
                would refuse a snapshot. The environment is as it was after any refusal.
        """
        snapshots = self._batch.checked_snapshots(snapshot_option(options))
        mask = _check_mask(options, self.num_envs)
        seeds = None if seed is None else self._batch.checked_seeds(seed)
        observations = self._own if out is None else self._target(out)
        if observations is not self._observations:
            self._batch.require_idle()
            observations[:] = self._observations
        self._batch.reset(observations, mask, seeds, snapshots)
        self._observations = observations
        if seeds is not None and not isinstance(seed, Iterable):
            super().reset(seed=seeds[0])
        return self._shown(out), self._batch.infos(mask)

    def step(self, actions: Any, out: Any = None) -> Step:
        """Takes one action in each game.

        Args:
            actions: Indices into `template.action_keys`, any integer type, shape (num_envs,). Games
                that are reset by this step ("NextStep") ignore theirs.
            out: Where the observations are written, without a copy: a contiguous float32 array of
                shape (num_envs, 60), or a tensor on the CPU that hands out its memory by DLPack.
                It is what is returned, then, and is not touched after the next call.

        Returns:
            Observations (float32, (num_envs, 60)), rewards (float64), terminations, truncations
            (bool) and infos. With "SameStep", infos have the last observations and infos of ended
            episodes as "final_obs" and "final_info".

        Raises:
            TypeError: The actions are not integers.
            ValueError: Their shape is wrong or one is out of range; nothing has moved then.
            NotResetError: A game has no episode to step, gymnasium's `ResetNeeded` as well; nothing
                has moved.
        """
        batch = self._batch
        observations = self._own if out is None else self._target(out)
        batch.step(actions, observations)
        self._observations = observations
        infos: dict[str, Any] = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            ended = batch.ended()
            if ended.any():
                infos = self._final_infos(ended)
        infos.update(batch.infos())
        return (
            self._shown(out),
            batch.rewards.copy(),
            batch.terminated.copy(),
            batch.truncated.copy(),
            infos,
        )

    def _target(self, out: Any) -> Observation:
        """The caller's memory, where the next observations go."""
        return writable_view("out", out, self._own.shape)

    def _shown(self, out: Any) -> Any:
        if out is not None:
            return out
        return self._observations.copy() if self.copy else self._observations

    def _keep_own(self) -> None:
        """Leaves the caller's memory alone from here on."""
        if self._observations is not self._own:
            self._own[:] = self._observations
            self._observations = self._own

    def send(self, actions: Any, env_id: Any = None) -> None:
        """Begins a step of some games on the engine's threads; `recv` returns what came of it.

        Games are sent and received in groups of 16, those that one block of SIMD lanes holds. Until
        all that were sent are received, nothing else can be asked of the environment.

        Args:
            actions: One for each game that is sent, as for `step`.
            env_id: Which games: `infos["env_id"]` of one or several `recv`; None for all.

        Raises:
            TypeError: The actions or the games are not integers.
            ValueError: An action is out of range, or a game unknown, under way or not in a whole
                group; nothing was sent then.
            NotResetError: A game has no episode to step, gymnasium's `ResetNeeded` as well.
        """
        if self.batch_size % GROUP or self.num_envs % GROUP:
            raise ValueError(
                f"send() and recv() need num_envs and batch_size that are multiples of {GROUP}, "
                f"got {self.num_envs} and {self.batch_size}"
            )
        ids = np.arange(self.num_envs) if env_id is None else np.asarray(env_id)
        actions = np.asarray(actions)
        for name, given in (("actions", actions), ("env_id", ids)):
            if given.dtype.kind not in "iu" or given.ndim != 1:
                raise TypeError(f"{name} must be a row of integers, got {given!r}")
        self._keep_own()
        steps = self._batch.steps(self._own)
        try:
            steps.send(ids.astype(np.int64), actions=actions.astype(np.int64))
        except _core.NotResetError as error:
            raise EnvNotResetError(f"{error}; call reset() first") from None

    def recv(self, out: Any = None) -> Step:
        """Waits until `batch_size` of the games that were sent are done, whichever are first.

        Args:
            out: Where their observations are written, as for `step`, shape (batch_size, 60).

        Returns:
            What `step` returns, with batch_size rows; `infos["env_id"]`, int64 (batch_size,), names
            the games.

        Raises:
            RuntimeError: Fewer games are under way.
            ValueError: `out` cannot be written into.
        """
        shape = (self.batch_size, OBSERVATION_SIZE)
        target = None if out is None else writable_view("out", out, shape)
        batch = self._batch
        ids = batch.steps(self._own).receive(games=self.batch_size)
        observations = np.take(self._own, ids, axis=0, out=target)
        mask = np.zeros(self.num_envs, np.bool_)
        mask[ids] = True
        infos: dict[str, Any] = {}
        if self.autoreset_mode is AutoresetMode.SAME_STEP:
            ended = np.zeros(self.num_envs, np.bool_)
            ended[ids] = batch.terminated[ids] | batch.truncated[ids]
            if ended.any():
                infos = self._final_infos(ended)
        infos.update(batch.infos(mask))
        return (
            observations if out is None else out,
            batch.rewards[ids],
            batch.terminated[ids],
            batch.truncated[ids],
            {**_rows(infos, ids), "env_id": ids},
        )

    def _final_infos(self, ended: Mask) -> dict[str, Any]:
        # One object a game, None for those that go on: gymnasium's wrappers look for that.
        observations = np.full(self.num_envs, None, dtype=object)
        for game in np.flatnonzero(ended):
            observations[game] = self._batch.final["obs"][game].copy()
        return {
            "final_obs": observations,
            "_final_obs": ended,
            "final_info": self._batch.infos(ended, final=True),
            "_final_info": ended.copy(),
        }

    def restore(self, game: int, snapshot: bytes) -> None:  # noqa: D102  see GamesOfBatch
        self._keep_own()
        super().restore(game, snapshot)
        self._observations[game] = self.observation(game)

    def start_at(self, game: int, snapshot: bytes) -> Observation:  # noqa: D102  see GamesOfBatch
        self._keep_own()
        observation = super().start_at(game, snapshot)
        self._observations[game] = observation
        return observation

    def copy_game(self, source: int, target: int) -> None:  # noqa: D102  see GamesOfBatch
        self._keep_own()
        super().copy_game(source, target)
        self._observations[target] = self._observations[source]

    @property
    def np_random_seed(self) -> tuple[int, ...]:  # type: ignore[override]
        """Seed of each game, as SyncVectorEnv has it."""
        return tuple(self._batch.seeds)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Calls a method of each game.

        Returns:
            What each returns; the value itself where the name is that of an attribute.

        Raises:
            AttributeError: The games have nothing of that name.
        """
        found = self.get_attr(name)
        return tuple(each(*args, **kwargs) if callable(each) else each for each in found)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """Attribute of each game; AttributeError if there is none of that name."""
        return tuple(self._attribute(name, game) for game in range(self.num_envs))

    def set_attr(self, name: str, values: Any) -> None:
        """Keeps a value with each game.

        Args:
            name: Any that the games do not have by themselves.
            values: A list or tuple of one for each game, or the same for all.

        Raises:
            AttributeError: The games have such an attribute by themselves.
            ValueError: There are not as many values as games.
        """
        values = list(values) if isinstance(values, (list, tuple)) else [values] * self.num_envs
        if len(values) != self.num_envs:
            raise ValueError(
                f"there must be a value for each of {self.num_envs} games, got {len(values)}"
            )
        for game, value in enumerate(values):
            self._note(name, game, value)

    def render(self) -> tuple[Any, ...] | None:
        """Draws the games.

        Returns:
            With `render_mode` "rgb_array" a picture of each, uint8 of shape (height, width, 3).
        """
        if self.render_mode is None:
            gym.logger.warn("QwopVectorEnv draws nothing: it was made without a render_mode")
            return None
        return tuple(self.template.picture(self.game(game)) for game in range(self.num_envs))

    def close_extras(self, **kwargs: Any) -> None:
        """Lets go of the games and their threads."""
        if "_batch" in vars(self):  # gymnasium before 1.3 closes what was refused to be made, too
            self._batch.close()


def _check_batch_size(batch_size: Any, num_envs: int) -> int:
    if batch_size is None:
        return num_envs
    size = check_int("batch_size", batch_size, 1)
    if size > num_envs or size % GROUP or num_envs % GROUP:
        raise ValueError(
            f"batch_size must be a multiple of {GROUP}, at most num_envs, and num_envs one, too; "
            f"got {size} of {num_envs}"
        )
    return size


def _rows(infos: dict[str, Any], ids: npt.NDArray[np.int64]) -> dict[str, Any]:
    """Rows of some games of all that an info holds."""
    return {
        name: _rows(value, ids) if isinstance(value, dict) else value[ids]
        for name, value in infos.items()
    }


def _check_mode(mode: Any) -> AutoresetMode:
    try:
        return AutoresetMode(mode)
    except ValueError:
        accepted = ", ".join(repr(each.value) for each in AutoresetMode)
        raise ValueError(
            f"autoreset_mode must be a gymnasium.vector.AutoresetMode or one of {accepted}, "
            f"got {mode!r}"
        ) from None


def _check_mask(options: dict[str, Any] | None, num_envs: int) -> Mask | None:
    if options is None or "reset_mask" not in options:
        return None
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray) or mask.dtype != np.bool_:
        kind = mask.dtype if isinstance(mask, np.ndarray) else type(mask).__name__
        raise TypeError(f"options['reset_mask'] must be a NumPy array of bool, got {kind}")
    if mask.shape != (num_envs,):
        raise ValueError(f"options['reset_mask'] must have shape ({num_envs},), got {mask.shape}")
    if not mask.any():
        raise ValueError("options['reset_mask'] must be set for at least one game")
    return mask
