"""Pages are played from where the last one had come to, and come out the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwop_native import Game, QwopEnv
from qwop_native.qwop_gym.rec import Rec, RecEpisode, recordings_of
from qwop_native.recording import pages
from qwop_native.recording.player import play_events
from qwop_native.recording.starts import env_start
from qwop_native.recording.tape import Event, joined, parse_tape

T = 16  # the action that ends an episode


def events(text):
    return parse_tape(text).events


def plainly(page, sincos="glibc"):
    game = Game(sincos)
    play_events(game, page)
    return game


def remembered(page, sincos="glibc"):
    game = Game(sincos)
    pages.play_page(game, page)
    return game


@pytest.fixture(autouse=True)
def _forget():
    pages._memory.__dict__.clear()


@pytest.fixture
def updates(monkeypatch):
    """Updates of the game that pages have made."""
    made = []

    def counted(game, page):
        page = list(page)
        made.append(sum(event.count for event in page))
        play_events(game, page)

    monkeypatch.setattr(pages, "play_events", counted)
    return made


EVENT = st.one_of(
    st.sampled_from([Event("reset"), Event("release"), Event("tick")]),
    st.builds(Event, st.just("keys"), st.integers(1, 40), st.integers(0, 15)),
)


@given(st.lists(st.lists(EVENT, max_size=5), min_size=1, max_size=5), st.integers(0, 3), st.data())
@settings(max_examples=40)
def test_pages_in_any_order_come_out_as_played_from_the_start(parts, idle, data):
    chain = [Event("idle", idle)] * bool(idle) + [Event("click")]
    found = []
    for part in parts:
        chain = list(joined([*chain, *part]))
        found.append(tuple(chain))
    for page in (*found, *data.draw(st.permutations(found))):
        sincos = data.draw(st.sampled_from(["glibc", "fdlibm"]))
        game = remembered(page, sincos)
        expected = plainly(page, sincos)
        assert game.snapshot() == expected.snapshot()
        game.step(5, 7, after_end=True)
        expected.step(5, 7, after_end=True)
        assert game.snapshot() == expected.snapshot()


def test_a_page_that_goes_on_is_played_from_there(updates):
    first = events("click Q*100 reset -*10")
    longer = events("click Q*100 reset -*25 reset")
    remembered(first)
    assert sum(updates) == 1 + 100 + 1 + 10
    updates.clear()
    assert remembered(longer).snapshot() == plainly(longer).snapshot()
    assert sum(updates) == 25 + 1
    updates.clear()
    assert remembered(longer).snapshot() == plainly(longer).snapshot()
    assert sum(updates) == 1
    updates.clear()
    remembered(events("click W*100 reset"))
    assert sum(updates) == 1 + 100 + 1


def test_the_last_event_may_have_been_shorter(updates):
    remembered(events("click Q*10 W*3"))
    page = events("click Q*10 W*5")
    assert remembered(page).snapshot() == plainly(page).snapshot()
    assert sum(updates[-2:]) == 5


def test_other_flavors_begin_anew(updates):
    remembered(events("click Q*10 reset"))
    updates.clear()
    remembered(events("click Q*10 reset"), "fdlibm")
    assert sum(updates) == 1 + 10 + 1


def test_the_work_of_reading_a_rec_file_grows_with_its_length(updates):
    def work(count):
        pages._memory.__dict__.clear()
        updates.clear()
        rec = Rec(1, tuple(RecEpisode((*[1] * 30, T)) for _ in range(count)))
        for recording in recordings_of(rec, frames_per_step=4):
            recording.play()
        return sum(updates)

    assert work(24) < 2.2 * work(12)


def test_recordings_of_one_page_hold_what_happened_on_it():
    env = QwopEnv(t_for_terminate=True)
    rec = Rec(1, (RecEpisode((1, 1, 2, T)), RecEpisode((2, T)), RecEpisode((0, 0, T))))
    found = list(recordings_of(rec))
    env.reset(seed=1)
    for number, (recording, episode) in enumerate(zip(found, rec.episodes, strict=True)):
        env.reset()
        for action in episode.actions:
            env.step(action)
        assert recording.play().state_hash() == env.game.state_hash(), number
        assert list(joined(recording.page.events)) == list(recording.page.events)
    assert found[0].page == env_start(1, 2)
