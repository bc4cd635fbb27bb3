"""How many cycles fit: a scripted target beside an empty one."""

import resource

import pytest

from footprint.leaks.pace import MOST_CHILDREN, MOST_THREADS, Pace
from footprint.leaks.supervisor import Limits
from tests.fixtures.leaks import ScriptedSubject

GIB = 1 << 30


def paced(cycles=10, **grows):
    pace = Pace(ScriptedSubject(**grows), ScriptedSubject(), Limits(60, memory=GIB))
    pace.read()
    pace.run_timed(cycles)
    return pace


def test_target_and_empty_target_go_through_the_same_cycles():
    subject, empty = ScriptedSubject(), ScriptedSubject()
    pace = Pace(subject, empty, Limits(60))
    pace.run(3)
    pace.run(40)
    assert subject.ran == empty.ran == [3, 40]


def test_what_is_held_is_read_after_a_collection():
    assert paced(python_blocks=2, garbage={"python.blocks": 100}).held == {"python.blocks": 20}


def test_the_pace_is_what_the_last_cycles_took_and_left():
    pace = paced(heap_bytes=lambda n: 1000 * min(n, 5), seconds=0.01)
    assert (pace.rates, pace.run_seconds) == ({"heap.bytes": 500}, pytest.approx(0.01))
    pace.run_timed(10)
    assert pace.rates == {"heap.bytes": 0}


def test_cycles_fit_until_the_first_cap_is_reached():
    assert paced(threads=1).room() == MOST_THREADS - 10
    assert paced(threads=1, children=1).room() == MOST_CHILDREN - 10
    assert paced(heap_bytes=GIB / 100).room() == 90
    assert paced(rss_bytes=GIB / 100).room() == 90


def test_a_share_of_the_room_can_be_asked_for_and_another_cap():
    pace = paced(threads=1)
    assert pace.room(2) == (MOST_THREADS - 10) / 2
    assert pace.room(most={"threads": 30}) == 20


def test_what_does_not_grow_has_room_without_end():
    assert paced(threads=0, fds=-1).room() == float("inf")


def test_half_of_the_descriptors_that_the_system_allows_may_be_taken():
    most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, most[1]))
    try:
        assert paced(fds=1).caps() == {"fds": 200}
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, most)


def test_only_what_the_target_is_known_to_hold_has_a_cap():
    assert paced(python_blocks=1).caps() == {}
