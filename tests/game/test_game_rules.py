"""Game's rules: keys that stay down, the clock, the end, the score."""

import math
import signal
import threading

import numpy as np
import pytest
from game_plays import CREATION_POSES, ended, landed, make, recorded, refused, started

from qwop_native import Game, Keys

FRAME_TIME = 0.03333333333333333  # s, what the game's clock gains per update

# --- keys stay down -------------------------------------------------------------------------------


def test_keys_stay_down_through_reset_whose_update_sees_them():
    held, let_go = started(), started()
    for game in (held, let_go):
        game.step(Keys.Q | Keys.O, 20)
    let_go.release()
    held.reset()
    let_go.reset()
    assert held.keys == 5
    assert let_go.keys == 0
    assert not np.array_equal(held.bodies, let_go.bodies)


def test_release_lets_go_without_an_update():
    game = started()
    game.step(15, 10)
    bodies, frames = game.bodies, game.frames
    assert game.release() is None
    assert game.keys == 0
    assert game.frames == frames
    assert np.array_equal(game.bodies, bodies)


def test_release_works_at_any_time():
    game = Game()
    game.release()
    over = ended()
    assert over.keys == 5
    over.release()
    assert over.keys == 0


# --- clock, frames and score ----------------------------------------------------------------------


def test_the_clock_adds_up_the_frames_in_double_precision():
    game = started()
    clock = 0.0
    for frame in range(1, 40):
        game.step(0)
        clock += FRAME_TIME
        assert game.frames == frame
        assert game.score_time == clock


def test_reset_counts_its_own_update():
    game = started()
    game.step(0, 17)
    assert game.reset() is None
    assert game.frames == 1
    assert game.score_time == FRAME_TIME
    assert game.head_torque == -4.0 * (CREATION_POSES[1][2] + 0.2)
    assert not np.array_equal(game.bodies[:, :3], CREATION_POSES)
    game.step(0, 4)
    assert game.frames == 5


def test_step_stops_at_the_end_and_says_how_far_it_came():
    game = started()
    made = game.step(5, 10_000)
    assert 0 < made < 10_000
    assert made == game.frames
    assert game.game_ended
    assert game.fallen
    same = started()
    for _ in range(made - 1):
        assert same.step(5) == 1
        assert not same.game_ended
    assert same.step(5) == 1
    assert same.state_hash() == game.state_hash()


def test_an_ended_game_is_not_stepped_by_accident():
    game = ended()
    refused(game, ValueError, lambda: game.step(0), match="after_end=True")
    refused(game, ValueError, lambda: game.step(2, 0), match="after_end=True")
    assert game.keys == 5


def test_after_the_end_a_fallen_runner_goes_on_but_not_the_clock():
    game = ended()
    frames, score_time, bodies = game.frames, game.score_time, game.bodies
    assert game.step(0, 25, after_end=True) == 25
    assert game.frames == frames
    assert game.score_time == score_time
    assert not np.array_equal(game.bodies, bodies)
    assert game.game_ended


def test_after_end_makes_no_difference_before_it():
    game, same = started(), started()
    assert game.step(9, 20, after_end=True) == same.step(9, 20) == 20
    assert game.state_hash() == same.state_hash()


def test_a_step_past_the_end_is_a_step_to_it_and_one_from_it():
    game, same = started(), started()
    made = same.step(5, 500)
    assert game.step(5, 500, after_end=True) == 500
    same.step(5, 500 - made, after_end=True)
    assert game.state_hash() == same.state_hash()


def test_after_a_landing_everything_stands_still():
    game = landed()
    assert game.game_ended
    assert game.jumped
    assert game.score >= 100.0
    assert game.high_score == game.score
    before = game.bodies
    assert game.step(5, 20, after_end=True) == 20
    assert np.array_equal(game.bodies, before)
    refused(game, ValueError, lambda: game.step(0), match="has ended")


@pytest.mark.parametrize("over", [ended, landed])
def test_reset_begins_again_and_keeps_the_best_score(over):
    game = over()
    best = game.high_score
    game.release()
    game.reset()
    assert not any((game.fallen, game.jumped, game.jump_landed, game.game_ended))
    assert game.frames == 1
    assert game.high_score == best
    assert game.score == 0.3  # the torso is 2.5 units from the origin: a quarter of a meter
    assert game.step(0, 5) == 5


def test_the_score_is_the_torso_in_tenths_of_a_meter():
    sincos, idle_frames, moves = recorded("full-run-landing-glibc")
    game = started(sincos, idle_frames)
    seen = set()
    for move in moves[: len(moves) // 2]:
        make(game, move)
        assert game.score == math.floor(game.bodies[0, 0] + 0.5) / 10
        seen.add(game.score)
    assert len(seen) > 300


def test_a_score_behind_the_start_keeps_the_sign_of_zero():
    sincos, idle_frames, moves = recorded("block-glibc")
    game = started(sincos, idle_frames)
    zeros = set()
    for move in moves:
        make(game, move)
        x = game.bodies[0, 0]
        if -0.5 <= x < 0.5 and not game.jump_landed:
            assert game.score == 0.0
            assert math.copysign(1.0, game.score) == math.copysign(1.0, x)
            zeros.add(math.copysign(1.0, x))
    assert zeros == {1.0, -1.0}


def test_the_camera_follows_the_torso():
    game = started()
    for keys in (2, 8, 1, 4) * 5:
        game.step(keys, 3)
        x, y = game.bodies[0, :2]
        assert y >= -5
        assert game.camera_x == (x - 14.0) * 20.0


# --- signals --------------------------------------------------------------------------------------


class InterruptError(Exception):
    pass


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="timers that raise are POSIX")
def test_a_long_step_can_be_interrupted_and_leaves_a_sound_game():
    assert threading.current_thread() is threading.main_thread()

    def interrupt(*_):
        raise InterruptError

    game = ended()
    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        with pytest.raises(InterruptError):
            game.step(0, 20_000_000, after_end=True)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    same = Game()
    same.restore(game.snapshot())
    for each in (game, same):
        each.reset()
        each.step(5, 50)
    assert game.state_hash() == same.state_hash()
