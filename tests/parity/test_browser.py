"""The harness with the real game in a real browser."""

import numpy as np
import pytest

from qwop_native.facts import FLAVORS
from qwop_native.parity.compare import compare_env, compare_tape
from qwop_native.parity.probe import probe
from qwop_native.parity.record import play_in_page, random_episodes
from qwop_native.recording.rows import first_difference
from qwop_native.recording.tape import parse_tape, random_tape

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def flavor(browser):
    result = probe(browser)
    assert result.flavor in FLAVORS, str(result)
    return result.flavor


def test_probe_tells_one_flavor_from_the_others(browser):
    result = probe(browser)
    counts = sorted(result.agreement.values())
    assert counts[-1] == result.arguments
    assert counts[-2] < result.arguments


@pytest.mark.parametrize("hold", [(1, 3), (4, 4), (6, 30)])
def test_keys_never_used_before_are_equal_bit_for_bit(page, flavor, hold):
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    tape = random_tape(seed, 1500, hold, resets=4, idle_frames=seed % 7)
    comparison = compare_tape(page, tape, flavor, f"seed {seed}")
    assert comparison.equal, str(comparison)
    assert comparison.compared == tape.rows


@pytest.mark.parametrize("reload", [False, True])
def test_episodes_never_played_before_are_equal_float_for_float(page, flavor, reload):
    seed = int(np.random.SeedSequence().generate_state(1)[0])
    arguments = {"frames_per_step": 1 + seed % 4, "reload_on_reset": reload}
    tape, rows = random_episodes(page, seed, 3, 200, arguments)
    comparison = compare_env(tape, rows, flavor, arguments, f"seed {seed}")
    assert comparison.equal, str(comparison)


def test_two_pages_give_the_same_bits(browser, game_files, page):
    tape = random_tape(3, 400, resets=1)
    first = play_in_page(page, tape)
    second = browser.open_game(game_files)
    assert first_difference(first, play_in_page(second, tape)) is None
    second.close()


def test_the_wrong_flavor_is_caught(page, flavor):
    other = next(name for name in FLAVORS if name != flavor)
    comparison = compare_tape(page, random_tape(3, 400, resets=1), other, "wrong flavor")
    assert not comparison.equal
    assert comparison.compared < 100


def test_the_real_mouse_and_keyboard_do_what_the_tape_does(browser, game_files, page):
    by_tape = page.run([("click",), ("keys", 20, 1 | 8), ("keys", 20, 2)])[1:]
    by_hand = browser.open_game(game_files)
    page_by_hand = by_hand._page  # the harness itself has no use for real keys
    page_by_hand.mouse.click(320, 200)
    page_by_hand.keyboard.down("q")
    page_by_hand.keyboard.down("p")
    rows = [by_hand.run([("tick", 1 / 30)] * 20)]
    page_by_hand.keyboard.up("q")
    page_by_hand.keyboard.up("p")
    page_by_hand.keyboard.down("w")
    rows.append(by_hand.run([("tick", 1 / 30)] * 20))
    by_hand.close()
    assert first_difference(np.concatenate(rows), by_tape) is None


def test_drawing_changes_nothing(browser, game_files, page, flavor):
    tape = parse_tape("idle*1 click QP*30 WO*30")
    comparison = compare_tape(page, tape, flavor, "drawn", picture_rows=(0, 7, 30, 60))
    assert comparison.equal
    assert sorted(comparison.pictures) == [0, 7, 30, 60]
    assert all(picture.png.startswith(b"\x89PNG") for picture in comparison.pictures.values())
    assert len({picture.png for picture in comparison.pictures.values()}) == 4


def test_the_page_reaches_no_other_host(page):
    outcome = page._page.evaluate(
        "fetch('http://example.org/').then(() => 'reached', () => 'refused')"
    )
    assert outcome == "refused"
    assert page.refused == ["http://example.org/"]
