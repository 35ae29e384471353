"""The panel at every size: nothing over anything else, nothing outside, all of it readable."""

import itertools

import numpy as np
import pytest

from qwop_native import Game
from qwop_native.render.panel import Choice, layout, panel_width
from qwop_native.render.picture import Renderer
from qwop_native.render.texts import SMALLEST, Box, shortened

SIZES = [(320, 180), (320, 320), (426, 240), (480, 270), (640, 360), (640, 400), (960, 600)]
SIZES += [(1280, 720), (1920, 1080), (400, 900), (1920, 400), (321, 777), (512, 181)]
ESSENTIAL = ["-", "Q", "W", "O", "P", "QO", "QP", "WO", "WP"]
FULL = [*ESSENTIAL, "QW", "OP", "QWO", "QWP", "QOP", "WOP", "QWOP", "T"]
CHOICES = {
    "none": None,
    "probabilities": Choice("p", ESSENTIAL, [0.0, 0.001, 0.2, 0.3, 0.004, 0.0, 0.49, 0.005, 0], 6),
    "values": Choice("Q", FULL, [-123.456 + 17 * n for n in range(17)], 16),
    "equal": Choice("Q", ESSENTIAL, [1.0] * 9, 0),
    "nothing": Choice("", FULL, [], 0),
}


def wild_bodies():
    """Numbers as wide as they come."""
    bodies = np.full((12, 6), -999.94)
    bodies[::2] = 1049.95
    return bodies.tolist()


def laid_out(width, height, choice, bodies):
    place = Box(float(width - panel_width(width, height)), 0.0, float(width), float(height))
    return layout(place, bodies, choice)


@pytest.mark.parametrize("kind", CHOICES)
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_is_over_anything_else(width, height, kind):
    for bodies in (Game().bodies.tolist(), wild_bodies()):
        laid = laid_out(width, height, CHOICES[kind], bodies)
        boxes = [text.box for text in laid.texts if text.words] + [bar for bar, _ in laid.bars]
        assert boxes
        assert all(box.within(laid.place) for box in boxes)
        met = [(a, b) for a, b in itertools.combinations(boxes, 2) if a.meets(b)]
        assert met == []
        assert min(text.size for text in laid.texts) >= SMALLEST - 1e-9


def test_what_a_player_thinks_is_told_of_each_action():
    for width, height in SIZES:
        words = [t.words for t in laid_out(width, height, CHOICES["values"], wild_bodies()).texts]
        assert set(FULL) <= set(words)


def test_a_probability_of_nothing_has_no_bar():
    laid = laid_out(960, 600, CHOICES["probabilities"], wild_bodies())
    lengths = [bar.right - bar.left for bar, _ in laid.bars]
    shown = [value for value in CHOICES["probabilities"].values if f"{value:.2f}" != "0.00"]
    assert len(lengths) == len(shown)
    assert np.argsort(lengths).tolist()[-1] == shown.index(0.49)
    room = max(lengths) / 0.49
    assert lengths[shown.index(0.2)] == pytest.approx(0.2 * room)


def test_large_panels_show_all_of_the_bodies():
    texts = [
        text.words for text in laid_out(960, 600, CHOICES["probabilities"], wild_bodies()).texts
    ]
    assert {"x", "vy", "torso", "rightThigh"} <= set(texts)


@pytest.mark.parametrize(("width", "height"), [(64, 64), (8192, 64), (64, 900)])
def test_a_panel_is_drawn_at_any_size_a_picture_can_have(width, height):
    picture = Renderer(width, height, panel=True).draw(Game(), choice=CHOICES["values"])
    assert picture.shape == (height, width, 3)


def test_long_texts_are_cut_and_say_so():
    assert shortened("qrdqn", 6, 100) == "qrdqn"
    assert shortened("a very long name of a model", 6, 60) == "a very lo.."
    assert shortened("abc", 6, 1) == ""
