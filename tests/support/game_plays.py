"""Ways to play a game that several tests share."""

import random
from functools import cache

import pytest
from paths import TRACES

from qwop_native import Game
from qwop_native.parity.trace import read_trace

FLAVORS = ("glibc", "glibc-fma", "fdlibm")

# Where a fresh page puts torso, head, leftArm, leftCalf, leftFoot, leftForearm, leftThigh,
# rightArm, rightCalf, rightFoot, rightForearm, rightThigh: x, y, angle as measured in the game.
CREATION_POSES = [
    (2.5111726226000157, -1.8709517533957938, -1.2514497119301329),
    (3.888130278719558, -5.621802929095265, 0.06448415835225099),
    (4.417861014480877, -2.806563606410589, 0.9040095895272826),
    (3.12585731974087, 5.525511655361298, -1.5903971528225265),
    (3.926921842806667, 8.08884032049622, 0.12027524643408766),
    (5.830008603424893, -2.8733539631159584, -1.2049772618421237),
    (2.5648987628203876, 1.648090668682522, -2.0177234426823394),
    (1.1812303663272852, -3.5000256518601014, -0.5222217404634386),
    (-0.07253905736790486, 5.347881871063159, -0.7588859967104447),
    (-1.1254742643908706, 7.567193169625567, 0.5897605418219602),
    (0.4078206420797428, -1.0599953233084172, -1.7553358283857299),
    (1.6120186135678773, 2.0615320561881516, 1.4849422964528027),
]


def started(sincos="glibc", idle_frames=1):
    game = Game(sincos)
    game.start(idle_frames)
    return game


def ended():
    """A game that is over by a fall, with Q and O still held."""
    game = started()
    game.step(5, 10_000)
    assert game.game_ended
    assert game.fallen
    return game


def refused(game, error, call, match=None):
    """Asserts that the call raises and that it left the game as it was."""
    before = game.state_hash()
    with pytest.raises(error, match=match):
        call()
    assert game.state_hash() == before


def random_moves(seed, count, reset_every=25):
    """Moves for `make`: random keys for 1 to 12 frames each, here and there a reset or release."""
    rng = random.Random(seed)
    moves = []
    for _ in range(count):
        moves.append((rng.randrange(16), rng.randint(1, 12)))
        if rng.random() < 1 / reset_every:
            moves.append(rng.choice(["reset", "release"]))
            moves.append("reset")
    return moves


def make(game, move):
    """Makes one move: "reset", "release", or keys and for how many frames, past the end too."""
    if move == "reset":
        game.reset()
    elif move == "release":
        game.release()
    else:
        keys, frames = move
        game.step(keys, frames, after_end=True)


def by_frame(moves):
    """The same moves with every frame on its own."""
    for move in moves:
        if isinstance(move, tuple):
            keys, frames = move
            yield from [(keys, 1)] * frames
        else:
            yield move


def hashes(game, moves):
    """The game's fingerprint after each of the moves, which are made."""
    seen = []
    for move in moves:
        make(game, move)
        seen.append(game.state_hash())
    return seen


def recorded(name):
    """A stored recording as its flavor, its updates on the intro screen, and moves by frame."""
    trace = read_trace(TRACES / f"{name}.trace")
    moves = [
        (event.keys, event.count) if event.kind == "keys" else event.kind
        for event in trace.tape.after_click
    ]
    return trace.provenance.sincos, trace.tape.idle_frames, list(by_frame(moves))


def landed():
    """A game that ended in the sand pit."""
    sincos, idle_frames, moves = recorded("full-run-landing-glibc")
    game = started(sincos, idle_frames)
    for move in moves:
        if not game.game_ended:
            make(game, move)
    assert game.jump_landed
    return game


@cache
def situations():
    """Snapshots of games at interesting moments, by name and flavor."""
    found = {}
    for sincos in FLAVORS:
        game = started(sincos)
        found["start", sincos] = game.snapshot()
        fall = game.step(5, 10_000)
        found["fallen", sincos] = game.snapshot()
        game.step(0, 600, after_end=True)
        found["asleep", sincos] = game.snapshot()
        game = started(sincos)
        game.step(5, fall - 3)
        found["before a fall", sincos] = game.snapshot()
        for name, snapshot in moments_of_a_run(sincos):
            found[name, sincos] = snapshot
    return found


def moments_of_a_run(sincos):
    """Snapshots from up to five frames before something happens in a whole run, and of its end."""
    awaited = {
        "before the hurdle": lambda game: game.hurdle[:, 3:].any(),
        "before the jump": lambda game: game.jumped,
        "before the landing": lambda game: game.jump_landed,
    }
    _, idle_frames, moves = recorded(f"full-run-landing-{sincos}")
    game = started(sincos, idle_frames)
    before = game.snapshot()
    for move in moves:
        make(game, move)
        for name in [name for name, happens in awaited.items() if happens(game)]:
            yield name, before
            del awaited[name]
        if game.frames % 5 == 0:
            before = game.snapshot()
    assert not awaited
    yield "landed", game.snapshot()


def resumed(situation):
    """A new game in one of the `situations`."""
    game = Game(situation[1])
    game.restore(situations()[situation])
    return game
