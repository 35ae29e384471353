"""The planner: it plays on from anywhere, keeps its plan while it holds, and leaves games alone."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("sb3_contrib", reason="the planner's critic needs the training packages")

import gymnasium as gym
from stable_baselines3 import PPO

from qwop_native import Game
from qwop_native.champion import runs
from qwop_native.models.finish import finished
from qwop_native.models.starts import make_starts
from qwop_native.recording import load_recording
from qwop_native.search import Planner
from qwop_native.search.beam import path
from qwop_native.search.rolling_beam import RollingBeam

SMALL = {"width": 40, "lookahead_frames": 45}


@pytest.fixture
def begun(monkeypatch):
    """Games from which plans have begun."""
    found = []
    begin = RollingBeam.begin

    def noted(self, root):
        found.append(root.state_hash())
        begin(self, root)

    monkeypatch.setattr(RollingBeam, "begin", noted)
    return found


def start(kind="varied", which=0, sincos="glibc"):
    return make_starts(kind)[which].game(sincos)


def play(planner, game, decisions):
    for _ in range(decisions):
        game.step(planner.decide(game), planner.frames_per_step)


@pytest.mark.parametrize("sincos", ["glibc", "glibc-fma", "fdlibm"])
def test_it_runs_from_a_start_it_has_never_met(sincos):
    game = start("scrambled", 3, sincos)
    planner = Planner(**SMALL)
    play(planner, game, 60)
    assert not game.fallen
    assert game.bodies[0, 0] > 40  # world units, of which a standing runner makes none


def test_it_leaves_the_game_untouched_and_goes_on_with_its_plan(begun):
    game = start()
    planner = Planner(**SMALL)
    for _ in range(8):
        before = game.state_hash()
        keys = planner.decide(game)
        assert game.state_hash() == before
        assert keys in range(16)
        game.step(keys, 3)
    assert len(begun) == 1


def test_it_begins_anew_where_the_game_does_not_do_as_planned(begun):
    game = start()
    planner = Planner(**SMALL)
    play(planner, game, 4)
    game.step(5, 2)  # pushed
    pushed = game.state_hash()
    play(planner, game, 2)
    game.reset()
    again = game.state_hash()
    play(planner, game, 2)
    assert begun[1:] == [pushed, again]


def test_a_plan_is_long_enough_and_lasts_through_all_decisions():
    game = start()
    planner = Planner(**SMALL)
    play(planner, game, 10)
    beam = planner._beam("glibc")
    assert beam.depth == 45 // 3 - 1  # one has just been made
    planned = Game("glibc")
    planned.restore(beam.root.snapshot())
    assert planned.state_hash() == game.state_hash()
    # Every state of the last level is what its keys lead to.
    for index in range(len(beam._rows)):
        copy = game.copy()
        for keys in path(beam._levels, index):
            copy.step(keys, 3)
        row = int(beam._rows[index])
        assert beam._kept.game(row).state_hash() == copy.state_hash()


def test_only_a_slow_runners_new_plan_looks_ahead_all_the_way():
    recording = load_recording(runs()[0])
    game = Game(recording.sincos)
    under_way = [game.copy() for _ in recording.frames(game)][500]

    def depth(game, **options):
        planner = Planner(**SMALL, **options)
        planner.decide(game)
        return planner._beam(game.sincos).depth

    whole = 45 // 3 - 1  # a decision of it has been made
    assert depth(start()) == whole
    assert depth(under_way) < whole
    assert depth(start(), budget_ms=1000.0) < whole  # its time is not to be exceeded


def test_the_same_seed_decides_the_same():
    decided = []
    for _ in range(2):
        game, planner = start(), Planner(**SMALL, seed=4)
        keys = []
        for _ in range(12):
            keys.append(planner.decide(game))
            game.step(keys[-1], 3)
        decided.append(keys)
    assert decided[0] == decided[1]


def test_it_crosses_the_finish():
    recording = load_recording(runs()[0])
    game = Game(recording.sincos)
    states = [game.copy() for _ in recording.frames(game)]
    game = states[-60]
    planner = Planner(width=60, lookahead_frames=90)
    for _ in range(40):
        if game.game_ended:
            break
        game.step(planner.decide(game), 3)
    events = np.array([4 * game.jump_landed], np.uint8)
    assert finished(events, np.array([game.score]))[0]
    assert game.frames <= states[-1].frames + 15


def falling(frames):
    """A runner that has fallen in so many frames more of the keys it has held from the start."""
    game = Game("glibc")
    game.start()
    ahead = game.copy()
    ahead.step(5, frames)
    while not ahead.fallen:
        game.step(5)
        ahead.step(5)
    return game


def test_a_runner_that_is_lost_is_played_to_its_end():
    game = falling(frames=2)
    planner = Planner(**SMALL)
    for _ in range(60):
        if game.game_ended:
            break
        game.step(planner.decide(game), 3)
    assert game.game_ended
    with pytest.raises(ValueError, match="there is nothing to plan: the game has ended"):
        planner.decide(game)


def test_a_lost_runner_is_looked_at_again_with_fewer_states(monkeypatch):
    planner, looks = Planner(width=200), []
    deepen = RollingBeam.deepen

    def noted(self, rank, width):
        looks[-1].append(width)
        return deepen(self, rank, width)

    monkeypatch.setattr(RollingBeam, "deepen", noted)
    game, lost = falling(frames=8), 0
    while not game.game_ended:
        looks.append([])
        game.step(planner.decide(game), 3)
        lost += planner._beam("glibc").dead
    assert lost > 1
    assert looks[0][0] == 200  # all that are allowed
    assert looks[1][0] == 150


def test_a_budget_of_time_narrows_the_plan():
    widths = []
    for budget in (2.0, 200.0):
        game, planner = start(), Planner(width=300, budget_ms=budget)
        play(planner, game, 14)
        widths.append(len(planner._beam("glibc")._rows))
    assert widths[0] < widths[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"frames_per_step": 0}, "frames_per_step must be 1 or more, got 0"),
        ({"lookahead_frames": 0}, "lookahead_frames must be 1 or more, got 0"),
        ({"width": -1}, "width must be 1 or more, got -1"),
        ({"threads": 0}, "threads must be 1 or more, got 0"),
        ({"budget_ms": 0}, "budget_ms must be above 0, got 0"),
        ({"budget_ms": float("nan")}, "budget_ms must be above 0, got nan"),
    ],
)
def test_bad_arguments_are_refused(arguments, said):
    with pytest.raises(ValueError, match=said):
        Planner(**arguments)


def test_what_cannot_be_planned_is_said(tmp_path):
    planner = Planner(**SMALL)
    with pytest.raises(ValueError, match="the intro screen is up"):
        planner.decide(Game("glibc"))
    with pytest.raises(FileNotFoundError):
        Planner(tmp_path / "none.zip")
    other = PPO("MlpPolicy", gym.make("CartPole-v1"), n_steps=8, batch_size=8)
    with pytest.raises(ValueError, match=r"observation of shape \(60,\)"):
        Planner(other)
