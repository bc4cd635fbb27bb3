"""From a scripted target to its verdict."""

import time

import pytest

from footprint.errors import MeasurementError
from footprint.leaks.plan import Plan
from footprint.leaks.supervisor import TIME, Ended, Limits
from footprint.leaks.trial import TOO_RARE, Trial
from footprint.verdict.place import Explanation, Place, PlaceKind
from footprint.verdict.verdict import Answer
from tests.fixtures.leaks import ScriptedSubject

HERE = Place(
    PlaceKind.STACK, "keep.append(1)", ("python.blocks",), "1 block, 16 B", 1, "blocks", 16, ("app.py:3 in cycle",)
)

SHORT = Plan(200)


class SleepingSubject(ScriptedSubject):
    """Takes 5 ms for a cycle; `explained` is how many it was traced for."""

    def run(self, cycles):
        time.sleep(0.005 * cycles)
        return super().run(cycles)

    def explain(self, cycles, rates):
        self.explained = cycles
        return super().explain(cycles, rates)


def verdict(plan=SHORT, *, empty=None, said=None, **script):
    subject, quiet = ScriptedSubject(**script), ScriptedSubject(**(empty or {}))
    return Trial("app:cycle", subject, quiet, Limits(1000), plan, (said if said is not None else []).append).verdict()


def test_a_leak_has_its_rate_its_cycles_and_its_place():
    leak = verdict(python_blocks=1, explanation=Explanation((HERE,)))
    assert (leak.verdict, leak.exit_code, leak.cycles, leak.what) == (Answer.LEAK, 1, 200, "scripted 1.0")
    assert [(one.metric, one.slope.per_cycle, one.where) for one in leak.findings] == [("python.blocks", 1, (HERE,))]
    assert leak.document()["findings"][0]["where"][0]["text"] == (
        "1 block, 16 B a cycle  keep.append(1)  app.py:3 in cycle"
    )


def test_pages_that_grow_with_a_leak_are_reported_with_it():
    leak = verdict(heap_bytes=5000, rss_bytes=5000, python_blocks=0)
    assert [one.metric for one in leak.findings] == ["heap.bytes", "rss.bytes"]
    assert verdict(heap_bytes=0, rss_bytes=5000).findings == ()


def test_a_target_without_growth_is_clean_and_tells_what_it_leaves_to_the_collector():
    clean = verdict(python_blocks=0, garbage={"gc.objects": 1})
    assert (clean.verdict, clean.exit_code) == (Answer.CLEAN, 0)
    assert [(one.kind, one.metric) for one in clean.findings] == [("retained", "gc.objects")]
    leak = verdict(python_blocks=1, garbage={"gc.objects": 1})
    assert [(one.kind, one.metric) for one in leak.findings] == [("leak", "python.blocks")]


def test_a_target_that_ends_is_inconclusive_with_how():
    ended = verdict(python_blocks=0, ends=1)
    assert (ended.verdict, ended.exit_code, ended.cycles) == (Answer.INCONCLUSIVE, 3, 0)
    assert ended.reason == ended.ended == "it is killed by signal 6 in cycle 1"


def test_a_target_that_leaks_and_ends_is_a_leak_until_then():
    warm = verdict(python_blocks=1).warmup
    leak = verdict(python_blocks=1, ends=warm + 190)
    assert (leak.verdict, leak.reason) == (Answer.LEAK, "")
    assert "killed by signal 6" in leak.ended


def test_a_target_that_ends_while_it_is_explained_keeps_its_verdict():
    leak = verdict(python_blocks=1, explanation=Ended("hung", "it hangs"))
    assert (leak.verdict, leak.hints) == (Answer.LEAK, ("tracing where it leaks ended it: it hangs",))


def test_of_a_rare_leak_in_slow_cycles_so_many_are_traced_that_it_is_seen_or_it_is_said_that_it_was_not():
    subject = SleepingSubject(python_blocks=lambda n: n // 5)
    leak = Trial("app:cycle", subject, ScriptedSubject(), Limits(6), Plan(200), lambda _: None).verdict()
    assert (leak.verdict, subject.explained >= 15) == (Answer.LEAK, True)
    subject, limits = SleepingSubject(python_blocks=lambda n: n // 5), Limits(6)

    def leave_little_time(words):
        if "tracing" in words:
            limits.end = time.monotonic() + 0.1

    leak = Trial("app:cycle", subject, ScriptedSubject(), limits, Plan(100), leave_little_time).verdict()
    assert (leak.verdict, leak.hints) == (Answer.LEAK, (TOO_RARE,))
    assert subject.explained < 15


def test_time_that_is_over_before_it_is_explained_is_no_fault_of_the_target():
    leak = verdict(python_blocks=1, explanation=Ended(TIME, "the time was over before it was traced where it leaks"))
    assert leak.hints == ("the time was over before it was traced where it leaks",)


def test_without_where_nothing_is_explained():
    leak = verdict(Plan(200, where=False), python_blocks=1, explanation=Explanation((HERE,)))
    assert leak.findings[0].where == ()


def test_a_cache_that_still_fills_makes_it_inconclusive():
    filling = verdict(python_blocks=1, explanation=Explanation(filling="what grows is in a cache"))
    assert (filling.verdict, filling.reason, filling.findings) == (
        Answer.INCONCLUSIVE,
        "what grows is in a cache",
        (),
    )


def test_where_the_empty_target_grows_nothing_can_be_told():
    with pytest.raises(MeasurementError, match=r"the empty target grows too \(fds\)"):
        verdict(fds=1, empty={"fds": 1})


def test_each_step_is_told_with_the_name_of_the_target():
    said = []
    verdict(python_blocks=1, said=said)
    assert said[0].startswith("app:cycle: warming up, 1 cycles")
    assert said[-1] == "app:cycle: tracing where"
    assert any(words.startswith("app:cycle: 0 cycles, block 1 of 10") for words in said)
    assert any(words.endswith("block 9 of 10, 1 block a cycle so far") for words in said)
