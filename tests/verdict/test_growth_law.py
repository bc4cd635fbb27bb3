"""The law of a growth: which, with what exponent and how sure, and what it predicts."""

import math
import random

import numpy as np
import pytest
from scipy.optimize import curve_fit

from footprint.recording.sweep import Term
from footprint.verdict.growth_law import growth_law

NS = (8, 16, 32, 64, 128, 256)


def law(function, ns=NS, *, exact=False, noise=0.0, seed=0, predict=()):
    chance = random.Random(seed)
    points = [(n, function(n) * (1 + chance.gauss(0, noise) if noise else 1)) for n in ns]
    return growth_law(points, exact=exact, predict=predict)


@pytest.mark.parametrize(
    ("function", "name", "exponent"),
    [
        (lambda n: 4, "constant", 0),
        (lambda n: 0, "constant", 0),
        (lambda n: 21 * n + 688, "linear", 1),
        (lambda n: 10 * n**2 + 531 * n + 8071, "quadratic", 2),
        (lambda n: 2 * n**3 - 7 * n + 1, "cubic", 3),
        (lambda n: n * (n - 1) // 2, "quadratic", 2),  # whole for every whole n, though its coefficients are not
    ],
)
def test_counts_on_a_polynomial_give_it_to_the_unit_and_its_degree_is_the_exponent(function, name, exponent):
    found = law(function, exact=True, predict=(10_000,))
    assert (found.law, found.sure) == (name, "exact")
    assert (found.exponent, found.low, found.high) == (exponent, exponent, exponent)
    assert found.predictions[0].value == function(10_000)
    assert found.predictions[0].low == found.predictions[0].high == function(10_000)
    assert [term.coefficient for term in found.terms] == pytest.approx(
        np.polyfit(NS, [function(n) for n in NS], exponent)[::-1].tolist(), abs=1e-3, rel=1e-6
    )


def test_a_polynomial_that_no_further_point_confirms_is_not_called_exact():
    assert law(lambda n: n * n, ns=(4, 8, 16), exact=True).sure != "exact"
    assert law(lambda n: n * n, ns=(4, 8, 16, 32), exact=True).sure == "exact"


def test_a_polynomial_that_gives_parts_of_a_count_between_the_points_is_not_the_law_of_a_count():
    assert law(lambda n: n * n // 3, ns=(3, 6, 9, 12, 15), exact=True).sure != "exact"


def test_one_count_beside_the_polynomial_makes_it_no_exact_law():
    points = [(n, 21 * n + 688 + (n == 64)) for n in NS]
    found = growth_law(points, exact=True)
    assert found.sure != "exact"
    assert found.law == "linear"


def test_what_is_measured_is_never_called_exact():
    assert law(lambda n: 3.0 * n + 5, exact=False).sure == "clear"


def test_n_log_n_is_told_from_linear_and_quadratic():
    found = law(lambda n: 50 + 7 * n * math.log2(n))
    assert (found.law, found.sure) == ("n log n", "clear")
    assert found.exponent == pytest.approx(1, abs=0.01)
    assert found.terms == (Term(pytest.approx(50, rel=1e-6)), Term(pytest.approx(7, rel=1e-6), 1, 1))


def test_noise_around_a_constant_is_no_growth():
    found = law(lambda n: 5e8, noise=0.01, seed=3)
    assert found.law == "constant"
    assert found.low < 0 < found.high


def test_a_power_between_the_polynomials_is_found_as_scipy_finds_it():
    def function(n):
        return 300 + 2.5 * n**1.5

    chance = random.Random(5)
    ys = np.array([function(n) * (1 + chance.gauss(0, 0.003)) for n in NS])
    found = growth_law(list(zip(NS, ys.tolist(), strict=True)), exact=False)
    oracle, _ = curve_fit(lambda n, a, b, p: a + b * n**p, np.array(NS, float), ys, p0=(100, 1, 1.2), sigma=ys)
    assert found.law == "power"
    assert found.exponent == pytest.approx(oracle[2], abs=0.011)
    assert [term.coefficient for term in found.terms] == pytest.approx(oracle[:2].tolist(), rel=0.03)
    assert found.low <= 1.5 <= found.high


@pytest.mark.parametrize(
    ("function", "exponent"), [(lambda n: 100 + 5 * n, 1), (lambda n: 500 + 3 * n + 0.8 * n**2, 2)]
)
def test_intervals_and_bands_hold_the_truth_about_as_often_as_they_say(function, exponent):
    ns = (8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
    laws = [law(function, ns, noise=0.02, seed=seed, predict=(512,)) for seed in range(100)]
    right = [found for found in laws if found.law in ("linear", "quadratic")[exponent - 1]]
    assert len(right) >= 75
    assert sum(found.low <= exponent <= found.high for found in right) >= 0.88 * len(right)
    held = [found.predictions[0].low <= function(512) <= found.predictions[0].high for found in right]
    assert sum(held) >= 0.9 * len(right)
    # An interval that holds everything would say nothing.
    assert sorted(found.high - found.low for found in right)[50] < 0.5


def test_a_prediction_says_how_far_beyond_the_data_it_is():
    found = law(lambda n: 21 * n + 688, exact=True, predict=(128, 1024))
    assert [guess.reach for guess in found.predictions] == [0.5, 4]


def test_two_points_have_no_law_and_three_have_one_without_an_interval():
    assert law(lambda n: n, ns=(1, 2)) is None
    found = law(lambda n: 3.5 * n + 1, ns=(10, 20, 40))
    assert found.law == "linear"
    assert (found.low, found.high) == (None, None)
