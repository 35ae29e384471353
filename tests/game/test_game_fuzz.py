"""Snapshots written by an enemy: the checksum is right, the game inside need not be.

Such a game may be refused or taken; it must never make the engine leave its own memory. That is
seen best under the address and undefined-behavior sanitizers, where these tests run too.
"""

import os
import random
import struct

import pytest
from game_plays import FLAVORS, ended, hashes, landed, make, random_moves, recorded, started
from game_snapshots import Snapshot

from qwop_native import Game

ROUNDS = int(os.environ.get("QWOP_FUZZ_ROUNDS", "1500"))

BYTES = (0, 1, 2, 3, 0x11, 0x12, 0x13, 0x27, 0x28, 0x7F, 0x80, 0xFE, 0xFF)
INTEGERS = (0, 1, -1, 68, 79, 80, 81, 2**31 - 1, -(2**31))
NUMBERS = (
    0.0,
    -0.0,
    5e-324,
    1e-310,
    0.5,
    -1.0,
    2.0,
    3.0,
    2.4262638,
    7.9e5,
    -8e5,
    8.1e5,
    1e9,
    2.0**52,
)
NUMBERS += (1e300, -1e308, 1.7e308, float("inf"), float("-inf"), float("nan"))


@pytest.fixture(scope="module")
def corpus():
    """Snapshots of all phases: intro, running, falling, asleep, hurdle, sand pit, after resets."""
    taken = [make_game().snapshot() for make_game in (Game, started, ended, landed)]
    game = started()
    for move in random_moves(1, 100):
        make(game, move)
        taken.append(game.snapshot())
    game.step(0, 500, after_end=True)
    taken.append(game.snapshot())
    _, idle_frames, moves = recorded("full-run-landing-glibc")
    game = started(idle_frames=idle_frames)
    for frame, move in enumerate(moves):
        make(game, move)
        if frame % 10 == 0:
            taken.append(game.snapshot())
    return [Snapshot.parse(data) for data in taken]


def mutate(rng, payload, others):
    """Damages a payload in one of many ways."""
    data = bytearray(payload)
    # The broad phase's tree and the contacts, whose links matter most, come last.
    at = rng.randrange(min(len(data), rng.choice((2000, len(data)))))
    at = len(data) - 1 - at if rng.random() < 0.6 else at
    match rng.randrange(10):
        case 0 | 1 | 2:
            data[at] = rng.choice(BYTES)
        case 3:
            data[at] ^= 1 << rng.randrange(8)
        case 4 | 5 | 6:
            data[at : at + 8] = struct.pack("<d", rng.choice(NUMBERS))
        case 7:
            data[at : at + 4] = struct.pack("<i", rng.choice(INTEGERS))
        case 8:
            length = rng.randrange(1, 400)
            data[at : at + length] = rng.choice(others).payload[at : at + length]
        case _:
            data = data[:at] if rng.random() < 0.5 else data + bytes(rng.randrange(1, 60))
    return bytes(data) or b"\0"


def play_on(game, rng):
    """Everything that a game can do, for some frames."""
    if not game.started:
        game.start(rng.randrange(4))
    for _ in range(rng.randint(1, 8)):
        if rng.random() < 0.2:
            game.reset()
        game.step(rng.randrange(16), rng.randint(1, 12), after_end=True)
    assert game.bodies.shape == (12, 6)
    game.reset()
    game.step(0, after_end=True)
    game.copy().snapshot()


def try_restore(game, data):
    """Whether the game took the snapshot; if not, that it stayed what it was."""
    before = game.state_hash()
    try:
        game.restore(data)
    except ValueError:
        assert game.state_hash() == before
        return False
    assert game.snapshot() == data
    return True


def test_the_seal_of_these_tests_is_the_engines(corpus):
    for snapshot in corpus:
        assert try_restore(Game(), snapshot.sealed())


def test_sealed_damage_never_leads_out_of_the_engines_memory(corpus):
    rng = random.Random(20)
    taken = 0
    for _ in range(ROUNDS):
        snapshot = rng.choice(corpus)
        payload = snapshot.payload
        for _ in range(rng.choice((1, 1, 1, 2, 4, 12))):
            payload = mutate(rng, payload, corpus)
        game = Game()
        if try_restore(game, snapshot.changed(payload=payload).sealed()):
            taken += 1
            play_on(game, rng)
    assert ROUNDS / 10 < taken < ROUNDS * 9 / 10


@pytest.mark.parametrize("value", [0x00, 0x7F, 0x80, 0xFF], ids=hex)
def test_every_byte_may_be_wrong(corpus, value):
    rng = random.Random(value)
    snapshot = max(corpus, key=lambda each: len(each.payload))  # the one with most contacts
    for position in range(rng.randrange(4), len(snapshot.payload), 4):
        payload = bytearray(snapshot.payload)
        payload[position] = value
        game = Game()
        if try_restore(game, snapshot.changed(payload=bytes(payload)).sealed()):
            game.step(rng.randrange(16), 2, after_end=True)
            game.reset()


@pytest.mark.parametrize("number", [float("inf"), float("-inf"), float("nan")])
def test_no_field_is_infinite_or_not_a_number(number):
    game = started()
    game.step(9, 20)
    snapshot = Snapshot.parse(game.snapshot())
    x = struct.pack("<d", game.bodies[3, 0])
    assert snapshot.payload.count(x) == 1
    payload = snapshot.payload.replace(x, struct.pack("<d", number))
    assert not try_restore(game, snapshot.changed(payload=payload).sealed())


def test_a_frame_count_that_would_overflow_is_refused():
    game = started()
    game.step(0, 37)
    snapshot = Snapshot.parse(game.snapshot())
    count = struct.pack("<q", 37)
    assert snapshot.payload.count(count) == 1
    for frames in (-1, -(2**63), 2**63 - 1):
        payload = snapshot.payload.replace(count, struct.pack("<q", frames))
        assert not try_restore(game, snapshot.changed(payload=payload).sealed())


EVERY_BODY = (1 << 18) - 1


def bit_sets(existing, awake):
    return struct.pack("<2I", existing, awake)


def test_a_world_has_every_body_and_no_other():
    # A reset destroys all of the runner's bodies: one that is not there has no leaf to remove.
    game = started()
    game.reset()  # wakes nobody of the hurdle, bodies 4 and 5
    snapshot = Snapshot.parse(game.snapshot())
    awake = EVERY_BODY & ~0b110000
    whole = bit_sets(EVERY_BODY, awake)
    assert snapshot.payload.count(whole) == 1
    for body in range(32):
        bit = 1 << body
        changed = [bit_sets(EVERY_BODY ^ bit, awake), bit_sets(EVERY_BODY ^ bit, awake & ~bit)]
        if body >= 18:
            changed += [bit_sets(EVERY_BODY, awake | bit), bit_sets(EVERY_BODY | bit, awake | bit)]
        for sets in changed:
            payload = snapshot.payload.replace(whole, sets)
            assert not try_restore(game, snapshot.changed(payload=payload).sealed())


def test_a_body_without_its_leaf_is_refused():
    game = started()
    snapshot = Snapshot.parse(game.snapshot())
    leaves = bytes([0, 1, 3, 5, *range(7, 34, 2)])
    assert snapshot.payload.count(leaves) == 1
    for body in range(18):
        for leaf in (0xFF, 2, 34, 35, 0x7F, leaves[(body + 1) % 18]):
            changed = bytearray(leaves)
            changed[body] = leaf
            payload = snapshot.payload.replace(leaves, bytes(changed))
            assert not try_restore(game, snapshot.changed(payload=payload).sealed())


def test_a_leaf_without_its_body_is_refused():
    # The tree comes before the contacts' number: root, head of the free list, nodes in use, then
    # forty nodes of four numbers, parent, two children and body.
    snapshot = Snapshot.parse(Game().snapshot())
    node = struct.Struct("<4d4b")
    tree = len(snapshot.payload) - 4 - 40 * node.size - 3
    root, free, used = struct.unpack_from("<3b", snapshot.payload, tree)
    assert (free, used) == (-1, 35)

    def offset(index):
        return tree + 3 + index * node.size

    for body in (0, 17, 18, 19):
        payload = bytearray(snapshot.payload)
        *box, parent, child1, child2, _ = node.unpack_from(payload, offset(root))
        assert parent == -1
        node.pack_into(payload, offset(root), *box, used + 1, child1, child2, -1)
        node.pack_into(payload, offset(used), *box, used + 1, -1, -1, body)
        node.pack_into(payload, offset(used + 1), *box, -1, root, used, -1)
        struct.pack_into("<3b", payload, tree, used + 1, free, used + 2)
        assert not try_restore(Game(), snapshot.changed(payload=bytes(payload)).sealed())


def masks(pairs):
    """For each of twenty bodies a bit for each other body that it has a contact with."""
    partners = [0] * 20
    for one, two in pairs:
        partners[one] |= 1 << two
        partners[two] |= 1 << one
    return struct.pack("<20I", *partners)


def standing():
    """A payload whose last two contacts are right foot (16) and left foot (12) on a track (1).

    Returns it with the offset of the first contact: bodies (two bytes), whether they touch (one),
    number of points (one), and more. The contacts are the last thing in a payload.
    """
    game = started()
    contacts = len(Snapshot.parse(game.snapshot()).payload)
    game.step(0, 16)
    snapshot = Snapshot.parse(game.snapshot())
    assert snapshot.payload[contacts - 4 : contacts + 4] == struct.pack("<i4b", 2, 1, 16, 1, 1)
    assert snapshot.payload.count(masks([(1, 16), (1, 12)])) == 1
    return snapshot, contacts


@pytest.mark.parametrize(
    "pair", [(1, 12), (12, 17), (6, 7), (4, 5), (4, 12), (0, 1), (16, 16), (16, 1)]
)
def test_contacts_are_only_between_bodies_that_may_touch(pair):
    # Else a world full of impossible contacts would have no room for the next real one. Runner's
    # parts pass through each other, feet through the hurdle's base; A is the body with the
    # smaller leaf; and no pair has two contacts.
    snapshot, at = standing()
    fine = snapshot.payload[:at] + bytes([1, 15]) + snapshot.payload[at + 2 :]  # the calf instead
    fine = fine.replace(masks([(1, 16), (1, 12)]), masks([(1, 15), (1, 12)]))
    assert try_restore(Game(), snapshot.changed(payload=fine).sealed())
    payload = snapshot.payload[:at] + bytes(pair) + snapshot.payload[at + 2 :]
    payload = payload.replace(masks([(1, 16), (1, 12)]), masks([pair, (1, 12)]))
    assert not try_restore(Game(), snapshot.changed(payload=payload).sealed())


@pytest.mark.parametrize(("touching", "points"), [(0, 1), (1, 0), (1, 3), (0, 255)])
def test_contacts_touch_in_one_or_two_points_or_do_not_touch(touching, points):
    snapshot, at = standing()
    payload = snapshot.payload[: at + 2] + bytes([touching, points]) + snapshot.payload[at + 4 :]
    assert not try_restore(Game(), snapshot.changed(payload=payload).sealed())


@pytest.mark.parametrize("sincos", FLAVORS)
def test_a_relabeled_snapshot_is_a_sound_game_of_the_other_flavor(sincos):
    snapshot = Snapshot.parse(ended().snapshot())
    game = Game(sincos)
    assert try_restore(game, snapshot.changed(flavor=FLAVORS.index(sincos)).sealed())
    assert len(hashes(game, random_moves(1, 10))) >= 10
