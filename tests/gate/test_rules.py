"""Rules: no worse than a baseline, steady across cycles, equal between runs; tolerances, and how noisy a metric was."""

import pytest

from footprint.errors import RequestError
from footprint.gate.allowance import Allowance, check_direction
from footprint.gate.baseline import Baseline
from footprint.gate.budget import Budget
from footprint.gate.equal import Equal
from footprint.gate.gate_verdict import RuleOutcome
from footprint.gate.no_worse import NoWorse
from footprint.gate.steady import Steady
from footprint.recording import ViewOwner
from tests.fixtures.gates import judge, recording, run

OK, WARN, FAIL = RuleOutcome.OK, RuleOutcome.WARN, RuleOutcome.FAIL
SHARED, NET = ViewOwner("system", 4), ViewOwner("virtio-pci", 255, "virtio-net-pci")


def accepted(metric, value, **more):
    return Baseline.of(recording(run(built={metric: value}, **more)), measured=True)


@pytest.mark.parametrize(
    ("percent", "absolute", "now", "outcome"),
    [
        (0, 0, 1000, OK),
        (0, 0, 1001, FAIL),
        (0, 0, 999, OK),
        (5, 0, 1050, WARN),
        (5, 0, 1051, FAIL),
        (0, 60, 1060, WARN),
        (5, 60, 1060, WARN),  # the absolute one is the larger
        (5, 60, 1061, FAIL),
        (7, 60, 1070, WARN),  # the percentage is
        (7, 60, 1071, FAIL),
    ],
)
def test_an_exact_metric_may_grow_by_the_larger_of_percent_and_absolute_and_warns_below(
    percent, absolute, now, outcome
):
    rule = NoWorse("flatviews.created", accepted("flatviews.created", 1000), Allowance(percent, absolute))
    (verdict,) = judge(recording(run(built={"flatviews.created": now})), [rule])
    assert (verdict.outcome, verdict.before, verdict.value, verdict.change) == (outcome, 1000, now, now - 1000)


@pytest.mark.parametrize(("now", "outcome"), [(1005, OK), (1006, WARN), (1020, WARN), (1021, FAIL)])
def test_the_warning_may_be_stated(now, outcome):
    rule = NoWorse("nodes", accepted("nodes", 1000), Allowance(percent=2, warn_absolute=0, warn_percent=0.5))
    (verdict,) = judge(recording(run(built={"nodes": now})), [rule])
    assert verdict.outcome is outcome


@pytest.mark.parametrize(("now", "outcome"), [(1050, OK), (1051, WARN), (1100, WARN), (1101, FAIL)])
def test_a_measured_metric_warns_from_half_of_what_it_may(now, outcome):
    rule = NoWorse("process.rss", accepted("process.rss", 1000), Allowance(percent=10))
    (verdict,) = judge(recording(run(built={"process.rss": now})), [rule])
    assert verdict.outcome is outcome


def test_a_measured_metric_wants_its_tolerance_stated():
    with pytest.raises(RequestError, match="measured, and noisy: state its tolerance"):
        Allowance().check("process.rss")
    with pytest.raises(RequestError, match="measured, and noisy"):
        Steady("process.rss").check()
    with pytest.raises(RequestError, match="measured, and noisy"):
        Equal("process.rss", ("a", "b")).check()
    Allowance(percent=1).check("process.rss")


def test_an_exact_metric_takes_no_tolerance_where_it_must_be_equal():
    for rule in (Steady("nodes", Allowance(1)), Equal("nodes", ("a", "b"), Allowance(1))):
        with pytest.raises(RequestError, match="exact, so it takes no tolerance"):
            rule.check()
    with pytest.raises(RequestError, match="exact and takes no tolerance"):
        Budget.parse("nodes<=4±5%")


def test_a_warning_lies_below_the_failure():
    with pytest.raises(RequestError, match="warn-percent = 6 is not from 0 to 5"):
        Allowance(percent=5, warn_percent=6).check("nodes")


def test_what_has_no_better_direction_cannot_be_worse():
    with pytest.raises(RequestError, match=r"flatviews\.freed has no better direction"):
        check_direction("flatviews.freed")
    check_direction("flatviews.alive")


def test_a_change_names_metric_both_numbers_and_whose_views_it_is():
    baseline = accepted("flatviews.alive", 4, owners=[SHARED])
    now = recording(run(built={"flatviews.alive": 259}, owners=[SHARED, NET]))
    (verdict,) = judge(now, [NoWorse("flatviews.alive", baseline)])
    assert verdict.sentence == (
        "flatviews.alive is 259 under r at built: is worse than the accepted 4 (+255; allowed +0); "
        "+255 views of virtio-net-pci's `virtio-pci`"
    )
    assert verdict.owners == "+255 views of virtio-net-pci's `virtio-pci`"


def test_a_gain_is_known_as_one_and_noise_is_none():
    (verdict,) = judge(recording(run(built={"nodes": 90})), [NoWorse("nodes", accepted("nodes", 100))])
    assert (verdict.outcome, verdict.better) == (OK, True)
    rule = NoWorse("process.rss", accepted("process.rss", 100), Allowance(percent=10))
    (verdict,) = judge(recording(run(built={"process.rss": 97})), [rule])
    assert (verdict.outcome, verdict.better) == (OK, False)


def test_a_run_that_was_not_accepted_is_not_judged_and_nothing_judged_is_refused():
    baseline = accepted("nodes", 100)
    both = recording(run("r", built={"nodes": 100}), run("new", built={"nodes": 900}))
    assert [verdict.rules for verdict in judge(both, [NoWorse("nodes", baseline)])] == ["r"]
    with pytest.raises(RequestError, match="new not accepted yet; the baseline has r"):
        judge(recording(run("new", built={"nodes": 900})), [NoWorse("nodes", baseline)])


@pytest.mark.parametrize(("values", "outcome"), [([5, 5, 5], OK), ([5, 6, 5], FAIL), ([5, 5, 4], FAIL)])
def test_an_exact_metric_is_steady_only_if_every_cycle_has_the_same(values, outcome):
    cycles = [{"flatviews.alive": value} for value in values]
    (verdict,) = judge(recording(run(built={"flatviews.alive": 1}, unplugged=cycles)), [Steady("flatviews.alive")])
    assert (verdict.outcome, verdict.mark) == (outcome, "unplugged")


def test_a_measured_metric_is_steady_within_its_tolerance_and_its_spread_is_told():
    cycles = [{"process.rss": value} for value in (1000, 1040, 1010)]
    measured = recording(run(unplugged=cycles))
    (verdict,) = judge(measured, [Steady("process.rss", Allowance(percent=10))])
    assert (verdict.outcome, verdict.noise) == (OK, "measured: 1 000 B to 1.02 KiB over 3 cycles at unplugged, ± 2.0 %")
    (verdict,) = judge(measured, [Steady("process.rss", Allowance(percent=3))])
    assert verdict.outcome is FAIL


def test_what_grows_in_every_cycle_by_its_nature_cannot_be_steady():
    with pytest.raises(RequestError, match="counts what has happened since the start"):
        Steady("flatviews.created").check()


def test_without_cycles_there_is_nothing_steady():
    with pytest.raises(RequestError, match="not recorded in several cycles"):
        judge(recording(run(built={"nodes": 1})), [Steady("nodes")])


def test_two_runs_are_equal_or_not():
    two = recording(run("a", built={"nodes": 1, "sections": 2}), run("b", built={"nodes": 1, "sections": 3}))
    equal, different = judge(two, [Equal("nodes", ("a", "b")), Equal("sections", ("a", "b"))])
    assert (equal.outcome, different.outcome, different.change) == (OK, FAIL, 1)
    assert different.sentence == "sections is 3 under b and 2 under a at built: not equal (+1)"
    with pytest.raises(RequestError, match="'c'"):
        judge(two, [Equal("nodes", ("a", "c"))])


@pytest.mark.parametrize(("value", "outcome"), [(1000, OK), (1050, WARN), (1051, FAIL)])
def test_a_budget_on_a_measured_metric_warns_within_its_tolerance(value, outcome):
    (verdict,) = judge(recording(run(built={"process.rss": value})), [Budget.parse("process.rss<=1000±5%")])
    assert verdict.outcome is outcome
    assert verdict.noise == "measured once, so its noise is not known"


def test_an_exact_metric_has_no_noise():
    (verdict,) = judge(recording(run(built={"nodes": 1})), [Budget.parse("nodes<=4")])
    assert verdict.noise == ""
