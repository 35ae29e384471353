"""Tapes: what can be written, what it means, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwop_native.parity.env_tape import EnvTape, parse_env_tape
from qwop_native.parity.record import CHUNK, pieces
from qwop_native.recording.tape import Event, Tape, parse_tape, random_tape, tape_of_masks

keys = st.builds(Event, st.just("keys"), st.integers(1, 3 * CHUNK), st.integers(0, 15))
others = st.sampled_from([Event("reset"), Event("release"), Event("tick")])
tapes = st.builds(
    lambda idle, events: parse_tape(
        " ".join([f"idle*{idle}" if idle else "", "click", *map(str, events)])
    ),
    st.integers(0, 9),
    st.lists(keys | others, max_size=12),
)


def test_words_of_a_tape():
    tape = parse_tape("idle*2 click  QW*3 - # a comment\n reset O release P*2 P")
    assert tape.events == (
        Event("idle", 2),
        Event("click"),
        Event("keys", 3, 1 | 2),
        Event("keys", 1, 0),
        Event("reset"),
        Event("keys", 1, 4),
        Event("release"),
        Event("keys", 3, 8),
    )
    assert tape.idle_frames == 2
    assert tape.rows == 1 + 3 + 1 + 1 + 1 + 3


@given(tapes)
def test_a_tape_reads_back_from_its_text(tape):
    assert parse_tape(str(tape)) == tape


@given(tapes, st.sets(st.integers(1, 4 * CHUNK), max_size=4))
def test_pieces_of_a_tape_make_it_again_and_end_at_the_cuts(tape, cuts):
    split = list(pieces(tape, frozenset(cuts)))
    words = [str(event) for piece in split for event in piece]
    assert parse_tape(" ".join(words)) == tape
    assert all(sum(event.count for event in piece) <= CHUNK for piece in split)
    ends, row = set(), 0
    for piece in split:
        row += sum(event.rows for event in piece)
        ends.add(row)
    assert {cut for cut in cuts if cut <= tape.rows} <= ends


@pytest.mark.parametrize(
    "text",
    [
        "",
        "QW*3",
        "click click",
        "Q*2 click",
        "click idle*3",
        "reset click",
        "click QQ",
        "click q*2",
        "click Q*0",
        "click Q*-1",
        "click reset*2",
        "click tick*2",
        "tick click",
        "click jump",
        "click Q*99999999",
        "click - *4",
    ],
)
def test_what_is_not_a_tape_is_refused(text):
    with pytest.raises(ValueError, match=r"tape|click"):
        parse_tape(text)


def test_masks_become_a_tape():
    assert str(tape_of_masks([1, 1, 0, 9])) == "idle*1 click Q*2 -*1 QP*1"


def test_random_tape_is_what_was_asked_for():
    tape = random_tape(5, 500, (2, 7), resets=4, idle_frames=3)
    assert tape == random_tape(5, 500, (2, 7), resets=4, idle_frames=3)
    assert tape != random_tape(6, 500, (2, 7), resets=4, idle_frames=3)
    assert tape.idle_frames == 3
    assert [event.kind for event in tape.events].count("reset") == 4
    assert sum(event.count for event in tape.events if event.kind == "keys") == 500


@pytest.mark.parametrize("arguments", [(0, 0), (0, 9, (0, 2)), (0, 9, (3, 2)), (0, 9, (1, 1), -1)])
def test_random_tape_out_of_range_is_refused(arguments):
    with pytest.raises(ValueError, match="must be at least 1"):
        random_tape(*arguments)


def test_rows_are_described_by_their_event():
    tape = parse_tape("idle*5 click Q*3 reset")
    assert [tape.describe_row(row) for row in (0, 3, 4)] == [
        "click (event 1)",
        "update 3 of Q*3 (event 2)",
        "reset (event 3)",
    ]
    with pytest.raises(ValueError, match="no row 5"):
        tape.describe_row(5)


@given(st.lists(st.lists(st.integers(0, 16), max_size=9).map(tuple), min_size=1, max_size=4))
def test_an_environments_tape_reads_back_from_its_text(episodes):
    tape = EnvTape(tuple(episodes))
    assert parse_env_tape(str(tape)) == tape
    assert tape.rows == sum(1 + len(actions) for actions in episodes)
    assert all(tape.describe_row(row) for row in range(tape.rows))


@pytest.mark.parametrize(
    "text", ["", "3*2", "reset -1", "reset 3*0", "reset x", "reset 0*99999999"]
)
def test_what_is_not_an_environments_tape_is_refused(text):
    with pytest.raises(ValueError, match=r"tape|understood"):
        parse_env_tape(text)


def test_a_tape_needs_exactly_one_click():
    with pytest.raises(ValueError, match="exactly one click"):
        Tape((Event("keys", 3, 1),))
