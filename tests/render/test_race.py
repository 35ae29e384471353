"""Races: who is where, a camera that keeps the leader in view, texts that are never over others."""

import itertools
from pathlib import Path

import numpy as np
import pytest

import qwop_native
from qwop_native import Game, load_recording
from qwop_native.render.picture import Renderer
from qwop_native.render.race import COLORS, Race, Standing, view_of_race
from qwop_native.render.race_picture import overlay
from qwop_native.render.texts import Box

CHAMPION = Path(qwop_native.__file__).parent / "champion"
NAMES = ["fastest-glibc", "torso", "stands", "a runner with a very long name"]


@pytest.fixture(scope="module")
def films():
    """Two runs, one that stands and one that falls, frame by frame: snapshots of each."""
    runs = [load_recording(CHAMPION / f"{name}.qwop") for name in ("fastest-glibc", "torso-glibc")]
    keys = [run.keys.tolist() for run in runs]
    longest = max(map(len, keys)) + 100
    keys += [[0] * longest, [9] * longest]
    made = []
    for run, masks in zip((*runs, runs[0], runs[0]), keys, strict=True):
        game = Game(run.sincos)
        run.prepare(game)
        shots = [game.snapshot()]
        for mask in [*masks, *[0] * longest][:longest]:
            game.step(mask, after_end=True)
            shots.append(game.snapshot())
        made.append(shots)
    return made


def at(films, frame):
    games = []
    for film in films:
        game = Game()
        game.restore(film[frame])
        games.append(game)
    return games


def raced(films, frame, **kwargs):
    """The race after so many frames, and its runners."""
    race = Race(NAMES[: len(films)], **kwargs)
    for now in range(frame + 1):
        games = at(films, now)
        race.note(games)
    return race, games


def meters(game):
    return game.bodies[0, 0] / 10


def test_standings_tell_gaps_in_meters_and_seconds(films):
    race, games = raced(films, 400)
    first, second, *_ = race.standings(games)
    assert (first.name, second.name) == ("fastest-glibc", "torso")
    assert first.apart == 0
    assert first.seconds is None
    assert second.apart == pytest.approx(meters(games[0]) - meters(games[1]))
    then = 400 - round(second.seconds * 30)
    assert meters(at(films, then)[0]) >= meters(games[1]) > meters(at(films, then - 1)[0])
    # The same gap, told to the one behind.
    again = race.standings(games, about=1)
    assert [each.apart for each in again[:2]] == [second.apart, 0]
    assert again[0].seconds == second.seconds


def test_going_back_forgets(films):
    race, games = raced(films[:2], 120)
    before = [Race(NAMES[:2]), race]
    for frame in range(101):
        before[0].note(at(films[:2], frame))
    race.rewind(100)
    games = at(films[:2], 100)
    assert before[0].standings(games) == race.standings(games)


def test_who_has_finished_is_before_who_runs_and_the_fallen_tell_where(films):
    race, games = raced(films, len(films[0]) - 1)
    standings = race.standings(games)
    assert standings[0].result == "36.27 s"
    assert standings[0].ended == "finished"
    assert {each.ended for each in standings[1:]} >= {"fell"}
    fallen = next(each for each in standings if each.ended == "fell")
    assert fallen.result == f"fell {games[fallen.index].score:.1f} m"
    assert len({each.color for each in standings}) == len(standings) <= len(COLORS)


def test_the_camera_keeps_the_leader_in_view(films):
    for frame in range(0, 1080, 9):
        games = at(films, frame)
        view, about = view_of_race(games, 960, 600)
        running = [game for game in games if not game.game_ended]
        assert games[about] is max(running, key=meters)
        assert 0.4 * 960 <= view.x(games[about].bodies[0, 0]) <= 0.8 * 960


def test_the_camera_does_not_jump_from_a_finisher_to_the_next(films):
    before = None
    for frame in range(len(films[0]) - 1):
        view, about = view_of_race(at(films[:2], frame), 960, 600)
        if before is not None:
            assert abs(view.left - before.left) * view.scale < 0.05 * 960
            assert abs(view.scale / before.scale - 1) < 0.05
        before = view
    assert about == 1  # it ended last


def test_a_followed_runner_is_in_view_wherever_the_others_are(films):
    games = at(films, 600)[::-1]
    view, about = view_of_race(games, 640, 400, follow=True)
    assert about == 0
    assert view.x(games[0].bodies[0, 0]) == pytest.approx(320)


@pytest.mark.parametrize(
    "size", [(320, 180), (480, 270), (640, 400), (960, 600), (1920, 1080), (400, 800), (170, 180)]
)
@pytest.mark.parametrize("frame", [0, 30, 150, 500, 1087, 1160])
def test_no_text_of_a_race_is_over_another(films, size, frame):
    games = at(films, frame) * 3  # twelve runners
    race = Race([f"{name} {n}" for n in range(3) for name in NAMES])
    race.note(games)
    view, about = view_of_race(games, *size)
    laid = overlay(view, games, race.standings(games, about), ("45.53 s pace", 10.0 * frame, 0.0))
    whole = Box(0, 0, *size)
    plates = [plate for plate, _ in laid.plates]
    assert plates
    assert all(plate.within(whole) for plate in plates)
    assert not [pair for pair in itertools.combinations(plates, 2) if pair[0].meets(pair[1])]
    for text in laid.texts:
        assert any(text.box.within(plate) for plate in plates), text
    boxes = [text.box for text in laid.texts] + [chip for chip, _ in laid.chips]
    assert not [pair for pair in itertools.combinations(boxes, 2) if pair[0].meets(pair[1])]


def test_those_out_of_sight_have_arrows_with_their_gap(films):
    race, games = raced(films, 500)
    view, about = view_of_race(games, 960, 600)
    standings = race.standings(games, about)
    laid = overlay(view, games, standings)
    words = [text.words for text in laid.texts]
    unseen = [each for each in standings if not 0 <= view.x(games[each.index].bodies[0, 0]) <= 960]
    assert unseen
    assert len(laid.tips) == len(unseen)
    for each in unseen:
        assert (each.result if each.ended else each.gap) in words


@pytest.mark.parametrize("size", [(64, 64), (320, 180), (960, 600), (400, 900)])
def test_a_race_and_its_podium_are_drawn_at_any_size(films, size):
    race, games = raced(films, 60)
    renderer = Renderer(*size)
    picture = renderer.draw(games[0], games[1:], race=race)
    assert picture.shape == (size[1], size[0], 3)
    assert not np.array_equal(picture, renderer.draw(games[0], games[1:]))
    for count in (1, 2, 4):
        podium = race.standings(games)[:count]
        assert not np.array_equal(picture, renderer.draw(games[0], race=None, podium=podium))
    assert isinstance(podium[0], Standing)
