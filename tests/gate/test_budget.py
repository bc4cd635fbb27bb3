"""Budgets and their verdicts."""

import pytest

from footprint.errors import FootprintError
from footprint.gate.budget import Budget
from footprint.recording import Recording, Run, Sample
from tests.fixtures.gates import judge


def recording(**values):
    """A recording of two runs: one of `values` at built and then at destroyed, one without marks of that name."""
    metrics = {name.replace("__", "."): value for name, value in values.items()}
    first = Run("v7.2.0", {}, (Sample("built", 0, metrics), Sample("destroyed", 0, dict.fromkeys(metrics, 0))))
    other = Run("v2.10.0", {}, (Sample("measured", 0, {name: 100 * value for name, value in metrics.items()}),))
    return Recording("footprint.recording/1", "test", {}, "model", {}, (first, other))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("flatviews.alive<=4", True),
        ("flatviews.alive<=3", False),
        ("flatviews.alive < 4", False),
        ("flatviews.alive==4", True),
        ("flatviews.alive>=5", False),
        ("flatviews.alive>3.5", True),
    ],
)
def test_a_budget_holds_or_does_not(text, holds):
    (verdict,) = judge(recording(flatviews__alive=4), [Budget.parse(text)], ["v7.2.0"])
    assert verdict.holds is holds


def test_a_verdict_names_metric_number_limit_rule_set_and_mark():
    (verdict,) = judge(recording(flatviews__alive=4), [Budget.parse("flatviews.alive<=3")], ["v7.2.0"])
    assert verdict.sentence == "flatviews.alive is 4 under v7.2.0 at built: breaks the budget <= 3"


def test_without_built_the_last_mark_counts():
    first, other = judge(recording(flatviews__alive=4), [Budget.parse("flatviews.alive<=4")])
    assert (first.mark, first.holds) == ("built", True)
    assert (other.mark, other.value, other.holds) == ("measured", 400, False)


def test_a_mark_can_be_chosen_and_a_run_without_it_breaks_the_budget():
    first, other = judge(recording(flatviews__alive=4), [Budget.parse("flatviews.alive==0", mark="destroyed")])
    assert (first.holds, other.holds) == (True, False)
    assert "no mark 'destroyed'" in other.sentence


def test_a_mark_that_no_run_has_is_refused_with_those_recorded():
    with pytest.raises(FootprintError, match=r"'plugged'.*built, destroyed, measured"):
        judge(recording(flatviews__alive=4), [Budget.parse("flatviews.alive==0", mark="plugged")])


def test_bytes_may_carry_a_unit():
    assert Budget.parse("modelled.bytes<=1.5GiB").limit == 3 << 29
    (verdict,) = judge(recording(modelled__bytes=2 << 30), [Budget.parse("modelled.bytes<=1.5GiB")], ["v7.2.0"])
    assert "is 2 147 483 648 B (2.00 GiB)" in verdict.sentence


@pytest.mark.parametrize(
    "text", ["", "flatviews.alive", "flatviews.alive<=", "flatviews.alive<=many", "views<=4", "<=4"]
)
def test_what_is_no_budget_is_refused(text):
    with pytest.raises(FootprintError):
        Budget.parse(text)


def test_an_unknown_rule_set_is_refused_with_those_recorded():
    with pytest.raises(FootprintError, match=r"'v1'.*v7\.2\.0, v2\.10\.0"):
        judge(recording(flatviews__alive=4), [], ["v1"])


@pytest.mark.parametrize(
    ("budgets", "rules", "words"),
    [([], (), "no budget"), (["nodes<=4"], (), "nodes was not recorded"), (["flatviews.alive<=4"], ("v1",), "'v1'")],
)
def test_nothing_judged_is_refused(budgets, rules, words):
    with pytest.raises(FootprintError, match=words):
        judge(recording(flatviews__alive=4), [Budget.parse(text) for text in budgets], rules)
