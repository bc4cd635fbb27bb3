"""What waits for the collector: scripted targets whose cycles leave garbage, or free lists, or nothing."""

import pytest

from footprint.leaks.pace import Pace
from footprint.leaks.retained import retained
from footprint.leaks.supervisor import Ended, Limits
from tests.fixtures.leaks import ScriptedSubject


def of(**script):
    subject = ScriptedSubject(**script)
    pace = Pace(subject, ScriptedSubject(), Limits(60))
    pace.read()
    pace.run_timed(10)
    return retained(pace), subject


def test_garbage_is_found_with_its_rate_and_the_collector_is_switched_on_again():
    findings, subject = of(garbage={"python.blocks": 2, "gc.objects": 1})
    assert [(one.kind, one.metric, one.slope.per_cycle) for one in findings] == [
        ("retained", "python.blocks", 2),
        ("retained", "gc.objects", 1),
    ]
    assert subject.is_collecting


def test_without_garbage_nothing_is_retained():
    assert of(python_blocks=1)[0] == []


def test_less_than_is_worth_a_word_is_not_told():
    assert of(garbage={"heap.bytes": 15})[0] == []
    assert len(of(garbage={"heap.bytes": 17})[0]) == 1


def test_where_there_is_no_collector_nothing_is_run():
    findings, subject = of(garbage={"python.blocks": 2}, has_collector=False)
    assert (findings, subject.ran) == ([], [10])


def test_the_collector_is_switched_on_again_also_when_the_target_ends():
    subject = ScriptedSubject(garbage={"python.blocks": 2}, ends=12)
    pace = Pace(subject, ScriptedSubject(), Limits(60))
    pace.read()
    pace.run_timed(10)
    with pytest.raises(Ended):
        retained(pace)
    assert subject.is_collecting
