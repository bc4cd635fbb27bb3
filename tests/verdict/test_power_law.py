"""The exponent of a power law, beside scipy's regression."""

import math
import random

import pytest
from scipy import stats

from footprint.verdict.power_law import exponent, power_law

XS = [50, 100, 200, 500, 1000]


@pytest.mark.parametrize("power", [0, 0.5, 1, 2])
def test_a_pure_power_is_found_exactly(power):
    assert exponent(XS, [3 * x**power for x in XS]) == pytest.approx(power)


def test_the_slope_is_that_of_an_independent_library():
    dice = random.Random(1)
    ys = [dice.uniform(1, 100) for _ in XS]
    line = stats.linregress([math.log(x) for x in XS], [math.log(y) for y in ys])
    assert exponent(XS, ys) == pytest.approx(line.slope)


def test_the_interval_is_student_s_of_the_repeats():
    dice = random.Random(2)
    repeats = [[x * dice.uniform(0.9, 1.1) for x in XS] for _ in range(6)]
    law, each = power_law(XS, repeats), [exponent(XS, ys) for ys in repeats]
    low, high = stats.t.interval(0.95, 5, loc=stats.tmean(each), scale=stats.sem(each))
    assert (law.low, law.high) == (pytest.approx(low, rel=0.01), pytest.approx(high, rel=0.01))
    assert law.low < law.exponent < law.high
