"""The gymnasium environment of one game, a drop-in for qwop-gym's."""

from __future__ import annotations

import operator
import warnings
from typing import Any

import gymnasium as gym
import numpy as np
import numpy.typing as npt

from qwop_native import _core
from qwop_native.envs.arguments import (
    DRAWN_SEED_END,
    check_bool,
    check_float32,
    check_int,
    check_names,
    check_probability,
    check_seed,
    check_snapshot,
    choose_action_set,
    seed_word,
    snapshot_option,
)
from qwop_native.envs.errors import EnvNotResetError
from qwop_native.envs.spaces import OBSERVATION_SIZE, Normalizer, action_keys, key_codes
from qwop_native.facts import DEFAULT_SINCOS

Observation = npt.NDArray[np.float32]


class QwopEnv(gym.Env[Observation, np.int64]):
    """QWOP with the observations, rewards, endings and info of qwop-gym, float for float.

    Observations are float32 of shape (60,): x, y, angle, vx, vy of the twelve parts of
    `qwop_native.envs.spaces.PARTS`, each mapped onto -1..1 and clipped. Actions are indices into
    `action_keys`.

    Args:
        render_mode: None, "rgb_array" or "human" (a window at real speed); "browser" is accepted
            and ignored.
        failure_cost: Taken from the reward when an episode ends without success.
        success_reward: Added to the reward when an episode ends beyond 100 m.
        time_cost_mult: Weight of the time that a step takes.
        speed_rew_mult: Weight of the speed during a step.
        frames_per_step: Updates of the game per step, at least 1.
        reload_on_reset: Load the page anew at each reset. The game's own restart, the default,
            leaves traces: even and odd resets differ once the hurdle is reached.
        reduced_action_set: qwop-gym's nine actions instead of sixteen.
        action_set: "full", "reduced" or "essential" (the nine that differ in the game); None
            leaves the choice to `reduced_action_set`.
        t_for_terminate: Append an action that ends the episode at once.
        seed: Any integer from 0, drawn at random if None. Only the next two arguments draw from
            it: the game itself has no chance in it.
        noop_max: A reset at the line plays 1 to so many steps without keys first, as gymnasium's
            AtariPreprocessing does; 0 for none. They do not count as steps of the episode.
        repeat_action_probability: That a step holds the keys of the one before instead of its own,
            as gymnasium's StickyAction does, and no keys before the first; below 1.
        sincos: Which browsers' sine and cosine: "glibc", "glibc-fma" or "fdlibm".
        render_size: Width and height of pictures in pixels.
        **browser_only: Those in `qwop_native.envs.arguments.BROWSER_ONLY` are accepted and ignored
            with one warning.

    Raises:
        TypeError: An argument is unknown or of the wrong type.
        ValueError: An argument has a value that is not accepted.
    """

    metadata: dict[str, Any] = {  # noqa: RUF012  gymnasium's
        "render_modes": ["human", "rgb_array"],
        "render_fps": 30,
    }

    def __init__(
        self,
        *,
        render_mode: str | None = None,
        failure_cost: float = 10,
        success_reward: float = 50,
        time_cost_mult: float = 10,
        speed_rew_mult: float = 0.01,
        frames_per_step: int = 1,
        reload_on_reset: bool = False,
        reduced_action_set: bool = False,
        action_set: str | None = None,
        t_for_terminate: bool = False,
        seed: int | None = None,
        noop_max: int = 0,
        repeat_action_probability: float = 0.0,
        sincos: str = DEFAULT_SINCOS,
        render_size: tuple[int, int] = (640, 400),
        **browser_only: Any,
    ) -> None:
        check_names(browser_only, QwopEnv)
        ignored = [*browser_only, *(["render_mode"] if render_mode == "browser" else [])]
        if ignored:
            warnings.warn(
                f"no browser is used, so these arguments have no effect: {', '.join(ignored)}",
                stacklevel=2,
            )

        self.failure_cost = check_float32("failure_cost", failure_cost)
        self.success_reward = check_float32("success_reward", success_reward)
        self.time_cost_mult = check_float32("time_cost_mult", time_cost_mult)
        self.speed_rew_mult = check_float32("speed_rew_mult", speed_rew_mult)
        self.frames_per_step = check_int("frames_per_step", frames_per_step, 1)
        self.render_mode = None if render_mode == "browser" else render_mode
        self._display = None
        if self.render_mode is not None:
            from qwop_native.render.display import EnvDisplay

            self._display = EnvDisplay(self.render_mode, render_size, self.frames_per_step)
        self.metadata = {**self.metadata, "render_fps": _render_fps(self.frames_per_step)}
        self.reload_on_reset = check_bool("reload_on_reset", reload_on_reset)
        self.reduced_action_set = check_bool("reduced_action_set", reduced_action_set)
        self.t_for_terminate = check_bool("t_for_terminate", t_for_terminate)
        self.action_set = choose_action_set(action_set, self.reduced_action_set)
        self.noop_max = check_int("noop_max", noop_max, 0, 2**31 - 1)
        self.repeat_action_probability = check_probability(
            "repeat_action_probability", repeat_action_probability
        )
        self.sincos = sincos
        if seed is None:
            seed = int(np.random.default_rng().integers(DRAWN_SEED_END))
        self.seedval = check_seed(seed)

        self.action_keys = action_keys(self.action_set, self.t_for_terminate)
        self.action_t = len(self.action_keys) - 1 if self.t_for_terminate else None
        self.action_space = gym.spaces.Discrete(len(self.action_keys))
        self.observation_space = gym.spaces.Box(-1, 1, (OBSERVATION_SIZE,), np.float32)

        self.pos_x = Normalizer("pos_x", -10, 1050)
        self.pos_y = Normalizer("pos_y", -10, 10)
        self.angle = Normalizer("angle", -6, 6)
        self.vel_x = Normalizer("vel_x", -20, 60)
        self.vel_y = Normalizer("vel_y", -25, 60)

        self._episode = _core.Episode(_core.EpisodeOptions(**self.episode_arguments()))
        self._episode.seed(seed_word(self.seedval))
        self._needs_reset = "the first reset"

    def episode_arguments(self) -> dict[str, Any]:
        """The arguments of the compiled engine's `EpisodeOptions`."""
        return {
            "action_keys": self.action_keys,
            "frames_per_step": self.frames_per_step,
            "failure_cost": float(self.failure_cost),
            "success_reward": float(self.success_reward),
            "time_cost_mult": float(self.time_cost_mult),
            "speed_rew_mult": float(self.speed_rew_mult),
            "reload_on_reset": self.reload_on_reset,
            "sincos": self.sincos,
            "noop_max": self.noop_max,
            "repeat_action_probability": self.repeat_action_probability,
        }

    @property
    def has_chance(self) -> bool:
        """Whether `noop_max` or `repeat_action_probability` is on: actions alone tell no run."""
        return self.noop_max > 0 or self.repeat_action_probability > 0

    @property
    def game(self) -> _core.Game:
        """The game being played; what is done to it is done to the episode."""
        return self._episode.game

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Starts an episode with the game's own restart.

        Args:
            seed: If given, the page is loaded anew first, so that the episodes that follow do not
                depend on those before; the draws of `noop_max` and `repeat_action_probability`
                begin anew, too.
            options: "snapshot", from `Game.snapshot()` of any game under way with the same
                `sincos`, starts the episode there instead of at the line, without idle steps.

        Returns:
            The first observation, float32 of shape (60,), and the info.

        Raises:
            TypeError: The seed is not an integer, or the snapshot not bytes.
            ValueError: The seed is negative, or the snapshot is damaged, from another version or of
                a game that is not under way. The environment is as it was after any refusal.
        """
        if seed is not None:
            seed = check_seed(seed)
        observation = np.empty(OBSERVATION_SIZE, np.float32)
        snapshot = snapshot_option(options)
        if snapshot is None:
            if seed is not None:
                self._episode.seed(seed_word(seed))
            self._episode.reset(observation, reload=seed is not None)
        else:
            self._episode.start_at(check_snapshot(snapshot), observation)
            if seed is not None:
                self._episode.seed(seed_word(seed))
        super().reset(seed=seed)
        if seed is not None:
            self.seedval = seed
        self._needs_reset = ""
        if self.render_mode == "human":
            self.render()
        return observation, self._info()

    def step(self, action: Any) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """Holds the keys of one action for `frames_per_step` updates of the game.

        Args:
            action: Index into `action_keys`, any integer type.

        Returns:
            Observation (float32, shape (60,)), reward, whether the episode ended, False (time
            limits are a wrapper's business), and the info.

        Raises:
            TypeError: The action is not an integer.
            ValueError: The action is out of range.
            NotResetError: There is no episode to step; gymnasium's `ResetNeeded` as well.
        """
        if self._needs_reset:
            raise EnvNotResetError(
                f"step() was called before {self._needs_reset}; call reset() first"
            )
        index = self._check_action(action)
        observation = np.empty(OBSERVATION_SIZE, np.float32)
        reward, terminated = self._episode.step(index, observation)
        if terminated:
            self._needs_reset = "the reset that has to follow an ended episode"
        if self.render_mode == "human":
            self.render()
        return observation, reward, terminated, False, self._info()

    def render(self) -> Any:
        """Draws the game.

        Returns:
            With `render_mode` "rgb_array" a picture, uint8 of shape (height, width, 3); else None:
            "human" shows it in the window, which `reset` and `step` do by themselves.
        """
        if self._display is None:
            gym.logger.warn("QwopEnv draws nothing: it was made without a render_mode")
            return None
        return self._display.render(self.game)

    def picture(self, game: _core.Game) -> Any:
        """Any game drawn as this environment draws its own; for environments of many games.

        Raises:
            ValueError: The environment was made without a render_mode.
        """
        if self._display is None:
            raise ValueError("this environment was made without a render_mode")
        return self._display.picture(game)

    def close(self) -> None:
        """Closes the window, if there is one."""
        if self._display is not None:
            self._display.close()

    def get_keys_to_action(self) -> dict[tuple[int, ...], int]:
        """Sorted key codes to the action that presses them, as `gymnasium.utils.play` wants it.

        The action without keys is left out: gymnasium's player refuses `()`, and takes action 0 by
        itself where no key is down.
        """
        table = {key_codes(keys): action for action, keys in enumerate(self.action_keys)}
        del table[()]
        return table

    def _check_action(self, action: Any) -> int:
        count = len(self.action_keys)
        if type(action) is not int:
            if isinstance(action, (bool, np.bool_)) or getattr(action, "shape", ()) != ():
                raise TypeError(_bad_action(action, count))
            try:
                action = operator.index(action)
            except TypeError:
                raise TypeError(_bad_action(action, count)) from None
        if not 0 <= action < count:
            raise ValueError(_bad_action(action, count))
        return int(action)

    def _info(self) -> dict[str, Any]:
        episode = self._episode
        return {
            "time": np.float32(episode.time),
            "distance": np.float32(episode.distance),
            "avgspeed": np.float32(episode.avgspeed),
            "is_success": episode.is_success,
            "frames": episode.frames,
            "time_s": episode.time_s,
        }


def check_replayable(env: QwopEnv) -> None:
    """Raises ValueError where an environment's actions alone do not tell what was played."""
    if env.has_chance:
        raise ValueError(
            "noop_max and repeat_action_probability must be 0 where episodes are recorded: their "
            "actions alone would not replay"
        )


def _render_fps(frames_per_step: int) -> int | float:
    # gymnasium's player takes nothing but an int.
    whole, rest = divmod(30, frames_per_step)
    return 30 / frames_per_step if rest else whole


def _bad_action(action: Any, count: int) -> str:
    return f"action must be an integer from 0 to {count - 1}, got {action!r}"
