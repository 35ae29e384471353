"""Bits of rows: digests, distances, and the first difference."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwop_native.parity.report import largest_distances
from qwop_native.recording.rows import (
    ENV_ROW,
    GAME_ROW,
    digests,
    first_difference,
    ulp_distance,
    value_name,
)

doubles = st.floats(allow_nan=True, allow_infinity=True)


def rows_of(count, kind=GAME_ROW):
    data = np.random.default_rng(1).bytes(count * kind.itemsize)
    return np.frombuffer(bytearray(data), kind)


@given(st.floats(-1e300, 1e300), st.integers(1, 5))
def test_distance_counts_the_numbers_between(value, steps):
    other = value
    for _ in range(steps):
        other = math.nextafter(other, math.inf)
    # The two zeros are apart although they compare equal.
    crossed = value < 0 <= other or (value == 0 and math.copysign(1, value) < 0)
    expected = {steps, steps + 1} if crossed else {steps}
    assert ulp_distance(value, other) in expected
    assert ulp_distance(other, value) == ulp_distance(value, other)


def test_zeros_of_both_signs_differ():
    assert ulp_distance(0.0, -0.0) == 1
    assert ulp_distance(0.0, -0.0, bits=32) == 1
    assert ulp_distance(1.5, 1.5) == 0


@given(st.integers(0, 19), st.integers(0, GAME_ROW.itemsize * 8 - 1))
def test_one_flipped_bit_changes_one_digest_and_is_found(row, bit):
    rows = rows_of(20)
    changed = rows.copy()
    changed.view(np.uint8).reshape(20, -1)[row, bit // 8] ^= 1 << (bit % 8)
    assert np.flatnonzero(digests(rows) != digests(changed)).tolist() == [row]
    difference = first_difference(changed, rows)
    assert difference.row == row
    assert difference.fields == 1
    assert first_difference(rows, rows) is None


def test_a_difference_names_body_field_and_distance():
    rows = np.zeros(3, GAME_ROW)
    changed = rows.copy()
    changed["bodies"][1, 4, 4] = 5e-324
    changed["score"][2] = 1.0
    difference = first_difference(changed, rows)
    assert (difference.row, difference.where, difference.ulps) == (1, "leftFoot.vy", 1)
    assert "leftFoot.vy is 5e-324 here and 0.0 in the browser" in str(difference)


def test_a_difference_of_flags_has_no_distance():
    rows = np.zeros(1, ENV_ROW)
    changed = rows.copy()
    changed["terminated"] = 1
    assert first_difference(changed, rows).ulps is None


def test_names_of_values():
    assert value_name("hurdle", 8) == "hurdleTop.angle"
    assert value_name("obs", 8) == "obs[8] head.vx"


def test_rows_of_unlike_shape_are_not_compared():
    with pytest.raises(ValueError, match="cannot compare"):
        first_difference(np.zeros(2, GAME_ROW), np.zeros(3, GAME_ROW))


@given(doubles, doubles)
def test_distances_for_the_plot_are_zero_only_for_equal_bits(a, b):
    rows, others = np.zeros(1, GAME_ROW), np.zeros(1, GAME_ROW)
    rows["score"], others["score"] = a, b
    distance = largest_distances(rows, others)[0]
    exact = ulp_distance(a, b)
    assert (distance == 0) == (rows.tobytes() == others.tobytes()) == (exact == 0)
    assert distance == pytest.approx(exact, rel=1e-6)
