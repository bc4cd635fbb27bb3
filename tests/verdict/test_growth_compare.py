"""Two growths side by side."""

import pytest

from footprint.errors import RequestError
from footprint.recording.sweep import SWEEP_SCHEMA, Point, Sweep
from footprint.sweep.fits import fits
from footprint.verdict.growth_compare import compare_growth, pairs_between


def sweep(rules, function, ns=(2, 4, 8, 16), **more):
    points = tuple(
        Point(f"{rules}{n}", {"nics": n, **more}, rules, "built", {"flatviews.created": function(n)}) for n in ns
    )
    axes = {"nics": ns, **{name: (value,) for name, value in more.items()}}
    return Sweep(SWEEP_SCHEMA, "power8", axes, points, fits(points, axes), ())


def compared(first, second, rules=None):
    return compare_growth(pairs_between(first, second, rules))[0]


def test_it_matters_from_the_first_n_on_that_differs_by_a_tenth_also_between_the_points():
    row = compared(sweep("a", lambda n: 100), sweep("b", lambda n: 100 + n * n - n - 20))
    # 100 + n² − n − 20 is more than 110 from n = 6 on: 6² − 6 − 20 = 10 is not more, 7² − 7 − 20 = 22 is.
    assert row.matters_from == 7
    assert row.is_exact
    assert row.ratio_to == pytest.approx(3.2)


def test_a_difference_that_is_gone_at_the_end_does_not_matter():
    assert compared(sweep("a", lambda n: 100), sweep("b", lambda n: 132 - 2 * n)).matters_from is None


def test_without_exact_laws_only_points_that_were_played_are_looked_at():
    row = compared(sweep("a", lambda n: 100), sweep("b", lambda n: 100 + (n**3 if n > 3 else 0)))
    assert (row.matters_from, row.is_exact) == (4, False)


def test_two_binaries_are_compared_though_their_paths_differ():
    first, second = sweep("7.2", lambda n: n + 1, qemu="old"), sweep("10.0", lambda n: n * n, qemu="new")
    assert compared(first, second).second.rules == "10.0"


def test_what_has_nothing_in_common_is_refused_with_what_there_is():
    with pytest.raises(RequestError, match="the first has a, the second b"):
        pairs_between(sweep("a", lambda n: n), sweep("b", lambda n: n), ("a", "c"))
    with pytest.raises(RequestError, match="no value of an axis in common"):
        compared(sweep("a", lambda n: n), sweep("b", lambda n: n, ns=(1, 3, 5)))
