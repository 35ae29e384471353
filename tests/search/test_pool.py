"""Pools of games: whatever is done side by side, each game is the one it would be alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from qwop_native import Game, _core, load_recording
from qwop_native.envs.spaces import observations
from qwop_native.search.states import States


def started(sincos="glibc"):
    game = Game(sincos)
    game.start()
    game.reset()
    return game


@pytest.mark.parametrize("instruction_set", _core.instruction_sets())
@pytest.mark.parametrize("threads", [1, 2])
def test_expanding_equals_playing_each_game_alone(instruction_set, threads):
    kept = _core.GamePool(
        started(), num_envs=20, num_threads=threads, instruction_set=instruction_set
    )
    tried = _core.GamePool(
        started(), num_envs=70, num_threads=threads, instruction_set=instruction_set
    )
    alone = [started() for _ in range(20)]
    rng = np.random.default_rng(5)
    kept.step(np.zeros(20, np.uint8), frames=0)
    for _ in range(40):
        parents = rng.integers(0, 20, 70).astype(np.int32)
        keys = rng.integers(0, 16, 70).astype(np.uint8)
        tried.expand(kept, parents=parents, keys=keys, frames=7)
        chosen = rng.permutation(70)[:20].astype(np.int32)
        kept.take(tried, parents=chosen)
        alone = [alone[parents[i]].copy() for i in chosen]
        for game, i in zip(alone, chosen, strict=True):
            if not game.game_ended:
                game.step(int(keys[i]), 7)
        for i, game in enumerate(alone):
            assert kept.game(i).state_hash() == game.state_hash()
            assert np.array_equal(kept.bodies[i], game.bodies)
            assert kept.frames[i] == game.frames
            assert kept.score[i] == game.score
            assert bool(kept.events[i] & 1) == game.fallen
            assert bool(kept.events[i] & 8) == game.game_ended
    assert any(game.game_ended for game in alone)


HURDLE_RUNS = ("hurdle-listed-second", "hurdle-kicked-along")


@pytest.mark.parametrize("instruction_set", _core.instruction_sets())
@pytest.mark.parametrize("name", HURDLE_RUNS)
def test_the_hurdle_is_touched_in_a_step_of_several_frames(name, instruction_set):
    """Its contact with a part may name either first, and it may move while a runner is in lanes."""
    recording = load_recording(Path(__file__).with_name(f"{name}.qwop"))
    for frames in (3, 7, 40):
        alone = Game(recording.sincos)
        recording.prepare(alone)
        pool = _core.GamePool(alone, num_envs=3, num_threads=1, instruction_set=instruction_set)
        for begin in range(0, len(recording.keys), frames):
            keys = recording.keys[begin : begin + frames]
            for mask in keys.tolist():
                alone.step(mask)
            for held, count in _holds(keys):
                pool.step(np.full(3, held, np.uint8), frames=count)
            assert pool.game(2).state_hash() == alone.state_hash(), f"frame {begin}, {frames}"
        assert pool.bodies[0, 0, 0] > 505


def _holds(keys):
    """Masks and how many frames each is held."""
    edges = np.flatnonzero(np.diff(keys)) + 1
    return [(int(part[0]), len(part)) for part in np.split(keys, edges)]


def test_games_that_ended_stand_still():
    pool = _core.GamePool(started(), num_envs=1, num_threads=1)
    rng = np.random.default_rng(1)
    for _ in range(200):
        pool.step(rng.integers(0, 16, 1).astype(np.uint8), frames=8)
    assert pool.events[0] & 8
    before = pool.game(0).state_hash()
    pool.step(np.array([8], np.uint8), frames=5)
    assert pool.game(0).state_hash() == before


def test_observations_of_bodies_are_the_environments():
    from qwop_native import QwopEnv

    env = QwopEnv(frames_per_step=3)
    obs, _ = env.reset(seed=1)
    for step in range(60):
        assert np.array_equal(observations(env.game.bodies[None])[0], obs)
        obs, _, ended, _, _ = env.step(step * 7 % 16)
        if ended:
            break


def test_refusals_say_what_is_accepted():
    kept = _core.GamePool(started(), num_envs=4, num_threads=1)
    tried = _core.GamePool(started(), num_envs=4, num_threads=1)
    parents, keys = np.zeros(4, np.int32), np.zeros(4, np.uint8)
    with pytest.raises(ValueError, match="another pool"):
        kept.expand(kept, parents=parents, keys=keys, frames=1)
    with pytest.raises(ValueError, match="same length"):
        tried.expand(kept, parents=parents, keys=keys[:2], frames=1)
    with pytest.raises(ValueError, match=r"parents must be in 0\.\.3, got 4"):
        tried.expand(kept, parents=parents + 4, keys=keys, frames=1)
    with pytest.raises(ValueError, match=r"keys must be in 0\.\.15, got 16"):
        tried.expand(kept, parents=parents, keys=keys + 16, frames=1)
    with pytest.raises(ValueError, match=r"n at most 4"):
        tried.step(np.zeros(5, np.uint8), frames=1)
    with pytest.raises(ValueError, match="flavor"):
        tried.expand(
            _core.GamePool(started("fdlibm"), num_envs=4, num_threads=1),
            parents=parents,
            keys=keys,
            frames=1,
        )
    with pytest.raises(ValueError, match="flavor"):
        tried.set_game(0, started("fdlibm"))
    with pytest.raises(ValueError, match="num_envs must be in"):
        _core.GamePool(started(), num_envs=0)
    assert len(States.of(kept, 3)) == 3
