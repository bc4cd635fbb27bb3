"""Where a metric changed."""

import random
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footprint.errors import RequestError
from footprint.history.series import KeptValue
from footprint.history.since import moment
from footprint.history.steps import ValueStep, steps
from footprint.recording.metrics import metric

EXACT, MEASURED = metric("flatviews.alive"), metric("process.rss")


def points(values, branches="", machines="m"):
    return [
        KeptValue(
            value, "", f"{n:040x}", branches[n % len(branches)] if branches else "", machines[n % len(machines)], ""
        )
        for n, value in enumerate(values)
    ]


def at(found):
    return [step.index for step in found]


def test_an_exact_metric_steps_where_it_has_another_value():
    assert steps(points([4, 4, 256, 256, 4]), EXACT) == [ValueStep(2, 1, 4, 256), ValueStep(4, 3, 256, 4)]
    assert steps(points([4]), EXACT) == steps(points([]), EXACT) == []


def test_two_branches_measured_in_turn_step_once():
    assert steps(points([4, 6, 4, 6, 4, 6], branches="mf"), EXACT) == [ValueStep(1, 0, 4, 6)]
    assert steps(points([4, 6, 4, 6, 5, 6], branches="mf"), EXACT) == [ValueStep(1, 0, 4, 6), ValueStep(4, 2, 4, 5)]


@given(st.lists(st.integers(0, 3), max_size=20))
def test_the_steps_of_an_exact_metric_on_one_branch_are_all_there_is_to_know_of_it(values):
    """The oracle: from the first value, the steps give every value again."""
    found = {step.index: step for step in steps(points(values, branches="m"), EXACT)}
    current = values[0] if values else None
    for n, value in enumerate(values):
        if n in found:
            assert (found[n].before, found[n].previous) == (current, n - 1)
            current = found[n].after
        assert current == value


def noisy(chance, level, count):
    return [level + chance.gauss(0, level * 0.02) for _ in range(count)]


def test_a_shift_of_a_measured_metric_is_a_step_and_noise_is_none():
    chance = random.Random(7)
    found = steps(points(noisy(chance, 100, 40) + noisy(chance, 120, 30) + noisy(chance, 90, 20)), MEASURED)
    assert at(found) == [40, 70]
    assert [round(step.before / 10) for step in found] == [10, 12]
    assert [round(step.after / 10) for step in found] == [12, 9]


def test_noise_alone_seldom_looks_like_a_step():
    """One series in fifty at most: the rule's own price, counted over 400 series of twenty runs."""
    false = sum(bool(steps(points(noisy(random.Random(seed), 100, 20)), MEASURED)) for seed in range(400))
    assert false <= 8


def test_a_few_runs_or_a_page_more_are_no_step_of_a_measured_metric():
    assert steps(points([100] * 4 + [200] * 20), MEASURED) == []
    assert at(steps(points([100] * 5 + [200] * 5), MEASURED)) == [5]
    assert steps(points([34684928] * 10 + [34689024] * 10), MEASURED) == []


def test_another_machine_is_no_step_of_a_measured_metric():
    assert steps(points([100, 200] * 10, machines="ab"), MEASURED) == []
    found = steps(points([100, 200] * 10 + [150, 200] * 10, machines="ab"), MEASURED)
    assert found == [ValueStep(20, 18, 100, 150)]


def test_a_step_in_a_long_history_is_found_to_the_run():
    chance = random.Random(3)
    assert at(steps(points(noisy(chance, 100, 1234) + noisy(chance, 140, 800)), MEASURED)) == [1234]


NOW = datetime(2026, 11, 25, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("36h", "2026-11-24T00:30:00+00:00"),
        ("7d", "2026-11-18T12:30:00+00:00"),
        ("2w", "2026-11-11T12:30:00+00:00"),
        ("2026-11-20", "2026-11-20T00:00:00+00:00"),
        ("2026-11-20 15:00", "2026-11-20T15:00:00+00:00"),
        ("2026-11-20T15:00+02:00", "2026-11-20T13:00:00+00:00"),
    ],
)
def test_since_is_a_date_a_time_or_an_age(text, time):
    assert moment(text, NOW) == time


@pytest.mark.parametrize("text", ["", "yesterday", "7", "2026-13-01", "0001-01-01T00:00+14:00"])
def test_since_is_refused_where_it_is_neither(text):
    with pytest.raises(RequestError, match=r"is no date \(2026-11-25\), time or age \(36h, 7d, 2w\)"):
        moment(text, NOW)
