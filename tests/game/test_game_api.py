"""Game as it is promised: names, shapes, defaults, and what it refuses."""

import enum
import math
import re

import numpy as np
import pytest
from game_plays import CREATION_POSES, FLAVORS, ended, refused, started

from qwop_native import Game, Keys

HURDLE_POSES = [(10000 / 20, 175.5 / 20, 0.0), ((10000 + 17.3) / 20, 101.15 / 20, 0.0)]

PROPERTIES = {
    "bodies": np.ndarray,
    "hurdle": np.ndarray,
    "head_torque": float,
    "score_time": float,
    "score": float,
    "high_score": float,
    "fallen": bool,
    "jumped": bool,
    "jump_landed": bool,
    "game_ended": bool,
    "frames": int,
    "started": bool,
    "keys": int,
    "camera_x": float,
    "sincos": str,
}

NOT_INTEGERS = [1.0, 1.5, math.nan, "1", b"1", None, [1], np.float64(1.0), np.array([1])]
TOO_LARGE = [2**63, 2**64, 2**70, -(2**63) - 1, -(2**70)]


# --- a fresh page ---------------------------------------------------------------------------------


def test_a_fresh_page_has_the_intro_screen_up_and_nothing_moved():
    game = Game()
    assert not game.started
    assert game.frames == 0
    assert game.score_time == 0.0
    assert game.keys == 0
    assert not any((game.fallen, game.jumped, game.jump_landed, game.game_ended))
    assert game.head_torque == 0.0
    assert np.array_equal(game.bodies[:, :3], CREATION_POSES)
    assert np.array_equal(game.hurdle[:, :3], HURDLE_POSES)
    assert not game.bodies[:, 3:].any()
    assert not game.hurdle[:, 3:].any()


@pytest.mark.parametrize("sincos", FLAVORS)
def test_a_game_has_the_flavor_it_was_made_with(sincos):
    assert Game(sincos).sincos == sincos
    assert Game(sincos=sincos).sincos == sincos


def test_glibc_is_the_default_flavor():
    assert Game().sincos == "glibc"
    assert Game().state_hash() == Game("glibc").state_hash()


@pytest.mark.parametrize("sincos", ["", "GLIBC", "glibc ", "fma", "glibc_fma"])
def test_an_unknown_flavor_is_refused_with_the_known_ones(sincos):
    with pytest.raises(ValueError, match=r"'glibc', 'glibc-fma' or 'fdlibm', not " + repr(sincos)):
        Game(sincos)


@pytest.mark.parametrize("sincos", [None, 1, 1.0, ["glibc"]])
def test_a_flavor_is_a_string(sincos):
    with pytest.raises(TypeError):
        Game(sincos)


def test_the_flavors_play_differently():
    games = [started(sincos) for sincos in FLAVORS]
    for game in games:
        game.step(Keys.Q | Keys.O, 40)
        game.step(Keys.W | Keys.P, 40)
    torsos = {game.bodies[0].tobytes() for game in games}
    assert len(torsos) == 3


# --- properties -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "kind"), PROPERTIES.items())
def test_properties_have_their_types_and_cannot_be_set(name, kind):
    for game in (Game(), started(), ended()):
        assert type(getattr(game, name)) is kind
        refused(game, AttributeError, lambda game=game: setattr(game, name, getattr(game, name)))
        refused(game, AttributeError, lambda game=game: delattr(game, name))


def test_a_game_takes_no_other_attributes():
    with pytest.raises(AttributeError):
        Game().velocity = 1


@pytest.mark.parametrize(("name", "rows"), [("bodies", 12), ("hurdle", 2)])
def test_poses_are_float64_copies(name, rows):
    game = started()
    game.step(Keys.Q, 5)
    before = game.state_hash()
    pose = getattr(game, name)
    assert pose.shape == (rows, 6)
    assert pose.dtype == np.float64
    assert pose.flags.c_contiguous
    assert pose.flags.owndata
    kept = pose.copy()
    pose[:] = np.nan
    assert game.state_hash() == before
    assert np.array_equal(getattr(game, name), kept)
    game.step(Keys.Q, 5)
    assert np.isnan(pose).all()
    assert np.isfinite(getattr(game, name)).all()


def test_velocities_are_those_of_the_motion():
    game = started()
    game.step(0)
    before = game.bodies
    game.step(0)
    after = game.bodies
    # In free fall nothing but the joints' corrections is between velocity and motion.
    moved = (after[:, :3] - before[:, :3]) / 0.04
    assert np.abs(moved - after[:, 3:]).max() < 0.2
    assert np.abs(after[:, 3:]).max() > 0.5


# --- the intro screen -----------------------------------------------------------------------------


def test_start_lets_one_update_pass_by_default():
    assert started().state_hash() == started(idle_frames=1).state_hash()
    assert started().state_hash() != started(idle_frames=0).state_hash()
    assert started().state_hash() != started(idle_frames=2).state_hash()


@pytest.mark.parametrize("idle_frames", [0, 1, 2, 50, 500])
def test_idle_updates_only_build_up_the_torque_on_the_head(idle_frames):
    game = started(idle_frames=idle_frames)
    assert game.started
    assert game.frames == 0
    assert game.score_time == 0.0
    assert np.array_equal(game.bodies[:, :3], CREATION_POSES)
    torque = 0.0
    for _ in range(idle_frames):
        torque += -4.0 * (CREATION_POSES[1][2] + 0.2)
    assert game.head_torque == torque


def test_start_comes_once():
    game = started()
    refused(game, ValueError, game.start, match="started before")
    refused(game, ValueError, lambda: game.start(0), match="started before")
    game.reset()
    refused(game, ValueError, game.start, match="started before")


@pytest.mark.parametrize("idle_frames", [-1, -(2**63)])
def test_start_refuses_a_negative_count(idle_frames):
    game = Game()
    refused(
        game, ValueError, lambda: game.start(idle_frames), match=f"0 or more, got {idle_frames}"
    )
    assert not game.started


@pytest.mark.parametrize("idle_frames", NOT_INTEGERS + TOO_LARGE, ids=repr)
def test_start_wants_an_integer(idle_frames):
    game = Game()
    refused(game, TypeError, lambda: game.start(idle_frames))
    assert not game.started


def test_step_before_start_is_refused():
    game = Game()
    refused(game, ValueError, lambda: game.step(Keys.Q), match=r"call start\(\)")
    refused(game, ValueError, lambda: game.step(0, 0, after_end=True), match=r"call start\(\)")
    assert game.keys == 0


def test_reset_before_start_leaves_the_intro_screen_up():
    game = Game()
    game.reset()
    assert not game.started
    assert game.frames == 1
    refused(game, ValueError, lambda: game.step(0), match=r"call start\(\)")
    game.start()
    assert game.frames == 0
    assert game.score_time == 0.0
    assert game.step(0, 3) == 3


# --- steps ----------------------------------------------------------------------------------------


def test_keys_are_the_documented_mask():
    assert issubclass(Keys, enum.IntFlag)
    assert (Keys.Q, Keys.W, Keys.O, Keys.P) == (1, 2, 4, 8)
    assert Keys.Q | Keys.P == 9


@pytest.mark.parametrize("keys", [5, Keys.Q | Keys.O, np.int64(5), np.uint8(5)], ids=repr)
def test_a_mask_may_be_any_kind_of_integer(keys):
    game, same = started(), started()
    assert game.step(keys, np.int32(7)) == same.step(5, 7) == 7
    assert game.keys == 5
    assert game.state_hash() == same.state_hash()


def test_step_makes_one_update_by_default():
    game, same = started(), started()
    assert game.step(3) == 1
    assert same.step(keys=3, frames=1, after_end=False) == 1
    assert game.frames == 1
    assert game.state_hash() == same.state_hash()


@pytest.mark.parametrize("keys", [16, 17, 255, 256, -1, -16, 2**63 - 1, -(2**63)])
def test_step_refuses_other_masks(keys):
    game = started()
    game.step(Keys.W, 3)
    refused(game, ValueError, lambda: game.step(keys), match=re.escape(f"(0 to 15), got {keys}"))
    assert game.keys == Keys.W


@pytest.mark.parametrize("frames", [-1, -(2**63)])
def test_step_refuses_a_negative_count(frames):
    game = started()
    refused(game, ValueError, lambda: game.step(1, frames), match=f"0 or more, got {frames}")
    assert game.keys == 0


@pytest.mark.parametrize("wrong", NOT_INTEGERS + TOO_LARGE, ids=repr)
def test_step_wants_integers(wrong):
    game = started()
    refused(game, TypeError, lambda: game.step(wrong))
    refused(game, TypeError, lambda: game.step(1, wrong))
    assert game.keys == 0


@pytest.mark.parametrize("after_end", ["yes", []])
def test_step_wants_a_truth_value(after_end):
    game = started()
    refused(game, TypeError, lambda: game.step(1, 1, after_end))


def test_step_needs_keys():
    game = started()
    refused(game, TypeError, game.step)
    refused(game, TypeError, lambda: game.step(0, 1, False, 1))
    refused(game, TypeError, lambda: game.step(0, count=1))


def test_a_step_of_no_frames_only_presses_the_keys():
    game, same = started(), started()
    bodies = game.bodies
    assert game.step(Keys.Q | Keys.P, 0) == 0
    assert game.keys == 9
    assert game.frames == 0
    assert np.array_equal(game.bodies, bodies)
    game.reset()
    same.step(Keys.Q | Keys.P, 0)
    same.reset()
    assert game.state_hash() == same.state_hash()


def test_every_key_does_something():
    torsos = set()
    for keys in (0, Keys.Q, Keys.W, Keys.O, Keys.P):
        game = started()
        game.step(keys, 5)
        torsos.add(game.bodies[0].tobytes())
    assert len(torsos) == 5


@pytest.mark.parametrize(("both", "one"), [(3, 1), (12, 4), (15, 5), (7, 5), (13, 5)])
def test_q_beats_w_and_o_beats_p(both, one):
    game, same = started(), started()
    game.step(both, 30)
    same.step(one, 30)
    assert np.array_equal(game.bodies, same.bodies)
