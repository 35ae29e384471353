"""The engine's bits do not depend on the float mode that other libraries have set."""

from functools import cache

import numpy as np
import pytest
from float_modes import MODES, float_mode, needs_modes

from qwop_native import Game, QwopEnv, QwopVectorEnv, _core

pytestmark = needs_modes

KEYS = [int(keys) for keys in np.random.default_rng(3).integers(16, size=60)]
ANGLES = np.random.default_rng(4).uniform(-4, 4, 500)
SUBJECTS = {}


def subject(function):
    """Something whose results, as a function of nothing, must be equal in every mode."""
    SUBJECTS[function.__name__] = function
    return function


@subject
def scalar_games():
    found = []
    for sincos in ("glibc", "glibc-fma", "fdlibm"):
        game = Game(sincos)
        game.start(3)
        game.reset()
        for keys in KEYS:
            game.step(keys, 5, after_end=True)
            found.append(game.state_hash())
        game.tick(0.1)
        other = Game(sincos)
        other.restore(game.snapshot())
        other.step(9, 20, after_end=True)
        found += [other.state_hash(), game.score_time, game.score, game.bodies.tobytes()]
    return found


@subject
def episodes():
    env = QwopEnv(frames_per_step=4, failure_cost=0.1, time_cost_mult=0.3, speed_rew_mult=0.7)
    options = _core.EpisodeOptions(**env.episode_arguments())
    episode, observation = _core.Episode(options), np.zeros(60, np.float32)
    found = []
    for reload in (True, False):
        episode.reset(observation, reload=reload)
        for keys in KEYS[:30]:
            reward, over = episode.step(keys, observation)
            found += [reward, over, observation.tobytes(), episode.time, episode.distance]
            found += [episode.avgspeed, episode.time_s]
    return found


@pytest.mark.parametrize("sincos", ["glibc", "glibc-fma", "fdlibm"])
@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("instruction_set", _core.instruction_sets())
@pytest.mark.parametrize("mode", MODES)
def test_lanes(mode, instruction_set, threads, sincos):
    wanted = batch("scalar", 1, sincos)
    with float_mode(mode):
        found = batch.__wrapped__(instruction_set, threads, sincos)
    assert found == wanted


@cache
def batch(instruction_set, threads, sincos):
    options = QwopEnv(frames_per_step=4, sincos=sincos).episode_arguments()
    engine = _core.BatchEngine(
        _core.EpisodeOptions(**options),
        num_envs=40,
        num_threads=threads,
        max_episode_steps=20,
        autoreset="same_step",
        instruction_set=instruction_set,
    )
    observations, rewards = np.zeros((40, 60), np.float32), np.zeros(40)
    terminated, truncated = np.zeros(40, bool), np.zeros(40, bool)
    engine.reset(observations, reload=True)
    found = []
    for step in range(30):
        actions = np.array([KEYS[(7 * step + game) % len(KEYS)] for game in range(40)])
        engine.step(
            actions,
            obs=observations,
            rewards=rewards,
            terminated=terminated,
            truncated=truncated,
        )
        found += [observations.tobytes(), rewards.tobytes(), terminated.tobytes()]
    found += [engine.game(game).state_hash() for game in range(40)]
    found += [column.tobytes() for column in engine.infos().values()]
    return found


@subject
def searches():
    found = []
    for instruction_set in _core.instruction_sets():
        for threads in (1, 2):
            first = Game()
            first.start()
            first.reset()
            kept, tried = (
                _core.GamePool(
                    first, num_envs=40, num_threads=threads, instruction_set=instruction_set
                )
                for _ in range(2)
            )
            parents = np.arange(40, dtype=np.int32)[::-1].copy()
            for step in range(10):
                keys = np.array(KEYS[step : step + 40], np.uint8)
                tried.expand(kept, parents=parents, keys=keys, frames=6)
                kept.take(tried, parents=parents)
            found += [kept.game(index).state_hash() for index in range(40)]
            found += [kept.bodies.tobytes(), kept.score.tobytes()]
    length = len(found) // (2 * len(_core.instruction_sets()))
    assert found == found[:length] * (len(found) // length)
    return found[:length]


@subject
def games_that_reward_speed():
    first = Game()
    first.start()
    first.reset()
    pool = _core.GamePool(first, num_envs=20, num_threads=2)
    buckets = _core.SnapshotBuckets(units=0.37, size=2)
    games = _core.SpeedGames(
        pool,
        buckets,
        lines=[first],
        action_keys=list(range(16)),
        frames_per_step=4,
        reward_scale=0.05,
        time_cost=0.1,
        time_cost_share=0.7,
        finish_reward=130.0,
        fall_steps=0.0,
        slow_units=3.3,
        slow_steps=9,
        snapshot_starts=0.6,
        random_key_starts=0.5,
        random_frames=24,
        snapshot_chance=0.2,
        snapshot_after=3,
    )
    bits = np.random.default_rng(3).bit_generator
    games.reset(bits.capsule)
    found = [games.observe().tobytes()]
    for step in range(40):
        actions = np.array([KEYS[(step // 4 + game) % len(KEYS)] for game in range(20)])
        *arrays, ended = games.step(bits.capsule, actions=actions)
        found += [*(array.tobytes() for array in arrays), ended and ended[0], games.time_cost]
    assert len(buckets) > 5
    found += [buckets.state()[1].tobytes(), games.state()["returns"].tobytes()]
    return found


@subject
def sines():
    found = [_core.sincos(ANGLES, flavor) for flavor in ("glibc", "glibc-fma", "fdlibm")]
    return [array.tobytes() for pair in found for array in pair]


@subject
def pictures():
    canvas = _core.Canvas(60, 40)
    canvas.gradient((0.1, 0.2), (59.3, 39.7), 0x123456, 0xFEDCBA, 0.7)
    canvas.capsule((10.1, 10.3), 3.7, (30.9, 20.1), 5.3, 0xFF8800)
    canvas.polygon([(40.1, 5.7), (55.3, 9.1), (47.7, 30.3)], 1.3, 0x00FF88, 0.3)
    return canvas.pixels().tobytes()


@cache
def plain(name):
    return SUBJECTS[name]()


@pytest.mark.parametrize("name", SUBJECTS)
@pytest.mark.parametrize("mode", MODES)
def test_results_are_those_of_the_plain_mode(mode, name):
    wanted = plain(name)
    with float_mode(mode):
        found = SUBJECTS[name]()
    assert found == wanted


@pytest.mark.parametrize("mode", MODES)
def test_workers_that_began_in_another_mode(mode):
    def play(env):
        env.reset(seed=1)
        return [env.step(np.full(40, keys))[0].tobytes() for keys in KEYS]

    wanted = play(QwopVectorEnv(40, 2, frames_per_step=4, seed=1))
    with float_mode(mode):
        env = QwopVectorEnv(40, 2, frames_per_step=4, seed=1)
        env.reset(seed=1)
        env.step(np.zeros(40, int))
    assert play(env) == wanted


def test_nothing_is_bound_past_the_guard(request):
    folder = request.config.rootpath / "csrc" / "bindings"
    for path in folder.glob("*.?pp"):
        if path.name != "engine_class.hpp":
            text = path.read_text()
            assert "class_<" not in text.replace("EngineClass<", ""), path.name
            assert "module.def(" not in text, path.name
