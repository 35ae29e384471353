"""Other environments, as context for the numbers: what they step is not QWOP, or not natively.

BipedalWalker is gymnasium's Box2D task of about this size: one ``world.Step`` a step, a body with
four joints, and a lidar. The real game in a browser is stepped through the parity harness, and
qwop-gym through its own package.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

import gymnasium as gym
import numpy as np

from qwop_native.benchmarking.play import RandomSource
from qwop_native.benchmarking.players import Played, Player, Scene
from qwop_native.benchmarking.report import Measurement
from qwop_native.benchmarking.settings import FRAMES, Settings
from qwop_native.benchmarking.turns import rates, take_turns

if TYPE_CHECKING:
    from qwop_native.parity.browser import BrowserOptions, GameSource

_POOL = 512  # environments of EnvPool


@dataclass(frozen=True)
class Named:
    """What only the user can name.

    Attributes:
        browser: How the browser is started.
        game: Where the real game comes from; None leaves it out.
        qwop_gym: Paths of qwop-gym's browser and driver; None leaves it out.
    """

    browser: BrowserOptions | None = None
    game: GameSource | None = None
    qwop_gym: tuple[str, str] | None = None


class EnvOfOthersPlayer:
    """A single gymnasium environment with random actions, reset where an episode ends.

    Args:
        env: The environment.
        frames: Frames of QWOP a step; 0 where there are none.
        seed: Of the actions.
    """

    def __init__(self, env: Any, frames: int, seed: int) -> None:
        self._env, self._frames = env, frames
        env.action_space.seed(seed)
        env.reset(seed=seed)

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        steps, spent = 0, 0.0
        while spent < seconds:
            action = self._env.action_space.sample()
            begin = perf_counter()
            _, _, terminated, truncated, _ = self._env.step(action)
            if terminated or truncated:
                self._env.reset()
            spent += perf_counter() - begin
            steps += 1
        return Played(steps * self._frames, steps, spent)


class EnvPoolPlayer:
    """EnvPool's BipedalWalker, all environments in step, on one thread."""

    def __init__(self, seed: int) -> None:
        import envpool

        self._env = envpool.make_gymnasium(
            "BipedalWalker-v3", num_envs=_POOL, num_threads=1, seed=seed
        )
        self._env.reset()
        self._rng = np.random.default_rng(seed)

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        steps, spent = 0, 0.0
        while spent < seconds:
            actions = self._rng.uniform(-1, 1, (_POOL, 4)).astype(np.float32)
            begin = perf_counter()
            self._env.step(actions)
            spent += perf_counter() - begin
            steps += _POOL
        return Played(0, steps, spent)


class GamePagePlayer:
    """The real game in a browser, stepped by the parity harness as qwop-gym steps it.

    Args:
        page: The loaded game.
        scene: What is played; always random actions.
    """

    def __init__(self, page: Any, scene: Scene) -> None:
        from qwop_native.parity.browser_env import BrowserEnv

        arguments = {"frames_per_step": scene.frames, "reduced_action_set": True}
        self._env = BrowserEnv(page, arguments)
        self._env.reset()
        self._source = RandomSource(1, scene.seed)
        self._frames = scene.frames

    def play(self, seconds: float) -> Played:
        """Plays on until the timed calls have taken so many seconds."""
        steps, spent = 0, 0.0
        while spent < seconds:
            action = int(self._source.next()[0])
            begin = perf_counter()
            row = self._env.step(action)
            if row["terminated"][0]:
                self._env.reset()
            spent += perf_counter() - begin
            steps += 1
        return Played(steps * self._frames, steps, spent)


def measure(settings: Settings, say: Callable[[str], None], named: Named) -> list[Measurement]:
    """Measures what is installed or named.

    Args:
        settings: Of the run.
        say: Is told what had to be left out, and why.
        named: What only the user can name.

    Returns:
        Env steps a second, and frames a second where it is QWOP.
    """
    players: dict[str, Player] = {}
    closers: list[Callable[[], Any]] = []
    try:
        _add_bipedal(players, settings, say)
        _add_qwop_gym(players, closers, settings, named)  # it forks, which a browser may not like
        _add_game_page(players, closers, settings, say, named)
        turns = take_turns(players, settings.repeats, settings.seconds)
    finally:
        for close in reversed(closers):
            close()
    return [m for name, played in turns.items() for m in rates(name, played, {"part": "context"})]


def _add_bipedal(
    players: dict[str, Player], settings: Settings, say: Callable[[str], None]
) -> None:
    try:
        env = gym.make("BipedalWalker-v3").unwrapped
        players["gymnasium BipedalWalker-v3"] = EnvOfOthersPlayer(env, 0, settings.seed)
    except gym.error.DependencyNotInstalled as error:
        say(f"gymnasium's BipedalWalker is not measured: {error}")
    try:
        players[f"EnvPool BipedalWalker-v3, {_POOL} environments, 1 thread"] = EnvPoolPlayer(
            settings.seed
        )
    except ImportError:
        say("EnvPool is not measured: pip install envpool")


def _add_game_page(
    players: dict[str, Player],
    closers: list[Callable[[], Any]],
    settings: Settings,
    say: Callable[[str], None],
    named: Named,
) -> None:
    if named.game is None or named.browser is None:
        return
    from qwop_native.parity.browser import Browser, BrowserError

    try:
        browser = Browser(named.browser)
        closers.append(browser.close)
        page = browser.open_game(named.game)
    except (BrowserError, FileNotFoundError) as error:
        say(f"the real game is not measured: {error}")
        return
    name = f"the real game in {browser.name} {browser.version}"
    players[name] = GamePagePlayer(page, settings.scene())


def _add_qwop_gym(
    players: dict[str, Player],
    closers: list[Callable[[], Any]],
    settings: Settings,
    named: Named,
) -> None:
    if named.qwop_gym is None:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it takes the id QWOP-v1
        import qwop_gym

    browser, driver = named.qwop_gym
    env = qwop_gym.QwopEnv(
        browser=browser,
        driver=driver,
        frames_per_step=FRAMES,
        reduced_action_set=True,
        seed=settings.seed,
        loglevel="ERROR",
    )
    closers.append(env.close)
    players["qwop-gym"] = EnvOfOthersPlayer(env, FRAMES, settings.seed)
