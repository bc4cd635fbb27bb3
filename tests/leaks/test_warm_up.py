"""When a target is warm: scripted ones that settle, fill a cache, or grow for ever."""

import pytest

from footprint.leaks.pace import MOST_THREADS, Pace
from footprint.leaks.supervisor import Limits
from footprint.leaks.warm_up import SETTLED_CYCLES, WARM_CYCLES, WarmUp
from tests.fixtures.leaks import ScriptedSubject


def warmed(seconds_in_all=1000, said=None, **script):
    pace = Pace(ScriptedSubject(**script), ScriptedSubject(), Limits(seconds_in_all))
    warm_up = WarmUp(pace, (said if said is not None else []).append)
    warm_up.run()
    return warm_up


def test_a_target_that_never_grows_is_warm_after_a_few_cycles():
    assert SETTLED_CYCLES <= warmed(seconds=0.01, python_blocks=0).cycles < 2 * SETTLED_CYCLES


def test_fast_cycles_are_run_until_they_took_some_time_of_their_own():
    warm = warmed(seconds=1e-4, python_blocks=0)
    assert 0.035 < warm.cycles * 1e-4 < 2 * 0.035


@pytest.mark.parametrize("entries", [5, 60, 600])
def test_a_cache_is_warm_when_it_was_full_for_half_of_the_cycles(entries):
    assert warmed(seconds=0.01, python_blocks=lambda n: min(n, entries)).cycles >= 2 * entries


def test_what_grows_all_the_time_is_given_as_many_cycles_as_the_usual_caches_need():
    assert warmed(python_blocks=1).cycles == WARM_CYCLES


def test_no_more_than_a_quarter_of_what_it_may_take_is_taken_to_warm_up():
    assert warmed(threads=1).cycles == MOST_THREADS / 4


def test_it_ends_with_its_share_of_the_time():
    assert warmed(seconds_in_all=0, python_blocks=1).cycles == 1


def test_what_grows_is_named_while_it_goes_on():
    said = []
    warmed(said=said, fds=lambda n: min(n, 2))
    assert said[:3] == ["warming up, 1 cycles, fds grows", "warming up, 2 cycles, fds grows", "warming up, 4 cycles"]


def test_slow_cycles_are_read_more_often_than_fast_ones():
    def readings(seconds):
        pace = Pace(ScriptedSubject(python_blocks=1, seconds=seconds), ScriptedSubject(), Limits(1000))
        WarmUp(pace, lambda _: None).run()
        return len(pace.past["python.blocks"].cycles)

    assert (readings(1e-6), readings(1e-3)) == (14, 27)


def test_caches_are_filled_as_far_as_warming_up_and_measuring_have_not_done_it():
    warm = warmed(seconds=0.01, python_blocks=0)
    warm.fill_caches(measured=100)
    assert warm.cycles == WARM_CYCLES - 100
    warm.fill_caches(measured=100)
    assert warm.cycles == WARM_CYCLES - 100
